"""Files that others could have changed are opened in the modules that check them, and only there.

What is executed by `system/trusted.py`, the state by `system/private.py`, files in directories of
others by `system/folder.py`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACES = ("config", "ecosystem", "notify", "runs", "state", "ticks", "handlers")
FORBIDDEN = {
    "open", "os.open", "os.replace", "os.rename", "io.open", "read_text", "read_bytes",
    "write_text", "write_bytes", "files.replace", "files.replace_json", "files.read_json",
    "files.read_stamped", "replace_json", "read_json", "read_stamped",
}  # fmt: skip
EXCEPTIONS = {
    # It writes job files for a person, in directories that `Trust` has judged.
    "scheduled/config/job_file_editor.py": {"files.read_bytes", "files.replace"},
    # It renames within the directory of its own run, after opening with O_NOFOLLOW.
    "scheduled/runs/exit_file.py": {"os.rename"},
    # /dev/null
    "scheduled/runs/keeper.py": {"os.open"},
    "scheduled/state/journal.py": {"open"},
}


def test_no_other_module_opens_such_a_file() -> None:
    found: dict[str, set[str]] = {}
    for place in PLACES:
        base = ROOT / "handlers" if place == "handlers" else ROOT / "scheduled" / place
        for path in sorted(base.rglob("*.py")):
            if calls := set(openings(path)):
                found[str(path.relative_to(ROOT))] = calls

    assert found == EXCEPTIONS


def openings(path: Path) -> Iterator[str]:
    """The calls in a module that open, replace or rename a file by its path."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            method = name.rpartition(".")[2]
            is_method = method in ("read_text", "read_bytes", "write_text", "write_bytes")
            if name in FORBIDDEN or (is_method and isinstance(node.func, ast.Attribute)):
                yield name
