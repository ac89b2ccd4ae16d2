"""The run nearest to an instant, from the journal."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import nearest_run
from scheduled.state.line_index import keep_up
from scheduled.state.store import Store
from scheduled.timing.instants import parse_utc
from tests.builders.jobs import at
from tests.builders.looks import begin, end

NOON = at("12:00")
ABOUT = timedelta(hours=6)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state").load()


def record(store: Store, *events: dict[str, Any]) -> None:
    for event in events:
        moment = parse_utc(event["at"])
        assert moment is not None
        store.record(moment, event)


def ran(store: Store, hours: float, result: Any, job: str = "health") -> None:
    slot = NOON + timedelta(hours=hours)
    record(store, begin(f"r{hours}", slot, job), end(f"r{hours}", slot, job=job, result=result))


def found(store: Store) -> list[Any]:
    return [each for _, each in nearest_run.results(store.journal, "health", NOON, ABOUT)]


def test_results_come_nearest_first_and_none_from_farther_away(store: Store) -> None:
    for hours in (-30, -7, -5, -1, 2, 5, 7, 30):
        ran(store, hours, {"of": hours})

    assert [each["of"] for each in found(store)] == [-1, 2, -5, 5]


def test_a_day_that_has_an_index_is_found_by_it(store: Store) -> None:
    ran(store, -20, "old")
    for hours in (-3, 40):
        ran(store, hours, hours)
    keep_up(store.journal)

    assert found(store) == [-3]


def test_other_jobs_and_what_names_the_job_are_left_out(store: Store) -> None:
    ran(store, -1, {"job": "health"}, job="backup")
    ran(store, -2, "mine")

    assert found(store) == ["mine"]


def test_a_damaged_line_is_left_out_and_one_wrong_bit_is_not(store: Store) -> None:
    for hours in (-3, -2, -1):
        ran(store, hours, "x" * 20)
    (path,) = (store.state_dir / "journal").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if b'"event":"end"' in line]
    lines[ends[0]] = lines[ends[0]].replace(b"x" * 20, b"y" * 20)
    lines[ends[1]] = lines[ends[1]].replace(b"x" * 20, b"x" * 19 + b"y")
    path.write_bytes(b"".join(lines))

    assert found(store) == ["x" * 20, "x" * 20]
