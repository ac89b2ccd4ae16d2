"""Slots are computed once for all jobs that share a schedule, now and at an instant to come."""

from datetime import timedelta
from typing import Any

import pytest

from scheduled.planning.next_run import next_run
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory, Pause
from scheduled.timing import expression, slots
from scheduled.timing.fingerprint import fingerprint
from tests.builders.jobs import at, job


def test_jobs_of_one_schedule_share_what_is_computed_at_the_end_of_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed, latest = list[tuple[Any, ...]](), slots.latest

    def counted(*given: Any) -> Any:
        computed.append(given)
        return latest(*given)

    monkeypatch.setattr(slots, "latest", counted)
    pause = Pause(at("10:00"), at("14:30"), "")
    schedule = expression.parse("0 * * * *", "UTC")
    memory = JobMemory(
        fingerprint(schedule), anchor=at("09:00"), watermark=at("09:00"), pause=pause
    )
    now, grace = SlotCache.at(at("12:10")), timedelta(minutes=2)

    starts = [next_run(job(f"j{n}", "0 * * * *"), memory, now, grace) for n in range(20)]

    assert len({*starts}) == 1
    assert len(computed) == len({*computed})


def test_slots_around_another_instant_are_those_of_that_instant() -> None:
    schedule = expression.parse("*/20 * * * *", "UTC")
    now, then = SlotCache.at(at("12:10")), at("14:30")

    assert now.later(then) is now.later(then)
    assert now.later(then).latest(schedule, None, None) == at("14:20")
    assert now.latest(schedule, None, None) == at("12:00")
