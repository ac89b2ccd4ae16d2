"""The commands that change what is remembered about a job: enable, disable.

The configuration is never written. What is said here lies in the state, counts for more than
the configuration, and stays until it is said otherwise.
"""

from datetime import datetime

import click

from scheduled.cli.context import Session
from scheduled.config.lookup import find_job
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import active_runs, decide
from scheduled.planning.decide import INSTANT
from scheduled.planning.slot_cache import SlotCache
from scheduled.state import events
from scheduled.state.journal import Event
from scheduled.state.records import Deferral, JobMemory, job_memory
from scheduled.state.store import Store
from scheduled.timing import expression
from scheduled.timing.slots import is_anchored

PASSED = "disabled"
"""Why slots were skipped that came while the job was not wanted to run."""


@click.command()
@click.argument("job")
@click.pass_obj
def enable(session: Session, job: str) -> None:
    """Let JOB run at its slots again. What passed meanwhile is skipped, not caught up."""
    _switch(session, job, enabled=True)


@click.command()
@click.argument("job")
@click.pass_obj
def disable(session: Session, job: str) -> None:
    """Keep JOB from running at its slots. A run under way goes on."""
    _switch(session, job, enabled=False)


def _switch(session: Session, name: str, *, enabled: bool) -> None:
    job = find_job(session.config, name)
    recorded = _recorded(session.store, job, session.now, enabled=enabled)
    if recorded:
        session.store.checkpoint(session.now)
    if not session.quiet:
        click.echo(_told(name, recorded, enabled=enabled))


def _recorded(store: Store, job: Job, now: datetime, *, enabled: bool) -> list[Event]:
    """Record the change and return its events: none if it is so already.

    Decided under the journal's lock, on what the journal says then: of two who say the same at
    once, one changes it and one finds it changed.
    """
    with store.locked():
        remembered = job_memory(store.state, job.id)
        if decide.is_enabled(job, remembered) == enabled:
            return []
        passed = _passed(job, remembered, now) if enabled else []
        recorded = [events.job_enabled(job.id, enabled=enabled), *passed]
        store.write(now, *recorded)
        return recorded


def _passed(job: Job, remembered: JobMemory, now: datetime) -> list[Event]:
    """The end of the slots that came while the job was disabled.

    Without it the next tick would take them for missed ones and run the job at once, and no
    edit ever fires by itself.
    """
    schedule, above = schedule_of(job), SlotCache.at(now)
    answered, retry = active_runs.newest_claimed(remembered) or remembered.anchor, remembered.retry
    if answered is None or remembered.fingerprint != expression.fingerprint(schedule):
        return []  # the next tick meets it for the first time, and decides as it does then
    anchor = remembered.anchor if is_anchored(schedule) else None
    newest = _newest(above.latest(schedule, None, anchor), remembered.deferral, now)
    recorded: list[Event] = []
    if retry is not None and (retry.at <= now or (newest and retry.slot < newest)):
        recorded.append(events.retry_cancelled(job.id, retry.slot, PASSED))
    if newest is None or newest <= answered:
        return recorded
    before = above.missed_range(schedule, answered, newest - INSTANT, anchor)
    skipped = events.slot_skipped(job.id, newest, PASSED)
    return [*recorded, *events.slots_missed(job.id, before, PASSED), skipped]


def _newest(slot: datetime | None, deferral: Deferral | None, now: datetime) -> datetime | None:
    """The newest slot, or the end of a deferral where that came later."""
    end = deferral.until if deferral is not None and deferral.until <= now else None
    return max((one for one in (slot, end) if one is not None), default=None)


def _told(name: str, recorded: list[Event], *, enabled: bool) -> str:
    word = "enabled" if enabled else "disabled"
    if not recorded:
        return f"{name} is {word} already; nothing was changed."
    passed = [event for event in recorded if event["event"] in ("missed", "skipped")]
    count = sum(event.get("count", 1) for event in passed)
    what = "the slot that" if count == 1 else f"the {count} slots that"
    more = f" It is not run for {what} passed meanwhile." if count else ""
    return f"{name} is {word} now.{more}"
