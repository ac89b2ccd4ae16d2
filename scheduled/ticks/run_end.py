"""What is recorded of a run that ended, whether its own tick saw that or a later one."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.planning import resolve
from scheduled.quick_classes import replace
from scheduled.runs import circumstances
from scheduled.state import events, history
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.state.resolution import Resolution
from scheduled.ticks.context import TickContext
from scheduled.timing.timezones import zone_info

if TYPE_CHECKING:
    from scheduled.state.event_types import NotNow, RunEnded

SUPERSEDED = "a newer slot was taken up meanwhile"


def record(
    tick: TickContext,
    attempt: Attempt,
    result: AttemptResult,
    lasted: tuple[datetime, datetime],
    outgoing: list[dict[str, Any]],
    *,
    sync: bool = True,
) -> Row:
    """Record how a run ended and what follows from it, with its messages; return its row.

    Its ping is handed over first: a tick that is killed in between has the next one send it again.
    `lasted` is from when to when it ran. Who has to be told of a failure is told.
    """
    job = attempt.job
    with tick.store.locked():  # somebody may have told it to stop
        memory = tick.memory(job.id)
        event, resolution = _end(tick, attempt, result, lasted)
        if event["event"] == "end" and event["outcome"] == Outcome.SUCCEEDED and not attempt.given:
            _note_circumstances(tick, job, result.handler_file, lasted, event)
        if outgoing:
            event["outgoing"] = outgoing
        if result.events:
            event["fired"] = [*map(_fired, result.events)]
        before = [*resolve.replaced_retry(memory, event, job), *_refused(attempt, result)]
        row = history.row_of(event)
        assert row is not None
        tick.pings.ended(job, row, result.exit_code)
        tick.write_end(event, result.trouble, *before, sync=sync)
    tick.tell_called_off(before)
    if resolution.told:
        tick.tell(row)
    return row


def _refused(attempt: Attempt, result: AttemptResult) -> list[Event]:
    """Return the event of a run that was not permitted to start."""
    if not result.is_refused:
        return []
    from scheduled.state import permission_events

    return [permission_events.refused(attempt.job.id, result.error, attempt.run_id)]


def _note_circumstances(
    tick: TickContext,
    job: Job,
    handler_file: str,
    lasted: tuple[datetime, datetime],
    event: "RunEnded",
) -> None:
    """Note what of the circumstances of a success is not kept yet; most of them add nothing."""
    kept = tick.store.state["jobs"].get(job.id, {}).get("circumstances")
    found = tick.effects.look_around(job, handler_file, tick.run_context)
    news = circumstances.news(found, kept if isinstance(kept, dict) else {}, lasted)
    if news:
        event["circumstances"] = news


def _fired(event: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return an event of a handler for the record; what it says to people is in the messages."""
    name, data = event
    return {"event": name, "data": {key: data[key] for key in data if key != "message"}}


def _end(
    tick: TickContext, attempt: Attempt, result: AttemptResult, lasted: tuple[datetime, datetime]
) -> "tuple[RunEnded | NotNow, Resolution]":
    """Return the event of a run's end, and what follows from it."""
    memory = tick.memory(attempt.job.id)
    active_run = memory.run(attempt.run_id)
    if active_run is not None and active_run.stop is not None:
        result = resolve.as_stopped(result, active_run.stop.reason)
    resolution = resolve.resolve(attempt.job, attempt, result, memory, tick.clock())
    is_silent = attempt.job.place in tick.store.state.get("unreached", ())
    is_reached = is_silent and not result.is_unstarted and bool(result.where.get("host"))
    if result.not_now and not resolution.answered:
        put_off = events.run_said_not_now(attempt, result.reason, resolution, *lasted)
        if result.is_shortage or result.is_unstarted:
            put_off["unstarted"] = True
        elif result.where:
            put_off["where"] = result.where
        if result.is_unreached:
            put_off["unreached"] = attempt.job.place
        elif is_reached:
            put_off["reached"] = attempt.job.place
        return put_off, resolution
    if result.not_now:
        result = replace(result, reason=f"not now: {result.reason}; {SUPERSEDED}")
    local = tick.slots.now.astimezone(zone_info(tick.run_context.zone))
    ended = events.run_ended(attempt, result, resolution, *lasted)
    if is_reached:
        ended["reached"] = attempt.job.place
    given = (active_run.given if active_run is not None else None) or {}
    if given.get("params") or given.get("env"):  # also of a run whose tick has left it
        return ended, resolution
    return events.with_last_run(ended, attempt.job, local), resolution
