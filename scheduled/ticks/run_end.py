"""What is recorded of a run that ended, whether its own tick saw that or a later one."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from scheduled.jobs.model import Attempt, AttemptResult
from scheduled.planning import active_runs, resolve
from scheduled.state import events
from scheduled.ticks.context import TickContext
from scheduled.timing.timezones import zone_info

if TYPE_CHECKING:
    from scheduled.state.event_types import NotNow, RunEnded

SUPERSEDED = "a newer slot was taken up meanwhile"


def event_of(
    tick: TickContext,
    attempt: Attempt,
    result: AttemptResult,
    started_at: datetime,
    finished_at: datetime,
) -> "RunEnded | NotNow":
    """Build the event of a run's end; for a caller within `store.locked`.

    Somebody may have told the run to stop, and a newer slot may have been taken up meanwhile.
    """
    memory = tick.memory(attempt.job.id)
    active_run = memory.run(attempt.run_id)
    if active_run is not None and active_run.stop is not None:
        result = resolve.as_stopped(result, active_run.stop.reason)
    if result.not_now and active_runs.is_superseded(memory, attempt.slot):
        result = replace(result, reason=f"not now: {result.reason}; {SUPERSEDED}")
    elif result.not_now:
        return events.run_said_not_now(attempt, result.reason, started_at, finished_at)
    local = tick.slots.now.astimezone(zone_info(tick.run_context.zone))
    resolution = resolve.resolve(attempt, result, memory, tick.clock())
    ended = events.run_ended(attempt, result, resolution, started_at, finished_at)
    return events.with_last_run(ended, attempt.job, local)
