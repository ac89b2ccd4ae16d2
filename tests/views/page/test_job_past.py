"""What is kept of the runs of a job: counts always, single runs only while they are few."""

import random
from typing import Any

import pytest

from scheduled.state import history
from scheduled.views.page.past import job_past, looks
from scheduled.views.page.past.job_past import APART, POINTS, QUARTER, JobPast, Mark
from scheduled.views.page.past.looks import Look
from tests.builders.jobs import at
from tests.builders.looks import end


def past(*events: dict[str, Any]) -> JobPast:
    """What a job did; the newest event first."""
    found = JobPast()
    for event in events:
        row = history.row_of(event)
        assert row is not None
        found.add(event, row)
    return found


def missed(first: str, last: str, count: int, cause: str = "machine off") -> dict[str, Any]:
    slots = {"first": f"2026-11-21T{first}Z", "last": f"2026-11-21T{last}Z", "count": count}
    return {"event": "missed", "at": slots["last"], "job": "backup", "cause": cause, **slots}


@pytest.mark.parametrize(
    ("outcome", "more", "look"),
    [
        ("succeeded", {}, Look.OK),
        ("succeeded", {"catch_up": True}, Look.LATE),
        ("succeeded", {"attempt": 2}, Look.LATE),
        ("failed", {"catch_up": True}, Look.FAILED),
        ("timed_out", {}, Look.TIMED_OUT),
        ("interrupted", {}, Look.INTERRUPTED),
    ],
)
def test_a_run_looks_as_it_ended_and_a_success_as_it_came(
    outcome: str, more: dict[str, Any], look: Look
) -> None:
    found = past(end("r", at("12:00"), outcome, **more))

    assert [mark.look for mark in found.marks or ()] == [look]
    assert looks.total(found.counts, (look,)) == sum(found.counts) == 1


def test_slots_that_somebody_did_not_want_are_told_from_those_that_were_lost() -> None:
    found = past(
        missed("10:00:00", "11:00:00", 3, "outside its window 07:00-22:00"),
        missed("08:00:00", "09:00:00", 2),
    )

    assert looks.words(found.counts) == "2 missed, 3 missed by choice"


def test_a_late_run_knows_its_slot_and_one_on_time_does_not() -> None:
    late = end("r", at("12:00"), catch_up=True, started_at="2026-11-21T12:30:00Z")

    [mark] = past(late).marks or []

    assert mark.slot == at("12:00").timestamp()
    assert mark.at == at("12:30").timestamp()
    assert past(end("r", at("12:00"))).marks == [
        Mark(Look.OK, at("12:00").timestamp(), seconds=2.0)
    ]


def test_slots_missed_together_lie_where_they_were_and_none_is_lost() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        first = chance.uniform(0, 1e6)
        last = first + chance.choice((0.0, 1.0, 60.0, 5e3, 4e5, 1e8))
        count = chance.choice((1, 2, 7, 1000, 10**9))
        mark = Mark(Look.MISSED, first, last, slots=count)

        found = [*job_past.quarters(mark)]

        assert sum(number for _, number in found) == count, seed
        assert all(number > 0 for _, number in found)
        assert {quarter for quarter, _ in found} <= {
            *range(int(first // QUARTER), int(last // QUARTER) + 1)
        }


def test_an_hourly_range_is_one_slot_in_every_fourth_quarter() -> None:
    mark = Mark(Look.MISSED, 0.0, 4 * 3600.0, slots=5)

    assert [*job_past.quarters(mark)] == [(0, 1), (4, 1), (8, 1), (12, 1), (16, 1)]
    assert [*job_past.instants(mark)] == [0.0, 3600.0, 7200.0, 10800.0, 14400.0]


def test_runs_are_apart_as_long_as_they_are_few() -> None:
    runs = [end(f"r{number}", at("12:00")) for number in range(APART)]

    assert len(past(*runs).marks or ()) == APART
    assert past(*runs, end("one more", at("12:00"))).marks is None
    assert past(missed("00:00:00", "10:00:00", APART + 1)).marks is None


def test_two_times_joined_are_what_one_would_be() -> None:
    chance = random.Random(7)
    events = [
        end(f"r{number}", at(f"{number // 60:02}:{number % 60:02}"), chance.choice(OUTCOMES))
        for number in range(400)
    ]
    newer, older, whole = past(*events[:150]), past(*events[150:]), past(*events)

    newer.add_older(older, lambda quarter: quarter)

    assert newer.bins == whole.bins
    assert newer.lengths == whole.lengths
    assert newer.failures == whole.failures
    assert newer.marks is whole.marks is None


OUTCOMES = ("succeeded", "succeeded", "failed", "timed_out")


def test_many_durations_are_kept_as_a_day_and_a_few_one_by_one() -> None:
    few = [end(f"r{number}", at("12:00"), duration_seconds=1.0 + number) for number in range(9)]
    many = few * (POINTS // 9 + 1)

    small, large = past(*few), past(*many)
    small.close()
    large.close()

    assert len(small.points or ()) == 9
    assert large.points is None
    (day,) = large.days
    assert (day.least, day.median, day.most) == (1.0, 5.0, 9.0)


def test_a_share_of_many_durations_is_right_to_two_percent() -> None:
    lengths = past(
        *(end(f"r{n}", at("12:00"), duration_seconds=float(n)) for n in range(1, 1001))
    ).lengths

    assert job_past.quantile(lengths, 0.5) == pytest.approx(500, rel=0.02)
    assert job_past.quantile(lengths, 0.95) == pytest.approx(950, rel=0.02)
    assert job_past.quantile({}, 0.5) is None


@pytest.mark.parametrize("event", [end("r", at("12:00"), duration_seconds=0.0), {}])
def test_what_is_odd_does_no_harm(event: dict[str, Any]) -> None:
    odd = {
        "event": "missed", "job": "b", "first": "never", "last": None, "count": -3
    } | event  # fmt: skip

    assert past(odd).counts
