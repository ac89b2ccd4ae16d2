"""A home in which every view has something hard to show, and always the same.

A hundred jobs, names of up to a hundred characters, wide characters, words from right to left,
escapes that would steer a terminal; jobs in every state; runs of every outcome.
"""

import secrets
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.state import events, incident_events
from scheduled.system import locks
from scheduled.timing import slots
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange
from tests.builders.jobs import at
from tests.builders.looks import Event, Home, begin, end, seen

NOW = at("13:30")
"""14:30 in Berlin, where the reader is."""
FOLDER = "scheduled-0a1b2c3d"
"""What captures say instead of the folder, which is another one each time; it is as long."""
RUNS = 12
"""So many slots of each job are on record."""
LONG = "nightly-export-of-the-customer-database-to-the-archive-in-frankfurt"
LONGEST = "weekly.consistency-check." + "of-all-the-replicas-" * 3 + "in-every-region"
CHINESE = "\u6bcf\u5929\u5907\u4efd\u5ba2\u6237\u6570\u636e\u5e93\u5230\u5f02\u5730\u5b58\u50a8"
HEBREW = (
    "\u05d2\u05d9\u05d1\u05d5\u05d9 \u05d9\u05d5\u05de\u05d9 "
    "\u05e9\u05dc 12 \u05de\u05e1\u05d3\u05d9"
)
MARKUP = "[bold red]markup[/bold red] %s {0} `id` $(id) \U0001f680 e\u0301\u0301\u0301"
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07\x1b[31mfake:\x1b[0m all is well \u202egnp.exe \x9b5A\x01"
    " [bold red]markup[/bold red] \u2066\U0001f469\u200d\U0001f680\u0301"
)
JOBS: dict[str, dict[str, Any]] = {
    "backup": {"schedule": "30 2 * * *", "description": "Copy everything to the other building"},
    LONG: {"schedule": "15 3 * * 1-5", "description": "Export, encrypt, upload, compare checksums"},
    LONGEST: {"schedule": "0 4 * * sun"},
    "dump": {"schedule": "*/20 * * * *"},
    "poll": {"schedule": "*/5 * * * *", "max_retries": 2},
    "mail-digest": {"schedule": "0 18 * * *"},
    "old-sync": {"schedule": "@hourly", "enabled": False},
    "report": {"schedule": "0 15 * * *"},
    "index": {"schedule": "0 1 * * *"},
    "flaky": {"schedule": "@hourly", "suspend_after": 1},
    "cancelled-job": {"schedule": "@daily"},
    "wide": {"schedule": "45 14 * * *", "description": CHINESE},
    "turned": {"schedule": "50 14 * * *", "description": HEBREW},
    "hostile": {"schedule": "55 14 * * *", "description": MARKUP, "name": MARKUP},
    "closing-prices": {"schedule": "5 16 * * mon-fri", "timezone": "America/New_York"},
    "once": {"schedule": "at:2026-12-24T18:00"},
    "spring": {"schedule": "30 2 28 3 *"},
    "never-ran": {"schedule": "0 5 1,15 * *"},
}
ERRORS = {
    "backup": (
        "exit code 3: rsync: write failed on /srv/backup/2026-11-21/home/ann/photos/"
        "archive.tar.zst: No space left on device (28)"
    ),
    LONG: "exit code 1",
    "turned": HEBREW,
    "wide": CHINESE * 3,
    "hostile": HOSTILE,
    "flaky": "timed out after 20 s",
}


def others() -> Iterator[tuple[str, dict[str, Any]]]:
    """The jobs that make them a hundred, with names of many lengths."""
    words = ("sync", "mirror", "rotate", "check", "upload", "index", "clean", "verify")
    places = ("berlin", "paris", "new-york", "tokyo", "sao-paulo")
    for number in range(100 - len(JOBS)):
        name = f"{words[number % 8]}-{places[number % 5]}"
        if number % 3 == 0:
            name += "-customers"
        yield f"{name}-{number:02}", {"schedule": f"{number % 60} {number % 24} * * *"}


@contextmanager
def home() -> Iterator[Home]:
    """The home while one of its jobs runs."""
    folder = Path(f"/tmp/scheduled-{secrets.token_hex(4)}")
    folder.mkdir(mode=0o755)
    try:
        made = Home(folder, {"LC_ALL": "C.UTF-8"})
        _configure(made)
        made.record(*_past(made.jobs()))
        (made.state_dir / "heartbeat").write_text(f"{NOW.timestamp() - 17} 1.0 1.0 boot\n")
        for job, error in ERRORS.items():
            made.printed(job, _latest(made, job), f"starting\n{error}\n")
        lock = locks.take_job(made.state_dir, "dump")
        assert lock is not None
        yield made
        lock.release()
    finally:
        shutil.rmtree(folder)


def _latest(made: Home, job: str) -> str:
    last = made.session(NOW).store.state["jobs"][job].get("last")
    assert last is not None
    return str(last["run_id"])


def _configure(made: Home) -> None:
    jobs = {name: {"command": "true", **entry} for name, entry in (*JOBS.items(), *others())}
    document = {"timezone": "Europe/Berlin", "jobs": jobs}
    made.configure(yaml.safe_dump(document, allow_unicode=False, sort_keys=False))


def _past(jobs: dict[str, Job]) -> list[Event]:
    """What has happened, in its order."""
    found: list[Event] = []
    for number, (name, job) in enumerate(jobs.items()):
        since = NOW - timedelta(days=20)
        found.append(seen(job, since))
        if job.enabled:
            passed = slots.between(schedule_of(job), since, NOW, since)
            found += _runs(name, [*deque(passed, RUNS)], number)
    found += _wishes()
    found.append({"event": "tick", "at": format_utc(NOW - timedelta(seconds=17))})
    return sorted(found, key=lambda event: str(event["at"]))


def _runs(name: str, passed: list[datetime], number: int) -> Iterator[Event]:
    """Yield a run for each slot, the last ones failed if it is a job that fails."""
    for ago, slot in zip(reversed(range(len(passed))), passed, strict=True):
        run_id = f"{slot:%Y%m%dT%H%M%S}-{sum(map(ord, name)):06x}"
        if ago == 5 and number % 4 == 0:
            missed = MissedRange(slot, slot, 1)
            yield from _at(slot, *events.slots_missed(name, missed, "machine off"))
            continue
        yield begin(run_id, slot, name)
        if name == "dump" and not ago:
            return  # it runs
        seconds = float((number * 7 + ago * 13) % 50) + (600 if name == "dump" else 1)
        after = format_utc(slot + timedelta(seconds=seconds))
        more: dict[str, Any] = {"duration_seconds": seconds, "at": after, "finished_at": after}
        outcome = "succeeded"
        if name in ERRORS and (ago < 2 or ago == 7):
            outcome = "timed_out" if name == "flaky" else "failed"
            more["error"] = ERRORS[name]
        if name == "flaky" and not ago:
            more |= {"dead_letter": True, "suspends": True}
        yield end(run_id, slot, outcome, name, **more)


def _wishes() -> Iterator[Event]:
    """What a person has said, and what went wrong with the jobs."""
    yield from _at(
        NOW - timedelta(minutes=9),
        events.job_paused("mail-digest", at("17:30"), "moving the mail server"),
        events.skip_requested("report", at("14:00")),
        events.job_deferred("index", at("20:00"), "after the release"),
        events.job_cancelled("cancelled-job", "no longer needed"),
    )
    for number, (job, error) in enumerate(ERRORS.items()):
        case, ident = f"failing: {job}", f"{number}a2b3c4d"
        opened = incident_events.opened(case, ident, "failing", job, error, count=number + 1)
        yield from _at(NOW - timedelta(hours=30 - number), opened)
    disk = incident_events.opened("disk", "9f8e7d6c", "disk", "", "No space left on device")
    yield from _at(NOW - timedelta(minutes=50), disk)
    known = incident_events.acknowledged(f"failing: {LONG}", "1a2b3c4d", None)
    yield from _at(NOW - timedelta(hours=1), known)


def _at(moment: datetime, *found: Any) -> Iterator[Event]:
    return ({**event, "at": format_utc(moment)} for event in found)
