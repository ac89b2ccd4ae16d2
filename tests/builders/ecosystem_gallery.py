"""An ecosystem in which the views of branches, projects and gaps have something hard to show.

It is always the same: branches and projects with long names, wide characters, escapes; what is
wrong with them was found by the real checks; gaps of each kind.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from scheduled.state import events, tick_events
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange
from tests.builders import ecosystem, repositories
from tests.builders.gallery import CHINESE, HOSTILE, LONG, NOW
from tests.builders.jobs import at
from tests.builders.looks import Event, Home, begin, end, seen
from tests.builders.repositories import changed, committed, made

MAIL_BRANCH = "MAILROOM"
CONFIGURATION = """\
timezone: Europe/Berlin
jobs:
  backup: {schedule: "0 * * * *", command: "true"}
  project_health: {enabled: true}
"""
DATES = {"GIT_AUTHOR_DATE": "2026-11-20T09:00:00Z", "GIT_COMMITTER_DATE": "2026-11-20T09:00:00Z"}


@contextmanager
def home() -> Iterator[Home]:
    """The home after both checks, an hour ago."""
    folder = Path(f"/tmp/scheduled-{secrets.token_hex(4)}")
    folder.mkdir(mode=0o755)
    try:
        made_home = Home(folder, {"LC_ALL": "C.UTF-8"})
        made_home.configure(CONFIGURATION)
        _branches(folder)
        with patch.dict(repositories.GIT, DATES):
            _projects(folder)
        for job in ("health", "project_health"):
            said = made_home.call("run", "--force", "--only", job, now=NOW - timedelta(hours=1))
            assert said.code == 0, said
        made_home.record(*_gaps(made_home))
        yield made_home
    finally:
        shutil.rmtree(folder)


def _branches(folder: Path) -> None:
    names = ("DRONE", MAIL_BRANCH, LONG.upper().replace("-", "_")[:60], "GROWN", "GONE")
    entries = [ecosystem.entry(name) for name in (*names, CHINESE)]
    ecosystem.home(folder, {"branches": entries}, now=NOW)
    shutil.rmtree(folder / "gone")
    ecosystem.add_memory(folder / "grown", "GROWN.local.json", 720)
    for number in range(3):
        mailbox = folder / MAIL_BRANCH.lower() / "ai_mail.local"
        ecosystem.add_message(mailbox, HOSTILE, NOW - timedelta(days=20 + number))
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime > NOW.timestamp():
            os.utime(path, (NOW.timestamp() - 7200,) * 2)


def _projects(folder: Path) -> None:
    below = folder / "projects"
    repositories.registry(
        folder,
        {
            "clean": made(below / "clean"),
            "dirty": changed(made(below / "dirty")),
            LONG: committed(made(below / "long")),
            "elsewhere": {"name": "Elsewhere", "path": "X:/Projects/Elsewhere"},
            CHINESE: {"name": CHINESE, "path": str(below / "missing")},
            "claims": {
                "name": HOSTILE,
                "path": str(made(below / "claims")),
                "has_tests": True,
                "has_claude_md": True,
            },
        },
    )


def _gaps(home: Home) -> Iterator[Event]:
    """Gaps that cost nothing, runs that were caught up, and runs that were not."""
    job = home.jobs()["backup"]
    yield seen(job, at("00:30"))
    yield _gap("00:40", "00:50", "machine asleep")
    yield _gap("01:30", "05:30", "machine off")
    missed = MissedRange(at("02:00"), at("04:00"), 3)
    for event in events.slots_missed("backup", missed, "machine off"):
        yield {"at": format_utc(at("05:30")), **event}
    started = begin("r1", at("05:00"))
    yield {**started, "at": format_utc(at("05:30")), "missed": 3}
    yield end("r1", at("05:00"))
    yield _gap("06:30", "09:30", "cron did not run")
    missed = MissedRange(at("07:00"), at("09:00"), 3)
    for event in events.slots_missed("backup", missed, "cron did not run"):
        yield {"at": format_utc(at("09:30")), **event}


def _gap(start: str, finish: str, cause: str) -> Event:
    event = tick_events.gap_explained(at(start), at(finish), cause)
    return {"at": format_utc(at(finish)), **event}
