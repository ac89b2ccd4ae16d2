"""The house: imports go down the list in ARCHITECTURE.md, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHIPPED_TO_HANDLERS = {"handler", "ecosystem", "files", "errors"}


def test_imports_go_down_the_house_only() -> None:
    floors = house()

    upward = [
        f"{path}: {room} imports {other}"
        for path in sources()
        for room, other in imports(path)
        if floors[other] <= floors[room]
    ]
    assert upward == []


def test_every_room_has_its_floor_and_every_floor_its_rooms() -> None:
    rooms = {room_of(path) for path in sources()}

    assert set(house()) == rooms


def test_a_handler_knows_its_contract_and_the_world_and_nothing_else() -> None:
    known = {other for path in sources() for room, other in imports(path) if room == "handlers"}

    assert known <= SHIPPED_TO_HANDLERS


def test_nobody_but_slots_knows_croniter() -> None:
    users = {path.name for path in sources() if "croniter" in modules(path)}

    assert users == {"slots.py"}


def test_no_file_outgrows_its_readers() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*sources(), *ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")]
        if (lines := len(path.read_text("utf-8").splitlines())) > 420
    }

    assert long == {}


def house() -> dict[str, int]:
    """Each room and its floor, the topmost 0."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    (block,) = re.findall(r"```house\n(.*?)```", text, re.DOTALL)
    rows = [re.split(r"\s{2,}", line)[0].split(", ") for line in block.splitlines()]
    return {room: floor for floor, rooms in enumerate(rows) for room in rooms}


def sources() -> list[Path]:
    return sorted([*ROOT.glob("scheduled/**/*.py"), *ROOT.glob("handlers/*.py")])


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "handlers":
        return "handlers"
    return "scheduled" if parts[1] == "__init__" else parts[1]


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
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
