"""Why a slot is there, in words."""

from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Job
from scheduled.views import upcoming
from tests.builders.jobs import at, job
from tests.builders.looks import Event, seen, snapshot


def explained(job_: Job, *events: Event, **fields: Any) -> list[str]:
    """What is said about the next slot of a job."""
    shown = snapshot(job_, events=events, **fields)
    sentences: list[str] = upcoming.of_job(shown, job_, 1, explain=True)["next"][0]["explain"]
    return sentences


@pytest.mark.parametrize(
    ("schedule", "rule"),
    [
        ("*/15 9-17 * * mon-fri", "minute 0 in */15, hour 9 in 9-17, weekday Monday in mon-fri"),
        ("30 2 * * *", "minute 30, hour 2"),
        ("@daily", "minute 0, hour 0"),
        ("0 4 13 * fri", "minute 0, hour 4, weekday Friday in fri"),
        ("0 4 1 12 *", "minute 0, hour 4, day of the month 1, month 12"),
        ("* * * * *", "any minute"),
    ],
)
def test_a_cron_slot_says_which_fields_it_matches(schedule: str, rule: str) -> None:
    first, *_ = explained(job("backup", schedule))

    assert first == f'"{schedule}" in UTC: {rule}'


def test_a_drawn_time_says_what_was_drawn() -> None:
    first, *_ = explained(job("backup", "H 4 * * *", seed="here"))

    assert first.startswith('"H 4 * * *" (hashed to ')


def test_an_interval_counts_from_the_minute_it_was_first_seen() -> None:
    poll = job("poll", "every 90m")

    assert explained(poll, seen(poll, at("11:40:20")))[0] == (
        "every 1 h 30 min, counted from 2026-11-21 11:40+00:00"
    )
    assert explained(poll)[0].endswith("counted from the tick that first sees the job")


def test_a_slot_moved_by_the_clock_says_what_it_was_meant_to_be() -> None:
    night = job("night", "30 2 * * *", timezone="Europe/Berlin")

    said = explained(night, now=at("2026-03-28T12:00:00"))

    assert said[:3] == [
        '"30 2 * * *" in Europe/Berlin: minute 30, hour 2',
        "in words: at 02:30 every day",
        "clock change: moved: 02:30 does not exist that day",
    ]


def test_what_keeps_a_run_from_starting_at_its_slot_is_told() -> None:
    slow = job(jitter=1200.0, seed="here", window="15:00-16:00", after=("other",))

    said = " / ".join(explained(slow))

    assert "s of jitter, always the same" in said
    assert "it waits for its window 15:00-16:00 until 2026-11-21 15:00+00:00" in said
    assert "it starts once other has succeeded (after), in the same tick if possible" in said


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (CatchUp.SKIP, "if no tick comes until 2026-11-21 13:02+00:00, it is skipped"),
        (CatchUp.LATEST, "a later run covers all missed"),
        (CatchUp.ALL, "it runs later, the oldest first"),
    ],
)
def test_what_becomes_of_it_if_no_tick_comes_is_told(policy: CatchUp, told: str) -> None:
    *_, last = explained(job(catch_up=policy))

    assert told in last


def test_it_is_told_from_when_on_it_is_too_late() -> None:
    *_, last = explained(job(max_lateness=1800.0))

    assert last.startswith("after 2026-11-21 13:30+00:00 it is too late")


def test_a_slot_in_a_pause_or_left_out_by_hand_will_be_skipped() -> None:
    backup = job()
    pause = {"event": "paused", "at": "2026-11-21T11:00:00Z", "job": "backup"}
    pause |= {"until": "2026-11-21T13:30:00Z", "reason": "holiday"}
    skip = {"event": "skip", "job": "backup", "slot": "2026-11-21T13:00:00Z"}

    said = explained(backup, seen(backup, at("11:40")), pause, skip)

    assert "it will be skipped: paused: holiday" in said
    assert "it will be skipped: left out by hand" in said
