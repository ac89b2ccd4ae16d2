"""Break the program in small ways, one at a time, and name the ways that no test notices.

    python -m tests.mutate [--seed 7] [--count 50] [PACKAGE...]

For each package, a random sample of mutants is taken: a comparison moved by one, `and` for `or`,
a `not` removed, a number changed, a value not returned, a call not made. Each is written into
the checkout, so run this in a checkout of its own, with its own environment. The tests beside the
mutated module run first, then all others of its package. Slow tests and those that search at
random are left out; a survivor of this sample may still be noticed elsewhere.
"""

import argparse
import ast
import copy
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGES = ("timing", "planning", "state", "runs")
LEFT_OUT = (
    "tests/timing/test_slots_oracle.py",
    "tests/timing/test_durations.py::test_whatever_fits_the_pattern_has_a_value",
    "tests/state/test_document_fuzz.py",
    "tests/runs/test_guards.py::test_busy_processors_delay_a_guarded_job_and_no_other",
)
TIMEOUT = 180.0
"""Seconds for the tests of one package; a mutant that loops for ever has been noticed."""

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


class Mutant(NamedTuple):
    """A changed module."""

    path: Path
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.before}  =>  {self.after}"


def main() -> None:
    """Try a sample of mutants of each package and print the survivors."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=50, help="mutants of each package")
    options = parser.parse_args()
    if subprocess.run(["git", "diff", "--quiet", "scheduled"], cwd=ROOT, check=False).returncode:
        sys.exit("the checkout has changes of its own, which a mutant would overwrite")
    for package in options.packages:
        if fails(ROOT / "tests" / package):
            sys.exit(f"tests/{package} fails without any mutant")
        mutants = sample(package, options.count, options.seed)
        survivors = 0
        for mutant in mutants:
            noticed = is_noticed(mutant, package)
            survivors += not noticed
            print("noticed " if noticed else "SURVIVED", mutant, flush=True)
        print(f"{package}: {survivors} of {len(mutants)} mutants survived", flush=True)


def sample(package: str, count: int, seed: int) -> list[Mutant]:
    """Return at most `count` mutants of a package, always the same ones for a seed."""
    paths = sorted((ROOT / "scheduled" / package).rglob("*.py"))
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    return random.Random(seed).sample(mutants, min(count, len(mutants)))


def is_noticed(mutant: Mutant, package: str) -> bool:
    """Return whether a test fails, or does not end, while the mutant is in place."""
    original = mutant.path.read_bytes()
    mutant.path.write_text(mutant.source)
    try:
        beside = ROOT / "tests" / mutant.path.parent.relative_to(ROOT / "scheduled")
        nearest = beside / f"test_{mutant.path.name}"
        return (nearest.exists() and fails(nearest)) or fails(ROOT / "tests" / package)
    finally:
        mutant.path.write_bytes(original)


def fails(tests: Path) -> bool:
    """Return whether any of these tests fails."""
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", str(tests)]
    command += [f"--deselect={name}" for name in LEFT_OUT]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(TIMEOUT) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return True


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    source = path.read_text()
    tree = ast.parse(source)
    # In Python 3.11, what is inside an f-string does not know its place in the file.
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hidden or not isinstance(node, ast.expr | ast.stmt):
            continue
        for changed in changes(node):
            yield _mutant(path, source, node, changed)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPPED:
            yield _with(node, ops=[SWAPPED[type(operator)]()])
        case ast.BoolOp() | ast.BinOp() if type(node.op) in SWAPPED:
            yield _with(node, op=SWAPPED[type(node.op)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=int(value)) if type(value) is int:
            yield ast.Constant(value + 1)
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            yield _with(node, func=ast.Name("max" if name == "min" else "min"))
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _mutant(path: Path, source: str, node: ast.expr | ast.stmt, changed: ast.AST) -> Mutant:
    before, after = ast.unparse(node), ast.unparse(changed)
    lines = source.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    text = f"({after})" if isinstance(changed, ast.expr) else after
    whole = source.encode()[:start] + text.encode() + source.encode()[end:]
    return Mutant(path, node.lineno, _short(before), _short(after), whole.decode())


def _short(text: str) -> str:
    return " ".join(text.split())[:90]


if __name__ == "__main__":
    main()
