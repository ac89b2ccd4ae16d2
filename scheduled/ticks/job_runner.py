"""Runs that are claimed: how they start together, and how their ends are recorded together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduled.errors import StateError
from scheduled.jobs.model import AttemptResult
from scheduled.planning import active_runs, resolve
from scheduled.runs.process import Running
from scheduled.state import events, history, records
from scheduled.state.history import Row
from scheduled.system import processes
from scheduled.system.locks import Lock
from scheduled.ticks.claim import Claim
from scheduled.ticks.context import TickContext
from scheduled.timing.timezones import zone_info

if TYPE_CHECKING:
    from scheduled.state.event_types import NotNow, RunEnded

SUPERSEDED = "a newer slot was taken up meanwhile"


class StartedRun(NamedTuple):
    """A run in progress, and the lock of its lane."""

    running: Running
    lock: Lock
    started_at: datetime


class JobRunner:
    """Starts the claimed runs of a tick and records their ends."""

    def __init__(self, tick: TickContext) -> None:
        self._tick = tick

    def start(self, claims: Sequence[Claim]) -> Iterator[StartedRun]:
        """Sync the claims to the disk, then start their runs, each as the next one is asked for.

        Raises StateError if they cannot be synced; then nothing was started.
        """
        try:
            self._tick.store.sync()
        except StateError:
            for claim in claims:
                claim.lock.release()
            raise
        for claim in claims:
            job = claim.attempt.job
            handler_memory = records.handler_memory(
                self._tick.store.state, job.id, job.memory_section
            )
            context = self._tick.run_context
            running = self._tick.effects.start(claim.attempt, handler_memory, context)
            yield StartedRun(running, claim.lock, claim.started_at)

    def record_children(self, runs: Sequence[StartedRun]) -> None:
        """Record the process of each run, by which a later tick knows whether the run lives on."""
        children = [(run.running.attempt, run.running.pid) for run in runs if run.running.pid]
        if children:
            spawned = [
                events.process_started(attempt, pid, processes.start_time(pid))
                for attempt, pid in children
            ]
            self._tick.store.record(self._tick.clock(), *spawned, sync=False)

    def end(self, run: StartedRun, result: AttemptResult, outgoing: list[dict[str, Any]]) -> Row:
        """Record how a run ended, with its messages; `release_locks` syncs that to the disk."""
        with self._tick.store.locked():  # somebody may have told it to stop
            event = self._end_event(run, result)
            if outgoing:
                event["outgoing"] = outgoing
            before = resolve.cancelled_retry(self._tick.memory(event["job"]), event)
            self._tick.write_end(event, result.trouble, *before, sync=False)
        row = history.row_of(event)
        assert row is not None
        return row

    def release_locks(self, runs: Sequence[StartedRun]) -> None:
        """Sync the recorded ends to the disk, then release the locks. Raises StateError."""
        try:
            self._tick.store.sync()
        finally:
            for run in runs:
                run.lock.release()

    def _end_event(self, run: StartedRun, result: AttemptResult) -> "RunEnded | NotNow":
        attempt, now = run.running.attempt, self._tick.clock()
        memory = self._tick.memory(attempt.job.id)
        active_run = memory.run(attempt.run_id)
        if active_run is not None and active_run.stop is not None:
            result = resolve.as_stopped(result, active_run.stop.reason)
        if result.not_now and active_runs.is_superseded(memory, attempt.slot):
            result = replace(result, reason=f"not now: {result.reason}; {SUPERSEDED}")
        elif result.not_now:
            return events.run_said_not_now(attempt, result.reason, run.started_at, now)
        local = self._tick.slots.now.astimezone(zone_info(self._tick.run_context.zone))
        resolution = resolve.resolve(attempt, result, memory, now)
        ended = events.run_ended(attempt, result, resolution, run.started_at, now)
        return events.with_last_run(ended, attempt.job, local)
