"""The house: a package imports only what stands below it, as ARCHITECTURE.md draws it."""

import ast
import functools
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_GROW_TO = 400
"""Lines of a file."""
KNOWN_TO_HANDLERS = {"handler", "ecosystem", "system", "errors", "quick_classes"}
KNOWN_TO_MAINTENANCE = {"state"}
"""Besides, to the handlers that look after what is the scheduler's own."""
LAZY = ("scheduled", "api")
"""`import scheduled` offers the names of `api`, and imports it when one is asked for."""

TOPS = (ROOT, ROOT / "scheduled")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_a_package_imports_only_what_stands_below_it() -> None:
    layers = house()

    upward = [
        f"{path.relative_to(ROOT)}: {room} imports {other}"
        for path in sources()
        for room, other in imports(path)
        if layers[other] <= layers[room] and (room, other) != LAZY
    ]
    assert upward == []


def test_every_room_is_in_the_house_and_every_room_of_the_house_exists() -> None:
    assert set(house()) == {room_of(path) for path in sources()}


def test_every_file_that_architecture_names_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_/]+\.py)(?::\w+)?`", text))

    assert len(named) > 30
    assert {
        name for name in named if not (ROOT / "scheduled" / name).exists() and name[:5] != "tests"
    } == set()


def test_the_top_level_fits_into_a_head() -> None:
    top = ROOT / "scheduled"

    assert len(list(top.glob("*.py"))) <= 8
    assert len(list(top.glob("*/__init__.py"))) <= 15


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not on use either: an import in a function is late for its cost, not to hide a circle."""
    known = {module_of(path) for path in sources()}
    graph = {module_of(path): modules_of_ours(path, known) for path in sources()}

    assert circles(graph) == {}


def test_a_circle_of_modules_is_noticed_wherever_one_imports_another() -> None:
    late = ast.parse("def f():\n    if x:\n        from scheduled.jobs import model\n")
    never = ast.parse("if TYPE_CHECKING:\n    import re\nelse:\n    import json\n")

    assert "scheduled.jobs.model" in imported(evaluated(late))
    assert imported(evaluated(never)) == {"json"}
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str]()}
    assert circles(graph) == {"b": {"c"}, "c": {"b"}}


def test_a_handler_knows_its_contract_and_the_world_and_nothing_else() -> None:
    known = {
        (path.parent.name == "maintenance", other)
        for path in sources()
        for room, other in imports(path)
        if room == "handlers"
    }

    assert {other for _, other in known} <= KNOWN_TO_HANDLERS | KNOWN_TO_MAINTENANCE
    assert {other for is_maintenance, other in known if not is_maintenance} <= KNOWN_TO_HANDLERS


def test_only_wall_times_knows_croniter() -> None:
    users = {path.name for path in sources() if "croniter" in modules(path)}

    assert users == {"wall_times.py"}


def test_no_file_outgrows_its_readers() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*sources(), *ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")]
        if (lines := len(path.read_text("utf-8").splitlines())) > MAY_GROW_TO
    }

    assert long == {}


def test_a_loop_variable_is_a_noun() -> None:
    nameless = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if re.search(r"for one in|\bone\b for one", line)
    ]

    assert nameless == []


def test_functions_are_short() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}": length(node)
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, Function)
    }

    assert [name for name, lines in lengths.items() if lines > 40] == []
    assert statistics.median(lengths.values()) <= 8


@pytest.mark.parametrize(("title", "most"), [("A slot from", 20), ("A message from", 10)])
def test_a_story_is_told_in_a_few_files_that_exist(title: str, most: int) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    (story,) = re.findall(rf"### {title}.*?\n(.*?)\n##", text, re.DOTALL)
    names = set(re.findall(r"`([\w/]+\.py)`", story))

    assert 1 < len(names) <= most
    assert [name for name in names if not (ROOT / "scheduled" / name).is_file()] == []


@pytest.mark.parametrize(
    "document", ["ARCHITECTURE.md", "docs/development/places.md", "docs/development/decisions.md"]
)
def test_every_place_that_a_document_for_developers_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    names = set(re.findall(r"`([\w/]+(?:\.py|/))(?::\w+)?`", text))

    assert names
    assert [name for name in names if not any((top / name).exists() for top in TOPS)] == []


def test_the_architecture_is_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 140


def house() -> dict[str, int]:
    """Each room and its layer, the topmost 0."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    (block,) = re.findall(r"```house\n(.*?)```", text, re.DOTALL)
    rows = [re.split(r"\s{2,}", line)[0].split(", ") for line in block.splitlines()]
    layers = {room: layer for layer, rooms in enumerate(rows) for room in rooms}
    return layers | {"scheduled": layers["api"]}


@functools.cache
def sources() -> list[Path]:
    return sorted([*ROOT.glob("scheduled/**/*.py"), *ROOT.glob("handlers/**/*.py")])


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "handlers":
        return "handlers"
    return "scheduled" if parts[1] == "__init__" else parts[1]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    whole = ("scheduled", *parts) if parts[0] == "handlers" else parts
    return ".".join(whole).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Room and imported room, for every import of one of ours from another room."""
    room = room_of(path)
    for module in modules(path):
        parts = module.split(".")
        if parts[0] == "scheduled" and len(parts) > 1 and parts[1] != room:
            known = ROOT / "scheduled" / parts[1]
            if known.is_dir() or known.with_suffix(".py").exists():
                yield room, parts[1]


def modules(path: Path) -> set[str]:
    """Everything a file imports, with the names it takes from packages."""
    return imported(ast.walk(parsed(path)))


def modules_of_ours(path: Path, known: set[str]) -> set[str]:
    """Those of `known` that a file imports, at once or on use, but for `scheduled` (see LAZY)."""
    return (imported(evaluated(parsed(path))) & known) - {module_of(path), "scheduled"}


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what only the type checker reads."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield other
                yield from evaluated(other)
        else:
            yield from evaluated(child)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def circles(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the modules in circles, or between two, and which of these each imports."""
    left = dict(graph)
    while True:
        above = set().union(*left.values())
        kept = {module for module, below in left.items() if below and module in above}
        if kept == left.keys():
            return left
        left = {module: left[module] & kept for module in kept}


def length(node: Function) -> int:
    """Lines of a function without its decorators and docstring."""
    body = node.body
    is_doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    doc = (body[0].end_lineno or 0) - body[0].lineno + 1 if is_doc else 0
    return (node.end_lineno or 0) - node.lineno + 1 - doc
