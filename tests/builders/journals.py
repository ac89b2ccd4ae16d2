"""Journals of several days, as seeds make them, and what can happen to them on the disk."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from scheduled.jobs.model import Outcome
from scheduled.state import lines
from scheduled.state.day_files import file_name
from scheduled.state.journal import Journal
from scheduled.timing.instants import format_utc
from tests.builders.jobs import at
from tests.builders.looks import begin, end

JOBS = ("job", "a", "b.1", "rare")
NOW = at("12:00")
DAY = timedelta(days=1)
PAST = 1_700_000_000


def generated(random: Random, state_dir: Path) -> Journal:
    """Write a journal of a few days into a new state directory; its newest day has just begun."""
    folder = state_dir / "journal"
    folder.mkdir(parents=True)
    number = 1
    for age in range(random.randint(1, 4), -1, -1):
        path = folder / file_name(NOW - age * DAY)
        with open(path, "wb") as stream:
            for _ in range(random.randint(0, 12)):
                for event in _happening(random, NOW - age * DAY, number):
                    stream.write(lines.encode({"seq": number, **event}))
                    number += 1
            stream.write(random.choice((b"", b"", b'{"seq":')))
        path.chmod(0o600)
    journal = Journal(folder)
    settle(journal)
    return journal


def settle(journal: Journal) -> None:
    """Let time pass, so that a file that is changed from now on is seen to be changed."""
    for path in journal.folder.iterdir():
        os.utime(path, (PAST, PAST))
    if newest := journal.names()[-1:]:
        later = (journal.folder / newest[0]).stat().st_ctime + 60
        os.utime(journal.folder / newest[0], (later, later))


def damage(random: Random, journal: Journal) -> None:
    """Do something to a file of the journal, or of what is kept about it, or to none."""
    files = [*journal.folder.iterdir(), *journal.folder.parent.glob("cache/*")]
    path = random.choice(sorted(files))
    random.choice(_DAMAGES)(random, path)


def _happening(random: Random, midnight: datetime, number: int) -> list[dict[str, Any]]:
    """Return the events of one thing that happened, on that day if the clock was right."""
    hours = timedelta(hours=random.choice((1, 3, 12, 12, 20, -30, 60)))
    moment = midnight - timedelta(hours=12) + hours + timedelta(seconds=number)
    job, run = random.choice(JOBS), f"r{number}"
    text = format_utc(moment)
    outcome = random.choice(list(Outcome)).value
    more: dict[str, Any] = {"result": random.choice(({"job": "a"}, {"job": "job"}, None))}
    more |= {"duration_seconds": random.choice((0.1, 1 / 3, 2e-3, None, 5.0))}
    skipped = {"event": "skipped", "at": text, "job": job, "slot": text, "reason": "paused"}
    not_now = {"event": "deferred", "at": text, "job": job, "slot": text, "reason": f"busy {job}"}
    return random.choice(
        (
            [begin(run, moment, job), end(run, moment, outcome, job, **more)],
            [begin(run, moment, job)],
            [skipped],
            [not_now | random.choice(({"guard": "max_cpu_percent"}, {"run_id": run}))],
            [{"event": "tick", "at": text, "ran": 1, "code": random.choice((0, 2))}],
            [{"event": "gap", "from": text, "to": format_utc(moment + DAY), "at": text}],
        )
    )


def _flip(random: Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path.write_bytes(data)


def _cut(random: Random, path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: random.randrange(len(data) + 1)])


def _drop_line(random: Random, path: Path) -> None:
    kept = path.read_bytes().splitlines(keepends=True)
    if kept:
        kept.pop(random.randrange(len(kept)))
    path.write_bytes(b"".join(kept))


def _rename(random: Random, path: Path) -> None:
    name = path.name.replace("2026-11", random.choice(("2025-11", "2027-01")))
    path.rename(path.with_name(name))


def _exchange(random: Random, path: Path) -> None:
    """Give two files each other's names, as those of two days."""
    other = random.choice(sorted(path.parent.iterdir()))
    beside = path.with_name("beside")
    path.rename(beside)
    if other != path:
        other.rename(path)
    beside.rename(other)


def _copy(random: Random, path: Path) -> None:
    """Replace a file with a copy of another one, as that of another day, or of itself."""
    other = random.choice(sorted(path.parent.iterdir()))
    if other != path:
        path.unlink()
        shutil.copy2(other, path)


_DAMAGES: tuple[Callable[[Random, Path], object], ...] = (
    _flip,
    _flip,
    _cut,
    _drop_line,
    _rename,
    _exchange,
    _copy,
    lambda _, path: path.unlink(),
    lambda _, path: path.write_bytes(b""),
    lambda *_: None,
    lambda *_: None,
)
