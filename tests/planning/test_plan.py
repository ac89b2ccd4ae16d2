"""The plan of a tick: which jobs come first, and how many catch up."""

from datetime import timedelta
from typing import Any

import pytest

from scheduled.jobs.model import Job, Priority
from scheduled.planning import tick_plan
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import Retry
from scheduled.timing import slots
from tests.builders.jobs import at, job
from tests.builders.memories import registered

ON_TIME = timedelta(minutes=2)


def test_slots_missed_by_many_jobs_of_one_schedule_are_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[object] = []

    def count(*asked: Any) -> int:
        counted.append(asked)
        return slots_count(*asked)

    slots_count = slots.count
    monkeypatch.setattr(slots, "count", count)
    jobs = [job(f"job-{number}") for number in range(50)]
    decisions = tick_plan.plan(
        jobs, lambda _: registered("11:00"), SlotCache.at(at("16:10")), grace=ON_TIME, budget=50
    )

    assert [decision.missed.count for decision in decisions if decision.missed] == [4] * 50
    assert len(counted) == 1


def test_what_is_due_goes_by_priority_then_slot_then_name() -> None:
    jobs = [
        job("b"),
        job("a"),
        job("half", schedule="30 * * * *"),
        job("last", priority=Priority.LOW),
        job("first", priority=Priority.URGENT),
        job("resting", schedule="0 0 * * *"),
    ]

    decisions = planned(jobs, "12:45", since="11:00", ticking_since="12:44")

    assert [decision.job.id for decision in decisions] == [
        "first",
        "a",
        "b",
        "half",
        "last",
        "resting",
    ]


def test_a_job_that_waits_while_ticks_come_overtakes_more_urgent_ones() -> None:
    jobs = [job("low", schedule="0 * * * *", priority=Priority.LOW)]
    jobs.append(job("high", schedule="14 * * * *", priority=Priority.HIGH))

    def first(now: str) -> str:
        return planned(jobs, now, since="11:59", ticking_since="10:00")[0].job.id

    assert [first(now) for now in ("12:15", "12:21")] == ["high", "low"]


def test_a_job_that_waits_long_enough_becomes_urgent() -> None:
    jobs = [job("low", schedule="1 * * * *", priority=Priority.LOW)]
    jobs.append(job("urgent", schedule="30 * * * *", priority=Priority.URGENT))

    def first(now: str) -> str:
        return planned(jobs, now, since="11:59", ticking_since="11:00")[0].job.id

    assert [first(now) for now in ("12:30", "12:31")] == ["urgent", "low"]


def test_a_retry_does_not_become_more_urgent_while_it_waits() -> None:
    low = job("low", priority=Priority.LOW)
    high = job("high", schedule="14 * * * *", priority=Priority.HIGH)
    retried = registered("11:59")._replace(retry=Retry(at("12:00"), 2, at("12:01")))
    memories = {"low": retried, "high": registered("11:59", high.schedule)}

    decisions = tick_plan.plan(
        [low, high],
        memories.__getitem__,
        SlotCache.at(at("12:59")),
        grace=ON_TIME,
        budget=10,
        ticking_since=at("10:00"),
    )

    assert [(decision.job.id, decision.attempt) for decision in decisions] == [
        ("high", 1),
        ("low", 2),
    ]


def test_an_outage_makes_nobody_more_urgent() -> None:
    jobs = [job("low", schedule="0 * * * *", priority=Priority.LOW)]
    jobs.append(job("high", schedule="14 * * * *", priority=Priority.HIGH))

    decisions = planned(jobs, "12:21", since="11:59", ticking_since="12:20")

    assert decisions[0].job.id == "high"


def test_the_budget_holds_back_what_catches_up_and_not_what_is_on_time() -> None:
    jobs = [job(f"late{number}") for number in range(4)]
    jobs.append(job("punctual", schedule="30 * * * *", priority=Priority.LOW))

    decisions = planned(jobs, "12:30", since="11:45", budget=2)

    verdicts = [decision.verdict for decision in decisions]
    assert verdicts == [
        Verdict.RUN,
        Verdict.RUN,
        Verdict.OVER_BUDGET,
        Verdict.OVER_BUDGET,
        Verdict.RUN,
    ]


def planned(
    jobs: list[Job], now: str, *, since: str, budget: int = 10, ticking_since: str | None = None
) -> list[Decision]:
    memories = {each.id: registered(since, each.schedule) for each in jobs}
    return tick_plan.plan(
        jobs,
        memories.__getitem__,
        SlotCache.at(at(now)),
        grace=ON_TIME,
        budget=budget,
        ticking_since=at(ticking_since) if ticking_since else None,
    )


def test_the_next_due_instant_is_the_earliest_of_all_decisions() -> None:
    jobs = [job("hourly"), job("half", schedule="30 * * * *"), job("off", enabled=False)]

    decisions = planned(jobs, "12:10", since="12:05")

    assert tick_plan.next_due(decisions) == at("12:30")
    assert tick_plan.next_due(decisions[2:]) is None
    assert tick_plan.next_due([]) is None
