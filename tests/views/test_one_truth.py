"""What views say of the next run: all of them the same, and what the next ticks then do.

The states are drawn at random from all that a person or a schedule may do to a job. The ticks are
simulated, from the state as it is.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.config.lookup import find_job
from scheduled.jobs.model import CatchUp, Job, Overlap
from scheduled.jobs.schedule import start_delay
from scheduled.state import events
from scheduled.state.history import HistoryQuery, read
from scheduled.state.journal import Event
from scheduled.state.records import ALL_JOBS
from scheduled.state.store import Store
from scheduled.ticks.simulation.fakes import InMemoryStore
from scheduled.ticks.simulation.simulator import MOMENT, Simulator
from scheduled.timing.instants import parse_utc
from scheduled.timing.tick_times import TickTimeline
from scheduled.views import job as job_view
from scheduled.views import jobs, status, upcoming, why
from scheduled.views.snapshot import Snapshot, observe
from tests.builders import soak
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
NOW = at("12:05")
HORIZON = timedelta(days=2)
ONCE = "at:2026-11-21T12:30:00Z"
SLOTS = ("12:10", "12:15", "12:20", "12:30", "13:00", "14:00")
LATER = ("12:10", "12:15", "12:25", "13:00", "13:30", "15:00")


def test_b4_all_views_tell_the_next_run_that_ticks_will_start(tmp_path: Path) -> None:
    for seed in range(soak.count(8, 1500)):
        chance = random.Random(f"one truth {seed}")
        engine = drawn(tmp_path / str(seed), chance)

        told = next_told(engine)

        assert (seed, told) == (seed, foreseen(engine))


def drawn(folder: Path, chance: random.Random) -> Engine:
    """Return an installation with one job, in any state that it may be in at NOW."""
    folder.mkdir()
    engine = Engine(folder, [a_job(chance)])
    engine.run_at("10:58")
    for when in chance.choice(((), ("11:00",), ("11:00", "12:00"), ("12:00", "12:04"))):
        engine.run_at(when)
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        engine.record("12:04:30", action(chance))
    if chance.random() < 0.3:
        engine.run_at("12:04:40")
    return engine


def a_job(chance: random.Random) -> Job:
    return job(
        schedule=chance.choice(("0 * * * *", "*/5 * * * *", "30 12 * * *", ONCE, "every 20m")),
        command=chance.choice(("true", "true", "exit 3", "exit 75")),
        catch_up=chance.choice(list(CatchUp)),
        overlap=chance.choice(list(Overlap)),
        max_retries=chance.choice((0, 2)),
        retry_delay=chance.choice((300.0, 1500.0)),
        suspend_after=chance.choice((None, None, 1)),
        window=chance.choice(("", "", "", "12:12-12:40", "14:02-15:00")),
        jitter=chance.choice((None, None, None, 1200.0)),
        max_lateness=chance.choice((None, None, 600.0)),
        enabled=chance.random() < 0.95,
        seed="here",
    )


def action(chance: random.Random) -> Event:
    """Return what a person does to the job at half past four minutes."""
    later = at(chance.choice(LATER))
    return chance.choice(
        (
            events.skip_requested("backup", at(chance.choice(SLOTS))),
            events.job_paused("backup", chance.choice((later, later, None)), "moving"),
            events.job_paused(ALL_JOBS, chance.choice((later, later, None)), ""),
            events.job_resumed("backup", at("12:04:45")),
            events.job_deferred("backup", later, "busy"),
            events.job_deferred("backup", later, "busy"),
            events.job_enabled("backup", enabled=False),
            events.job_cancelled("backup", "moved"),
        )
    )


def foreseen(engine: Engine) -> datetime | None:
    """Return when a simulation starts the job first: at a full minute."""
    memory = InMemoryStore(engine.state_dir, Store(engine.state_dir).load().state)
    timeline = TickTimeline(NOW, NOW + HORIZON, MINUTE, "UTC", ())
    for when, rows in Simulator(engine.config, memory, timeline).run():
        if any(row["run_id"] for row in rows):
            return when
    return None


def next_told(engine: Engine) -> datetime | None:
    """Return the next run as all views tell it, as the minute at which a tick starts it."""
    store = Store(engine.state_dir).load()
    snapshot = observe(engine.config, store.state, NOW, UTC)
    the_job = find_job(engine.config, "backup")
    (row,) = jobs.rows(snapshot)
    shown = job_view.document(snapshot, the_job)
    told = parse_utc(row["next_run"])
    rows = read(store.journal, HistoryQuery(job="backup"), lambda _: False)
    reasons = why.document(snapshot, the_job, NOW, rows)
    later = told if told is not None and told > NOW else None

    assert shown["job"] == row
    assert parse_utc(reasons["next"]) == later
    assert_listed(snapshot, the_job, shown, told)
    assert_failing(snapshot, row)
    return None if told is None else to_minute(max(told, NOW))


def assert_listed(
    snapshot: Snapshot, the_job: Job, shown: dict[str, Any], told: datetime | None
) -> None:
    """`next`, `show` and `status` list the same; the first that is not skipped is the next run."""
    listed = upcoming.of_job(snapshot, the_job, 300, explain=True)["next"]
    short = [{key: value for key, value in entry.items() if key != "explain"} for entry in listed]
    whole = [{"job": "backup", **entry} for entry in short]
    assert shown["next"] == short[: len(shown["next"])]
    assert status.document(snapshot)["next"] == whole[: status.NEXT_SHOWN]
    for entry in listed:
        is_skipped = any("will be skipped" in sentence for sentence in entry["explain"])
        assert is_skipped == ("will be skipped" in entry["note"])
    starts = [start_of(the_job, entry) for entry in listed if "will be sk" not in entry["note"]]
    if told is not None and told > NOW:
        assert min(starts) == told
    if told is None and the_job.schedule != ONCE:
        assert starts == []


def start_of(the_job: Job, entry: dict[str, Any]) -> datetime:
    _, found, opens = entry["note"].partition("starts at 2")
    if found:
        return datetime.fromisoformat("2" + opens.split(";")[0])
    delay = start_delay(the_job) if "jitter" in entry["note"] else timedelta(0)
    return datetime.fromisoformat(entry["slot"]) + delay


def assert_failing(snapshot: Snapshot, row: dict[str, Any]) -> None:
    """`status` lists a job as failing if its last run has failed, with how that ended."""
    failing = status.document(snapshot)["failing"]
    assert bool(failing) == (row["last_outcome"] in ("failed", "timed_out"))
    assert [entry["outcome"] for entry in failing] == [row["last_outcome"] for _ in failing]


def to_minute(instant: datetime) -> datetime:
    """Return the minute of the first tick that decides at or after an instant."""
    minute = instant.replace(second=0, microsecond=0)
    return minute if instant <= minute + MOMENT else minute + MINUTE


@pytest.mark.parametrize("schedule", ["0 * * * *", ONCE])
def test_b4_a_run_that_a_person_skips_is_no_failure(tmp_path: Path, schedule: str) -> None:
    engine = Engine(tmp_path, [job(schedule=schedule)])
    engine.run_at("11:30")
    slot = at("12:30") if schedule == ONCE else at("12:00")
    engine.record("11:31", events.skip_requested("backup", slot))
    engine.run_at(f"{slot:%H:%M}")

    snapshot = observe(engine.config, engine.state, slot + MINUTE, UTC)
    (row,) = jobs.rows(snapshot)

    assert status.document(snapshot)["failing"] == []
    assert (row["last_run"], row["last_outcome"]) == (None, "skipped")
    assert row["status"] == ("CANCELLED" if schedule == ONCE else "PENDING")
