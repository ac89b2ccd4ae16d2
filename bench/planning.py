"""What it costs to plan: many jobs, all due after an outage of a month, few distinct schedules."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path

from bench.cost import work
from bench.row import Effort, Row
from scheduled.jobs.model import Job
from scheduled.planning import tick_plan
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from scheduled.timing import expression, slots
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.timezones import INSTANT

NOW = datetime(2026, 11, 21, 14, 0, 30, tzinfo=UTC)
LAST = NOW - timedelta(days=30)
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
SHAPES = (
    "*/5 * * * *",
    "{minute} * * * *",
    "{minute} {hour} * * *",
    "{minute} {hour} * * 1-5",
    "{minute} {hour} * * 0",
    "{minute} {hour} 1 * *",
)


def planning(_: Path, effort: Effort) -> Iterator[Row]:
    """Measure all jobs against their distinct schedules, each evaluated once."""
    jobs, distinct = effort.of(10_000, 200), effort.of(200, 20)
    yield effort.row(
        "planning",
        f"planning {jobs:,} due jobs after 30 days",
        partial(work, "planning:all_jobs", jobs, distinct),
        f"evaluating their {distinct} distinct schedules",
        partial(work, "planning:distinct_schedules", distinct),
        target=1.5,
    )


def all_jobs(jobs: str, distinct: str) -> Callable[[], object]:
    """Run the production planner on that many jobs."""
    schedules = islice(cycle(expressions(int(distinct))), int(jobs))
    listed = [
        Job(f"job-{number}", expression, zone, command="true")
        for number, (expression, zone) in enumerate(schedules)
    ]
    prints = {
        schedule: fingerprint(expression.parse(*schedule))
        for schedule in expressions(int(distinct))
    }
    records = {
        job.id: JobMemory(prints[job.schedule, job.timezone], anchor=LAST, watermark=LAST)
        for job in listed
    }

    def planned() -> None:
        grace = timedelta(minutes=2)
        made = tick_plan.plan(
            listed, records.__getitem__, SlotCache.at(NOW), grace=grace, budget=10
        )
        assert all(decision.is_due for decision in made)

    return planned


def distinct_schedules(distinct: str) -> Callable[[], object]:
    """Evaluate what each schedule needs: the newest slot, and those missed before it."""
    schedules = [expression.parse(*schedule) for schedule in expressions(int(distinct))]

    def evaluated() -> None:
        for schedule in schedules:
            newest = slots.latest(schedule, NOW, LAST)
            assert newest is not None
            before = slots.latest(schedule, newest - INSTANT, LAST)
            if before is not None and before > LAST:
                slots.following(schedule, LAST, LAST)
                slots.count(schedule, LAST, before, LAST)

    return evaluated


def expressions(wanted: int) -> list[tuple[str, str]]:
    """Return that many distinct expressions with their zones, of the kinds that people write."""
    found: dict[tuple[str, str], None] = {}
    for number in count():
        shape = SHAPES[number % len(SHAPES)]
        expression = shape.format(minute=number * 7 % 60, hour=number // 6 % 24)
        found[expression, ZONES[number // 60 % len(ZONES)]] = None
        if len(found) == wanted:
            break
    return list(found)
