"""Each event is declared, built and applied in one place each."""

import ast
import collections
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import get_args, get_origin, get_type_hints, is_typeddict

from scheduled.state import (
    apply,
    created_event_types,
    created_events,
    day_events,
    event_types,
    events,
    incident_event_types,
    incident_events,
    outbox_events,
    owner_events,
    permission_events,
    process_events,
    run_limit_events,
    tick_events,
)

BUILDERS = (
    *(events, created_events, day_events, incident_events, outbox_events, owner_events),
    *(permission_events, process_events, run_limit_events, tick_events),
)
DECLARED = {**vars(event_types), **vars(created_event_types), **vars(incident_event_types)}
ROOT = Path(__file__).parents[2]
DECLARING = [
    ROOT / f"scheduled/state/{kind}event_types.py" for kind in ("", "created_", "incident_")
]


def test_only_the_builders_write_events() -> None:
    writers = {
        path.name
        for path in [*ROOT.glob("scheduled/**/*.py"), *ROOT.glob("handlers/*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict) and is_event(node) and path not in DECLARING
    }

    kinds = ("", "created_", "day_", "incident_", "outbox_", "owner_", "permission_", "process_")
    assert writers == {f"{kind}events.py" for kind in (*kinds, "run_limit_", "tick_")}


def test_each_declared_event_is_applied_and_no_other() -> None:
    assert set(apply.CHANGES) == set(declared())


def test_each_declared_event_has_a_builder() -> None:
    built = {
        event
        for module in BUILDERS
        for builder in vars(module).values()
        if callable(builder) and getattr(builder, "__module__", "") == module.__name__
        for event in built_by(builder)
    }

    assert built >= set(declared().values())


def declared() -> dict[str, object]:
    """By the word in the journal: what is declared of its event."""
    kinds = [kind for kind in DECLARED.values() if is_typeddict(kind)]
    return {
        get_args(kind.__annotations__["event"])[0]: kind
        for kind in kinds
        if "event" in kind.__annotations__
    }


def built_by(builder: object) -> Iterator[object]:
    returned = get_type_hints(
        builder,
        {**collections.ChainMap(*map(vars, BUILDERS)), "kinds": SimpleNamespace(**DECLARED)},
    ).get("return")
    yield from get_args(returned) if get_origin(returned) is list else [returned]


def is_event(literal: ast.Dict) -> bool:
    """Whether a dict names an event by a word, as those of the journal do."""
    return any(
        isinstance(key, ast.Constant) and key.value == "event" and isinstance(value, ast.Constant)
        for key, value in zip(literal.keys, literal.values, strict=True)
    )
