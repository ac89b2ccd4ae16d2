"""What it costs to look back over a journal of a million events of one day."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.cost import found, process
from bench.row import Effort, Row
from scheduled.state.store import Store
from scheduled.timing.instants import format_utc

JOBS = 500
AT_ONCE = 500
"""Runs that are recorded in one go."""
START = datetime(2026, 11, 21, tzinfo=UTC)


def journal(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure commands that look back, against reading all of the journal once."""
    events = effort.of(1_000_000, 2_000)
    state_dir = grown(folder, events)
    path = state_dir / "journal" / "2026-11-21.jsonl"
    read = partial(process, found("wc"), "-l", path)
    scheduled = (sys.executable, "-m", "scheduled", "--root", folder, "--state-dir", state_dir)
    for words in (
        ("history", "--limit", "5"),
        ("why", "job7"),
        ("state", "check"),
    ):
        what = " ".join(words)
        yield effort.row(
            what,
            f"{what} over {events:,} events of a day",
            partial(process, *scheduled, *words),
            "wc -l of the journal",
            read,
        )


def grown(folder: Path, events: int) -> Path:
    """Write a state directory with so many events, half of them starts of runs, half ends."""
    (folder / "scheduled.yaml").write_text(
        "jobs:\n"
        + "".join(f'  job{n}: {{schedule: hourly, command: "true"}}\n' for n in range(JOBS))
    )
    (folder / "scheduled.yaml").chmod(0o600)
    state_dir = folder / "state"
    store = Store(state_dir).load()
    store.record(START, {"event": "tick", "ran": 0})
    for numbers in _batched(events // 2):
        runs = [event for number in numbers for event in _run(number, events)]
        store.record(START, *runs, sync=False)
    store.checkpoint(START)
    return state_dir


def _batched(count: int) -> Iterator[range]:
    """Yield the numbers below `count`, a few at a time."""
    yield from (range(start, min(start + AT_ONCE, count)) for start in range(0, count, AT_ONCE))


def _run(number: int, events: int) -> Iterator[dict[str, object]]:
    at = format_utc(START + timedelta(seconds=number * 80_000 // (events // 2)))
    job, run_id = f"job{number % JOBS}", f"20261121T000000-{number:06x}"
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
