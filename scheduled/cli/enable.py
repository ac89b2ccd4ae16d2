"""`scheduled enable`: let a job run at its scheduled times again.

The configuration is never written. The choice is kept in the state, takes precedence over the
configuration, and lasts until the opposite is chosen.
"""

from datetime import datetime

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, changes_state
from scheduled.cli.each_job import for_each, jobs_argument
from scheduled.cli.registering import put_on_record
from scheduled.config.lookup import find_jobs
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.planning import active_runs, decide, resolve
from scheduled.planning.due import schedule_for
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import Start, is_registered
from scheduled.state import events
from scheduled.state.journal import Event
from scheduled.state.records import Deferral, JobMemory, job_memory
from scheduled.state.store import Store
from scheduled.timing.slots import is_anchored
from scheduled.timing.timezones import INSTANT

DISABLED = "disabled"
"""The recorded reason of slots that came while the job was disabled."""


@command()
@jobs_argument
@click.pass_obj
@changes_state
def enable(session: Session, names: tuple[str, ...]) -> int:
    """Enable JOB. Runs that it missed while disabled are skipped, not caught up."""
    jobs = find_jobs(session.config, names)
    return for_each(jobs, lambda job: switch(session, job, enabled=True))


def switch(session: Session, job: Job, *, enabled: bool) -> None:
    """Enable or disable a job and print what came of it."""
    if enabled and job.is_switched_off:
        place = session.config.origins["enabled"]
        raise UsageError(f"{place}: enabled: false disables all jobs; remove it first")
    recorded = _record(session.store, job, session.now, enabled=enabled)
    if recorded:
        if enabled:
            put_on_record(session, [job.id], Start())
        session.store.checkpoint(session.now)
    session.say(_result(job.id, recorded, enabled=enabled))


def _record(store: Store, job: Job, now: datetime, *, enabled: bool) -> list[Event]:
    """Record the change and return its events: none if it is so already.

    Decided under the journal's lock, on what the journal says then: of two who say the same at
    once, one changes it and one finds it changed.
    """
    with store.locked():
        memory = job_memory(store.state, job.id)
        if enabled and (continued := _continued(job, memory, now)):
            store.write(now, *continued)
            return continued
        if decide.is_enabled(job, memory) == enabled:
            return []
        passed = _skip_passed(job, memory, now) if enabled else []
        recorded = [events.job_enabled(job.id, enabled=enabled), *passed]
        store.write(now, *recorded)
        return recorded


def _continued(job: Job, memory: JobMemory, now: datetime) -> list[Event]:
    """Return the events that let a job run again that has had its `max_runs`; it counts from now.

    None for a job that has not; later times did not exist for it, so none of them was missed.
    """
    if job.max_runs is None or not is_registered(job, memory):
        return []
    from scheduled.planning import run_limit

    if job.max_runs != memory.max_runs or not run_limit.is_used_up(memory):
        return []
    return run_limit.begin_anew(job, memory, now)


def _skip_passed(job: Job, memory: JobMemory, now: datetime) -> list[Event]:
    """Return the events that end the slots that came while the job was disabled.

    Without them the next tick would take these slots for missed ones and run the job at once,
    and no edit ever fires by itself.
    """
    schedule, slots = schedule_for(job, memory, now), SlotCache.at(now)
    answered, retry = active_runs.newest_claimed(memory, now) or memory.anchor, memory.retry
    if answered is None or not is_registered(job, memory):
        return []  # the next tick registers the job, and decides as it does then
    anchor = memory.anchor if is_anchored(schedule) else None
    newest = _newest(slots.latest(schedule, None, anchor), memory.deferral, now)
    ends: list[Event] = []
    if retry is not None and (retry.at <= now or (newest and retry.slot < newest)):
        ends += resolve.call_off(job.id, memory, DISABLED, job)
    if newest is None or newest <= answered:
        return ends
    before = slots.missed_range(schedule, answered, newest - INSTANT, anchor)
    skipped = events.slot_skipped(job.id, newest, DISABLED)
    return [*ends, *events.slots_missed(job.id, before, DISABLED), skipped]


def _newest(slot: datetime | None, deferral: Deferral | None, now: datetime) -> datetime | None:
    """Return the newest slot, or the end of a deferral where that came later."""
    end = deferral.until if deferral is not None and deferral.until <= now else None
    return max((instant for instant in (slot, end) if instant is not None), default=None)


def _result(name: str, recorded: list[Event], *, enabled: bool) -> str:
    word = "enabled" if enabled else "disabled"
    if not recorded:
        return f"{name} is already {word}; nothing was changed."
    passed = [event for event in recorded if event["event"] in ("missed", "skipped")]
    count = sum(event.get("count", 1) for event in passed)
    runs = (
        "run that was scheduled meanwhile is"
        if count == 1
        else (f"{count} runs that were scheduled meanwhile are")
    )
    more = f" The {runs} skipped." if count else ""
    if any(event.get("anew") for event in recorded):
        more = " Its max_runs are counted anew."
    return f"{name} is {word} now.{more}"
