"""A home with a month of history, in which all has happened that a person may want to see.

It is October 2026 in Berlin, where the clocks go back on the 25th. The events are those of the real
builders, recorded by the real store; nothing depends on the day on which the tests run. 25 jobs are
made in about six seconds: tests that only look share the fixture `month`.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.planning.incidents import Kind, case_of
from scheduled.state import events, heartbeat, incident_events, owner_events, tick_events
from scheduled.state.heartbeat import Cause, Gap, Heartbeat
from scheduled.state.incident_entries import new_id
from scheduled.state.resolution import Resolution
from scheduled.state.store import Store
from scheduled.system import collector, locks, machine
from scheduled.timing.instants import format_utc
from tests.builders.looks import Home
from tests.builders.month_jobs import NAMED, fates, utc
from tests.builders.month_slots import MINUTE, Event, Output, Story

NOW = utc("10-31 13:32:05")
"""14:32:05 in Berlin; the tick of that minute has come."""
ZONE = "Europe/Berlin"
BEGIN = utc("10-01 00:00")
CLOCK_CHANGE = utc("10-25 01:00")
OUTAGES = (
    Gap(utc("10-06 22:12"), utc("10-07 05:40"), Cause.OFF),
    Gap(utc("10-13 13:00"), utc("10-13 13:25"), Cause.BROKEN),
    Gap(utc("10-21 09:00"), utc("10-21 10:30"), Cause.FORWARD),
    Gap(utc("10-24 21:30"), utc("10-25 04:15"), Cause.ASLEEP),
    Gap(utc("10-27 09:00"), utc("10-27 10:40"), Cause.SILENT),
    Gap(utc("10-28 22:05"), utc("10-29 05:47"), Cause.OFF),
    Gap(utc("10-30 23:12"), utc("10-31 05:41"), Cause.ASLEEP),
    Gap(utc("10-31 10:55"), utc("10-31 11:50"), Cause.ASLEEP),
)
"""The times without ticks, oldest first; one has the change of the clocks in it."""
BACK = Gap(utc("10-22 12:10"), utc("10-22 12:07"), Cause.BACK)
"""The clock was set back: this one ends before it begins."""
KEPT_OUTPUTS = 5
"""Of the failed runs of a job, so many newest ones have kept their output."""


def grown(folder: Path, count: int = 25, *, settings: str = "") -> Home:
    """Make a home in `folder`, which exists, with a month of that many jobs.

    `settings` is YAML for the configuration besides time zone and jobs.
    """
    home = Home(folder, {"TZ": ZONE})
    wanted = fates(count)
    jobs = {name: {"command": "true", **fate.keys} for name, fate in wanted.items()}
    configured = yaml.safe_dump({"timezone": ZONE, "jobs": jobs}, sort_keys=False)
    home.configure(f"{settings}\n{configured}")
    config = home.session(NOW).config
    assert not config.problems, config.problems
    known = {job.id: job for job in config.jobs}
    stories = [Story(known[name], fate, OUTAGES) for name, fate in wanted.items()]
    with collector.paused():
        happened = [*_of_ticks(folder), *_by_hand(known)]
        for story in stories:
            happened += story.events(BEGIN, NOW)
            happened += _suspensions(story)
        _record(home, happened)
    for story in stories:
        _print(home, story.outputs)
    _beat(home)
    return home


def copied(month: Home, folder: Path) -> Home:
    """Return a copy of a home in `folder`, which does not exist yet, for a test to change."""
    shutil.copytree(month.folder, folder, symlinks=True)
    return Home(folder, month.environ)


@contextmanager
def running(home: Home) -> Iterator[str]:
    """Hold the lock of the job that is running, as its tick does; yields the job."""
    lock = locks.take_job(home.state_dir, "index-search")
    assert lock is not None
    try:
        yield "index-search"
    finally:
        lock.release()


def _record(home: Home, happened: list[Event]) -> None:
    """Put all on record, a day at a time, in the order in which it happened."""
    store = Store(home.state_dir).load()
    happened.sort(key=lambda event: event["at"])
    day: list[Event] = []
    for event in happened:
        if day and day[0]["at"][:10] != event["at"][:10]:
            store.record(datetime.fromisoformat(day[0]["at"]), *day, sync=False)
            day = []
        day.append(event)
    store.record(datetime.fromisoformat(day[0]["at"]), *day, sync=False)
    store.checkpoint(NOW)


def _at(moment: datetime, event: Any) -> Event:
    return {"at": format_utc(moment), **event}


def _of_ticks(folder: Path) -> Iterator[Event]:
    """Yield whose state it is, a tick an hour, and the times without ticks."""
    yield _at(BEGIN, owner_events.recorded(str(folder.resolve()), machine.host_id()))
    yield _at(BEGIN, tick_events.tick_interval_installed("crontab", 60))
    for gap in (*OUTAGES, BACK):
        explained = tick_events.gap_explained(gap.start, gap.end, gap.cause.value)
        yield _at(gap.end, explained)
        if gap.cause is Cause.OFF:
            yield _at(gap.end, events.machine_booted(f"boot {gap.end}", gap.end - MINUTE, []))
    tick = BEGIN
    while tick <= NOW:
        if not any(gap.start < tick < gap.end for gap in OUTAGES):
            yield _at(tick + timedelta(seconds=5), events.tick_ended(1, started=tick))
        tick += timedelta(hours=1)


def _by_hand(jobs: dict[str, Job]) -> Iterator[Event]:
    """Yield what people did: a pause, a deferral, a skipped slot, runs; and what incidents told."""
    paused_at, reason = NAMED["solar-readout"].paused or (NOW, "")
    if "solar-readout" in jobs:
        yield _at(paused_at, events.job_paused("solar-readout", None, reason))
    if "rotate-logs" in jobs:
        until = utc("11-01 12:00")
        yield _at(utc("10-31 13:00"), events.job_deferred("rotate-logs", until, "disk is full"))
    if "report-morning" in jobs:
        skip = events.skip_requested("report-morning", utc("11-02 06:30"))
        yield _at(utc("10-31 13:05"), skip)
    if "index-search" in jobs:
        begun = NOW - timedelta(minutes=11)
        attempt = Attempt(f"{begun:%Y%m%dT%H%M%S}-aaaaaa", jobs["index-search"], None)
        yield _at(begun, events.run_started(attempt, machine.boot_id()))
    if "restore-test" in jobs:
        yield from _run_by_hand(jobs["restore-test"], utc("10-20 10:00"))
    yield from _incidents(jobs)


def _run_by_hand(job: Job, begun: datetime) -> Iterator[Event]:
    attempt = Attempt(f"{begun:%Y%m%dT%H%M%S}-bbbbbb", job, None)
    result = AttemptResult(Outcome.SUCCEEDED, timedelta(minutes=11))
    yield _at(begun, events.run_started(attempt, machine.boot_id()))
    end = begun + result.duration
    yield _at(end, events.run_ended(attempt, result, Resolution(answered=True), begun, end))


def _suspensions(story: Story) -> Iterator[Event]:
    if story.suspended_at is not None:
        error = story.fate.troubles[0].error
        yield from _incident(Kind.SUSPENDED, story.job.id, story.suspended_at, error, count=20)


def _incidents(jobs: dict[str, Job]) -> Iterator[Event]:
    """Yield incidents: open, open and acknowledged, closed."""
    changed = ("its file ~/.config/restic/repo is another one since 22 Oct 18:40",)
    if "backup-offsite" in jobs:
        begun, case = utc("10-23 01:25"), case_of(Kind.FAILING, "backup-offsite")
        yield from _incident(Kind.FAILING, "backup-offsite", begun, "exit code 10", changed=changed)
        for day in (24, 26, 30):
            reminded = incident_events.reminded(case, new_id(case, format_utc(begun)))
            yield _at(utc(f"10-{day} 01:30"), reminded)
    if "audit-packages" in jobs:
        begun, case = utc("10-30 05:34"), case_of(Kind.SLOW, "audit-packages")
        slow = "its last runs took far longer"
        yield from _incident(Kind.SLOW, "audit-packages", begun, slow)
        known = incident_events.acknowledged(
            case, new_id(case, format_utc(begun)), utc("11-02 08:00")
        )
        yield _at(utc("10-30 09:00"), known)
    closed = (
        ("thumbnails", "10-26 03:45", "10-27 03:31", "timed out after 45 min"),
        ("thumbnails", "10-30 03:45", "10-31 06:13", "timed out after 45 min"),
        ("sync-calendar", "10-31 08:07", "10-31 10:07", "exit code 69"),
        ("heartbeat-ping", "10-30 18:04", "10-30 18:45", "curl: (7) Failed to connect"),
    )
    for job, begin, end, error in closed:
        if job in jobs:
            yield from _incident(Kind.FAILING, job, utc(begin), error, end=utc(end))
    silent = "cron did not run for 1 h 40 min"
    yield from _incident(Kind.NO_TICKS, "", utc("10-27 10:40"), silent, end=utc("10-28 10:40"))


def _incident(
    kind: Kind, job: str, begun: datetime, error: str, *, end: datetime | None = None, **more: Any
) -> Iterator[Event]:
    case = case_of(kind, job or "cron")
    ident = new_id(case, format_utc(begun))
    yield _at(begun, incident_events.opened(case, ident, kind.value, job, error, **more))
    if end is not None:
        yield _at(end, incident_events.closed(case, ident, "succeeded"))


def _print(home: Home, outputs: list[Output]) -> None:
    for output in outputs[-KEPT_OUTPUTS:]:
        home.printed(output.job, output.run_id, output.text)


def _beat(home: Home) -> None:
    """Leave the heartbeat of a tick that came at NOW."""
    clocks = heartbeat.read_clocks(NOW)
    heartbeat.save(home.state_dir, Heartbeat(NOW.timestamp(), *clocks[1:]))
