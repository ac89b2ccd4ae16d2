"""The last runs of many jobs, from one look at the end of the journal."""

from pathlib import Path

import pytest

from scheduled.state import events
from scheduled.state.last_runs import last_runs
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    slots = [at(f"{hour:02}:00") for hour in range(5)]
    for number, slot in enumerate(slots):
        run = f"a{number}"
        made.record(
            begin(run, slot, "a"), end(run, slot, "failed" if number == 3 else "succeeded", "a")
        )
    (missed,) = events.slots_missed("b", MissedRange(slots[1], slots[1], 1), "machine off")
    skipped = events.slot_skipped("b", slots[2], "paused")
    noisy = end("b1", slots[3], "succeeded", "b", result={"job": "a"})
    made.record({**missed, "at": format_utc(slots[1])}, {**skipped, "at": format_utc(slots[2])})
    made.record(begin("b1", slots[3], "b"), noisy, begin("b2", slots[4], "b"))
    return made


def outcomes(home: Home, *jobs: str, count: int = 12, most: int = 1 << 20) -> dict[str, list[str]]:
    found = last_runs(home.session(at("12:00")).store.journal, jobs, count, most)
    return {job: [str(row["outcome"]) for row in rows] for job, rows in found.items()}


def test_each_job_has_its_last_ends_oldest_first(home: Home) -> None:
    assert outcomes(home, "a", "b", "c") == {
        "a": ["succeeded", "succeeded", "succeeded", "failed", "succeeded"],
        "b": ["missed", "skipped", "succeeded"],
        "c": [],
    }


def test_no_more_than_asked_for_are_returned(home: Home) -> None:
    assert outcomes(home, "a", "b", count=2) == {
        "a": ["failed", "succeeded"],
        "b": ["skipped", "succeeded"],
    }


def test_no_more_is_read_than_is_allowed(home: Home) -> None:
    assert outcomes(home, "a", most=1) == {"a": []}
