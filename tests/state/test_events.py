"""Events are built in one place."""

import ast
from pathlib import Path

SOURCES = Path(__file__).parents[2]


def test_only_the_builders_write_events() -> None:
    writers = {
        str(path.relative_to(SOURCES))
        for path in [*SOURCES.glob("scheduled/**/*.py"), *SOURCES.glob("handlers/*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict) and any(map(is_event_key, node.keys))
    }

    assert writers == {"scheduled/state/events.py"}


def is_event_key(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "event"
