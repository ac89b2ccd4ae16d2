"""Whatever stands in the state: every command that reads answers, or says what is wrong."""

import copy
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduled.state.store import Store
from scheduled.system import machine
from tests.builders import soak
from tests.builders.jobs import at
from tests.builders.locks import held_by_another
from tests.builders.looks import Home, begin, end, seen

CONFIGURATION = """\
jobs:
  backup: {schedule: "0 * * * *", command: "true"}
  failing: {schedule: "*/30 * * * *", command: "true", max_retries: 2}
  once: {schedule: "at:2026-11-21T09:00:00Z", command: "true"}
  every: {schedule: "every 90m", command: "true", after: [backup]}
"""
COMMANDS = [
    ("status", "status", ""),
    ("list", "list_jobs", ""),
    *(("show", "show", job) for job in ("backup", "failing", "once", "every")),
    ("next", "next_runs", ""),
    ("next", "next_runs", "every"),
    *(("why", "why", job) for job in ("backup", "failing", "once", "every")),
    ("history", "history", ""),
    ("logs", "logs", "backup"),
    ("dead_letter", "dead_letter", "list"),
    ("run", "run", "--dry-run"),
    ("state", "state", "check"),
]
Place = tuple[str | int, ...]

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["2026-11-21T11:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
)
values = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=5), below, max_size=2)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Create a home in which everything has happened once, and one job runs."""
    made = eventful(tmp_path_factory.mktemp("home", numbered=True))
    with held_by_another(made.state_dir / "locks/every.lock"):
        yield made


def eventful(folder: Path) -> Home:
    made = Home(folder)
    made.configure(CONFIGURATION)
    made.record(*history(made))
    made.printed("backup", "r1", "copied\n")
    return made


def history(home: Home) -> list[dict[str, Any]]:
    """Events of every kind."""
    names = ("backup", "failing", "once", "every")
    known = [seen(job, at("08:30")) for name, job in home.jobs().items() if name in names]
    at_ten = {"at": "2026-11-21T10:00:00Z"}
    slots = {"first": "2026-11-21T09:00:00Z", "last": "2026-11-21T10:00:00Z", "count": 2}
    period = {"from": "2026-11-21T09:00:00Z", "to": "2026-11-21T10:00:00Z"}
    why = {"reason": "so"}
    again = {"retry_at": "2026-11-21T12:30:00Z", "answered": False}
    letter = {"id": "1", "to": "@x", "subject": "s", "body": "b", "priority": "low", "failures": 1}
    return [
        *known,
        *(end(f"b{hour}", at(f"{hour}:00"), outgoing=[letter]) for hour in range(10, 12)),
        end("f1", at("11:00"), "failed", job="failing", memory={"a": 1}, **again),
        end("o1", at("09:00"), "timed_out", job="once", dead_letter=True),
        begin("e1", at("11:30"), job="every") | {"boot_id": machine.boot_id()},
        {"event": "missed", **at_ten, "job": "backup", **slots, "cause": "off"},
        {"event": "gap", **at_ten, **period, "cause": "off"},
        {"event": "paused", **at_ten, "job": "once", "until": None, "reason": "x"},
        {"event": "deferred", **at_ten, "job": "backup", "reason": "no"},
        {"event": "deferral", **at_ten, "job": "failing", "until": "2026-11-21T13:00:00Z", **why},
        {"event": "cancelled", **at_ten, "job": "once", **why},
        {"event": "told_to_stop", **at_ten, "job": "every", "run_id": "e1", **why},
        {"event": "skip", **at_ten, "job": "backup", "slot": "2026-11-21T13:00:00Z"},
        {"event": "tick", **at_ten},
    ]


def places(document: Any, above: Place = ()) -> Iterator[Place]:
    """Yield the path to every value in a document, the document itself first."""
    yield above
    below: Any = ()
    if isinstance(document, dict):
        below = document.items()
    elif isinstance(document, list):
        below = enumerate(document)
    for key, value in below:
        yield from places(value, (*above, key))


def with_value(document: Any, place: Place, value: Any) -> Any:
    """Return a copy of the document that has `value` there."""
    if not place:
        return value
    whole = copy.deepcopy(document)
    inside = whole
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return whole


def answers(home: Home, place: Place, value: Any) -> list[int]:
    """Return the exit codes of all commands that read, over a state with `value` in that place."""
    path = Store(home.state_dir).path
    good = path.read_bytes()
    path.write_text(json.dumps(with_value(json.loads(good), place, value)))
    try:
        return [call(home, *command) for command in COMMANDS]
    finally:
        path.write_bytes(good)


def call(home: Home, module: str, name: str, argument: str) -> int:
    command = getattr(import_module(f"scheduled.cli.{module}"), name)
    return home.call(command, *argument.split()).code  # raises what is no error of ours


@pytest.mark.slow
@given(st.data(), values)
@settings(max_examples=soak.count(20, 2000))
def test_arbitrary_json_anywhere_in_the_state_stops_no_command_that_reads(
    home: Home, data: st.DataObject, value: Any
) -> None:
    state = json.loads(Store(home.state_dir).path.read_bytes())
    place = data.draw(st.sampled_from(list(places(state))))

    assert set(answers(home, place, value)) <= {0, 1, 2, 4}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("jobs", "backup", "last"), []),
        (("jobs", "backup", "last", "outcome"), [1]),
        (("jobs", "every", "anchor"), "9999-12-31T23:59:59Z"),
        (("jobs", "every", "open", "run_id"), None),
        (("jobs", "every", "open", "pid"), "a\0b"),
        (("jobs", "backup", "durations"), ["long"]),
        (("jobs", "every", "beside"), {"1": {"started_at": "2026-11-21T11:00:00Z", "pid": "x"}}),
    ],
)
def test_what_once_stopped_a_command_no_longer_does(home: Home, place: Place, value: Any) -> None:
    assert set(answers(home, place, value)) <= {0, 1, 2, 4}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("outbox", 0, "failures"), None),
        (("outbox", 0, "id"), ""),
        (("jobs", "every", "beside"), {"9" * 5000: {}}),
        (("jobs", "backup", "watermark"), "9999-12-31T23:59:59Z"),
    ],
)
def test_what_once_stopped_a_tick_no_longer_does(tmp_path: Path, place: Place, value: Any) -> None:
    home = eventful(tmp_path)
    path = Store(home.state_dir).path
    path.write_text(json.dumps(with_value(json.loads(path.read_bytes()), place, value)))

    assert call(home, "run", "run", "--only backup") in (0, 4)
