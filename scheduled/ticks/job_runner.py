"""Runs that are claimed: how they start together, and how their ends are recorded together."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from scheduled.errors import StateError
from scheduled.jobs.model import AttemptResult
from scheduled.quick_classes import NamedTuple
from scheduled.runs.process import Running
from scheduled.state import process_events, records
from scheduled.state.history import Row
from scheduled.system.locks import Lock
from scheduled.ticks import run_end
from scheduled.ticks.claim import Claim
from scheduled.ticks.context import TickContext


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
            running = self._tick.effects.start(claim.attempt, handler_memory, context, claim.lock)
            yield StartedRun(running, claim.lock, claim.started_at)

    def record_children(self, runs: Sequence[StartedRun]) -> None:
        """Record the processes that have become known, by which a later tick finds the runs."""
        known = [run.running for run in runs if run.running.is_known]
        new = [running for running in known if not running.is_recorded]
        for running in new:
            running.is_recorded = True
        if new:
            spawned = [
                process_events.process_started(running.attempt, running.family) for running in new
            ]
            self._tick.store.record(self._tick.clock(), *spawned, sync=False)

    def end(self, run: StartedRun, result: AttemptResult, outgoing: list[dict[str, Any]]) -> Row:
        """Record how a run ended, with its messages; `release_locks` syncs that to the disk."""
        attempt, now = run.running.attempt, self._tick.clock()
        return run_end.record(
            self._tick, attempt, result, (run.started_at, now), outgoing, sync=False
        )

    def release_locks(self, runs: Sequence[StartedRun]) -> None:
        """Sync the recorded ends to the disk, then release the locks. Raises StateError."""
        try:
            self._tick.store.sync()
            for run in runs:
                attempt = run.running.attempt
                self._tick.effects.forget(attempt.job.id, attempt.run_id, self._tick.run_context)
        finally:
            for run in runs:
                run.lock.release()
