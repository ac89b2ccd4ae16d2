"""What a tick tells a person, and when: what is to be told is found out by others.

Here it is asked, at little cost, whether there is anything; most ticks have nothing to tell.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from scheduled.config.load import Config
from scheduled.errors import LockedError, ScheduledError, is_no_space
from scheduled.jobs.model import Job
from scheduled.planning.incidents import oldest_success
from scheduled.runs import output
from scheduled.state.document import State
from scheduled.state.gap_entry import GapEntry
from scheduled.state.heartbeat import Cause
from scheduled.state.records import DAY
from scheduled.ticks import clean_up, opening
from scheduled.ticks.context import TickContext
from scheduled.ticks.report import NO_SPACE_CASE, NO_SPACE_MARK, Report
from scheduled.ticks.signals import EVERY, Bus
from scheduled.timing.instants import parse_utc

LONG = 10.0
"""Seconds. Runs that take less, and always did, are never unusually long or short."""
_SIGNS = frozenset(("settled", "suspended", "open", "beside"))
"""What a job has in the state that may be ill."""


@contextmanager
def subscribers(
    config: Config, context: TickContext, report: Report, bus: Bus
) -> Iterator[Callable[[], object]]:
    """Have the subscribers of a configuration told of what a tick fires meanwhile.

    Yield what has to be called often while runs are in progress.
    """
    if not config.subscribe:
        context.store.recorded = [] if bus.is_heard else None
        yield lambda: None
        return
    from scheduled.ticks import announcing
    from scheduled.ticks.subscribers import Subscribers

    context.store.recorded = []
    told = Subscribers(config, context.run_context.environ, context.clock)
    bus.subscribe(EVERY, told.take)
    try:
        yield told.poll
        with report.catch_storage_errors():
            report.notes += announcing.finish(told, context.store, context.clock())
    finally:
        bus.unsubscribe(EVERY, told.take)
        told.end()


@contextmanager
def logged(config: Config, context: TickContext, report: Report, bus: Bus) -> Iterator[None]:
    """Have `log_file` say what a tick does; rotate the logs when it is over."""
    if not config.log_file:
        yield
        clean_up.logs(config, context, report)
        return
    from scheduled.ticks.log_file import LogFile

    log = LogFile(config, report, context.clock)
    bus.subscribe(EVERY, log.take)
    try:
        yield
        log.finish()
        clean_up.logs(config, context, report, log.opened())
    finally:
        bus.unsubscribe(EVERY, log.take)
        log.close()


def incidents(config: Config, context: TickContext, report: Report, bus: Bus) -> None:
    """Find out what becomes of incidents by what this tick has seen."""
    if not _may_be_ill(config, context.store.state, report, context.clock()):
        return
    from scheduled.ticks import incidents

    with report.catch_storage_errors():
        incidents.update(context, config, report, bus, context.clock())


def leave_word(
    config: Config, trouble: ScheduledError | None, now: datetime, *, is_plain: bool
) -> None:
    """Leave word beside the state of what it could not take. Never raises."""
    if isinstance(trouble, LockedError) and is_plain:
        opening.note_locked_out(config.places.state_dir, now)
    if trouble is not None and config.log_file:
        from scheduled.ticks import log_file

        log_file.note(config, trouble, now)
    if is_no_space(trouble):
        from scheduled.ticks import data_loss

        data_loss.tell_unrecorded(config, trouble, now)


def given_up(config: Config, context: TickContext, report: Report) -> bool:
    """Tell channels of incidents all messages of which were given up; return whether there are.

    Raises LockedError or StateError.
    """
    from scheduled.ticks import incidents

    return incidents.tell_new_channels(context, config, report, context.clock())


def risks(config: Config, context: TickContext, report: Report, bus: Bus) -> None:
    """Tell of data that was lost, or may be; and which of that is over."""
    state_dir = context.store.state_dir
    if report.ran:
        runs = state_dir / "runs"
        lost = f"{runs}: what jobs print cannot be kept, or not all of it"
        disk = runs if os.path.ismount(runs) else state_dir
        report.note_space("output", disk, lost if output.has_no_space(runs) else "")
    is_marked = os.path.lexists(state_dir / NO_SPACE_MARK)
    is_open = any(case.startswith(NO_SPACE_CASE) for case in context.store.state["incidents"])
    if report.recovered or report.no_space or is_marked or is_open:
        from scheduled.ticks import data_loss

        with report.catch_storage_errors():
            data_loss.tell(config, context.store, report, bus, context.clock())


def next_due(jobs: Iterable[Job], state: State, now: datetime) -> datetime | None:
    """Return when something may have to be told though nothing happens; None for never."""
    looks: list[datetime] = []
    if state["incidents"]:
        from scheduled.ticks import incidents

        looks += filter(None, (incidents.next_due(state, now),))
    for job in jobs:
        if job.max_age and f"missed: {job.id}" not in state["incidents"]:
            entry: Any = state["jobs"].get(job.id) or {}
            known = [parse_utc(entry.get("last_success")), parse_utc(entry.get("anchor"))]
            since = max((at for at in known if at is not None), default=now)
            limit = oldest_success(job, since)
            looks += [limit] if limit > now else []
    return min(looks, default=None)


def _may_be_ill(config: Config, state: State, report: Report, now: datetime) -> bool:
    return bool(
        state["incidents"]
        or state["dead_letter"]
        or report.told
        or report.problems
        or report.lock_trouble
        or report.shortage
        or any(message.get("failures") for message in state["outbox"])
        or any(_is_recent_silence(gap, now) for gap in state["gaps"])
        or any(job.max_age or job.warn_after for job in config.jobs)
        or any(not _SIGNS.isdisjoint(entry) for entry in state["jobs"].values())
        or state.get("unreached")
        or any(_was_long(state, row["job"]) for row in report.ran)
    )


def _is_recent_silence(gap: GapEntry, now: datetime) -> bool:
    end = parse_utc(gap.get("to"))
    return gap.get("cause") == Cause.SILENT.value and end is not None and now - end < DAY


def _was_long(state: State, job: str) -> bool:
    return max(state["jobs"].get(job, {}).get("durations") or (0.0,)) >= LONG
