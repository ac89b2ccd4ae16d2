"""Journals of a million events to look back over: of one day, and of a week; and many jobs."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

from bench.cost import process
from bench.planning import expressions
from scheduled.installation.identity import real_root
from scheduled.state import line_index, lines
from scheduled.state.history import CLOCK_STEP
from scheduled.state.journal import Event, Journal
from scheduled.state.line_index import lines_about
from scheduled.state.owner import Claimant
from scheduled.state.store import Store
from scheduled.system import machine
from scheduled.timing.instants import format_utc

JOBS = 500
AT_ONCE = 500
"""Runs that are recorded in one go."""
START = datetime(2026, 11, 21, tzinfo=UTC)


def of_a_day(folder: Path, events: int) -> Path:
    """Write a state directory with so many events, half of them starts of runs, half ends."""
    store = _store(folder)
    store.record(START, {"event": "tick", "ran": 0})
    for number in range(0, events // 2, AT_ONCE):
        runs = [
            event
            for run in range(number, min(number + AT_ONCE, events // 2))
            for event in _run(run, START + timedelta(seconds=run * 80_000 // (events // 2)))
        ]
        store.record(START, *runs, sync=False)
    store.checkpoint(START)
    return store.state_dir


def of_a_week(folder: Path, events: int) -> Path:
    """Write one of the last seven days up to now, as ticks would have left it: with an index."""
    now = _now()
    store, age = _store(folder), timedelta(days=7, hours=1)
    store.claimant = Claimant(real_root(folder), machine.host_id())
    for number in range(0, events // 2, AT_ONCE):
        moment = now - age + age * (number / (events // 2))
        runs = [
            event
            for run in range(number, min(number + AT_ONCE, events // 2))
            for event in _run(run, moment)
        ]
        store.record(moment, *runs, sync=False)
    store.checkpoint(now)
    _age(store)
    line_index.keep_up(store.journal)
    return store.state_dir


def next_day(folder: Path) -> None:
    """Begin a day after the one that `of_a_day` wrote, as its first tick does."""
    store = Store(folder / "state").load()
    store.record(START + timedelta(days=1), {"event": "tick", "ran": 0})
    _age(store)


def of_many_jobs(folder: Path, jobs: int, distinct: int) -> Path:
    """Write a configuration, and a state in which each of its jobs has run."""
    schedules = islice(cycle(expressions(distinct)), jobs)
    _configure(folder, (f"schedule: '{text}', timezone: {zone}" for text, zone in schedules))
    process(*scheduled(folder), "run")  # the first tick registers the jobs
    store, now = Store(folder / "state").load(), _now()
    for number in range(jobs):
        store.record(now, *_run(number, now, jobs), sync=False)
    store.checkpoint(now)
    return store.state_dir


def scheduled(root: Path) -> tuple[str | Path, ...]:
    """Return the words that call the program for a root with its state in it."""
    return (sys.executable, "-m", "scheduled", "--root", root, "--state-dir", root / "state")


def last_hours(journal: Journal, job: str) -> Iterator[bytes]:
    """Yield the lines about an hourly job that say what became of its last slot, newest first."""
    since = _now().replace(minute=0, second=0) - CLOCK_STEP
    for day in reversed(journal.names()):
        for _, text in lines_about(journal, day, job):
            event = lines.decode(text)
            if event is None or event["at"] < (format_utc(since) or ""):
                return
            yield text


def _age(store: Store) -> None:
    """Let the newest day be a minute younger than the others, which are over."""
    newest = store.journal.folder / store.journal.names()[-1]
    os.utime(newest, (time.time() + 60, time.time() + 60))


def _now() -> datetime:
    return datetime.fromtimestamp(int(time.time()), UTC)


def _store(folder: Path) -> Store:
    _configure(folder, ("schedule: hourly" for _ in range(JOBS)))
    return Store(folder / "state").load()


def _configure(folder: Path, schedules: Iterator[str]) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "scheduled.yaml"
    jobs = (f'  job{n}: {{{text}, command: "true"}}\n' for n, text in enumerate(schedules))
    path.write_text("".join(("jobs:\n", *jobs)))
    path.chmod(0o600)


def _run(number: int, moment: datetime, jobs: int = JOBS) -> Iterator[Event]:
    at = format_utc(moment)
    job, run_id = f"job{number % jobs}", f"20261121T000000-{number:06x}"
    run = {"job": job, "run_id": run_id, "slot": at, "attempt": 1, "catch_up": False, "missed": 0}
    yield {"at": at, "event": "begin", **run, "timeout": 86400.0, "boot_id": "b"}
    yield {
        "at": at,
        "event": "end",
        **run,
        "started_at": at,
        "finished_at": at,
        "reason": "",
        "outcome": "succeeded",
        "answered": True,
        "duration_seconds": 0.1,
        "result": None,
        "error": "",
        "exit_code": 0,
        "by_hand": False,
    }
