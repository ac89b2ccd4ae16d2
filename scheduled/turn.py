"""One job's turn in a tick: its lock, the decision that counts, the beginning, and the end.

The lock comes before the decision. Decided first, two ticks that overlap would both find the
same slot due, and the second would run it again after its wait. What happens is written down
before it happens, so that a tick which dies leaves a trace.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scheduled import backoff, entries, execute, heartbeat, history, locks, plan, supervise
from scheduled import state as states
from scheduled.decision import Decision, Verdict
from scheduled.entries import Settled
from scheduled.execute import Running, Surroundings
from scheduled.history import Row
from scheduled.journal import Event
from scheduled.locks import Lock
from scheduled.model import Attempt, Ended, Job, Missed, OnInterrupted, Outcome
from scheduled.sky import Sky
from scheduled.state import Open, Record
from scheduled.store import Store


@dataclass(frozen=True)
class Begun:
    """A run under way, and the lock that goes with it."""

    running: Running
    lock: Lock
    at: datetime


@dataclass(frozen=True)
class Left:
    """A job that was not started in its turn, and why; `row` where a slot ended by it."""

    reason: str
    row: Row | None = None
    is_busy: bool = False


def survivor(opened: Open) -> int:
    """The process of a run whose tick died, if it lives on; 0 if it does not."""
    if opened.boot_id != heartbeat.boot_id():
        return 0
    if opened.pid is None:
        return supervise.find(opened.run_id)
    alive = supervise.is_alive(opened.pid, opened.pid_started or 0)
    return opened.pid if alive else 0


@dataclass(frozen=True)
class Hands:
    """What a turn does to the machine it runs on. A rehearsal has hands that only pretend."""

    take_lock: Callable[[Path, str], Lock | None] = locks.take_job
    start: Callable[[Attempt, dict[str, Any], Surroundings], Running] = execute.start
    survivor: Callable[[Open], int] = survivor
    """The process of a run whose tick died, to be left alone or killed; 0 if there is none."""
    settle: Callable[[str, str, Job | None, Surroundings], str] = execute.settle
    """Finish the output of such a run."""


REAL = Hands()


@dataclass(frozen=True)
class Turns:
    """What all turns of a tick share."""

    store: Store
    jobs: Mapping[str, Job]
    """Every job there is, by id."""
    around: Surroundings
    above: Sky
    on_time: timedelta
    clock: Callable[[], datetime]
    """The tick's own time: its `now`, moved on by what has elapsed since."""
    warn: Callable[[str], object]
    """Called with a sentence about what a person should hear of though no job failed."""
    hands: Hands = REAL

    def later(self) -> "Turns":
        """The same turns, with decisions made as of now and no longer as of the tick's start."""
        return replace(self, above=Sky.at(self.clock()))

    def record(self, name: str) -> Record:
        """What is remembered now about the job of that id."""
        return states.record(self.store.state, name)

    def take(self, job: Job, *, by_hand: bool = False, slotless: bool = False) -> Begun | Left:
        """Start `job` for the slot that is due, else, when asked for by hand, without a slot.

        `slotless` leaves a slot that is due to a later tick.
        Never waits for a run that goes on elsewhere. Raises LockedError or StateError, and then
        nothing was started.
        """
        lock = self.hands.take_lock(self.store.state_dir, job.id)
        if lock is None:
            return Left("still running", is_busy=True)
        try:
            taken = self._decided(job, lock, by_hand=by_hand, slotless=slotless)
        except BaseException:
            lock.release()
            raise
        if isinstance(taken, Left):
            lock.release()
        return taken

    def end(self, begun: Begun, ended: Ended, outgoing: list[dict[str, Any]]) -> Row:
        """Record how a run ended, with the messages it gave rise to, and let go of the job."""
        try:
            event = self._end_event(begun, ended)
            if outgoing:
                event["outgoing"] = outgoing
            self._record(event, ended.trouble)
        finally:
            begun.lock.release()
        row = history.of_event(event)
        assert row is not None
        return row

    def recover(self, name: str, opened: Open) -> str:
        """Settle a run whose tick died; the caller holds the job's lock.

        Returns why the job must still be left alone, or nothing once the run is on record as
        interrupted.
        """
        pid = self.hands.survivor(opened)
        if pid and self.above.now < opened.started_at + timedelta(seconds=opened.deadline_seconds):
            return f"still running as process {pid}, though the tick that started it died"
        if pid:
            supervise.kill_family(pid, opened.run_id)
        record = self.record(name)
        answered = self._is_given_up(name, record.interruptions)
        event = entries.interrupted(name, opened, answered=answered)
        trouble = self.hands.settle(name, opened.run_id, self.jobs.get(name), self.around)
        self._record(event, trouble)
        self.warn(f"{name}: run {opened.run_id} was interrupted: its tick died")
        return ""

    def _record(self, event: Event, trouble: str) -> None:
        """Record the end of a run, and tell of what went wrong with its output."""
        if trouble:
            event["trouble"] = trouble
            self.warn(f"{event['job']}: {trouble}")
        self.store.record(self.clock(), event)

    def _decided(self, job: Job, lock: Lock, *, by_hand: bool, slotless: bool) -> Begun | Left:
        self.store.refresh()
        record = self.record(job.id)
        if record.open is not None:
            still = self.recover(job.id, record.open)
            if still:
                return Left(still, is_busy=True)
            record = self.record(job.id)
        decision = plan.decide(job, record, self.above, self.on_time)
        if decision.verdict is Verdict.GIVE_UP:
            record = self._give_up(decision)
            decision = plan.decide(job, record, self.above, self.on_time)
        if decision.verdict is Verdict.RUN and not slotless:
            blocker = self._blocker(decision)
            if blocker is not None and not by_hand:
                return Left(f"waits for {blocker} to succeed", is_busy=True)
            return self._begin(job, lock, record, decision)
        if by_hand:
            return self._begin(job, lock, record, Decision(job, Verdict.RUN))
        if decision.verdict is Verdict.SKIP:
            return self._skip(decision)
        return Left(decision.reason or "another tick has done it")

    def _blocker(self, decision: Decision) -> str | None:
        assert decision.slot is not None

        return plan.blocker(decision.job, decision.slot, self.jobs, self.record, self.above)

    def _give_up(self, decision: Decision) -> Record:
        assert decision.slot is not None
        self.store.record(self.clock(), entries.given_up(decision))
        return self.record(decision.job.id)

    def _skip(self, decision: Decision) -> Left:
        assert decision.slot is not None
        event = entries.skipped(decision)
        passed = self._missed(decision.job, decision.missed, decision.cause)
        self.store.record(self.clock(), *passed, event)
        return Left(decision.reason, history.of_event(event))

    def _begin(self, job: Job, lock: Lock, record: Record, decision: Decision) -> Begun:
        at = self.clock()
        coalesced = record.coalesced + (decision.missed.count if decision.missed else 0)
        attempt = Attempt(
            run_id=f"{at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            job=job,
            slot=decision.slot,
            attempt=decision.attempt + record.interruptions if decision.slot else 1,
            catch_up=decision.catch_up,
            missed=coalesced if decision.slot else 0,
            last_success=record.last_success,
        )
        intent = entries.begun(attempt, heartbeat.boot_id())
        passed = [
            *self._missed(job, decision.too_late, cause="too late"),
            *self._missed(job, decision.missed),
        ]
        self.store.record(at, *passed, intent)
        memory = states.memory(self.store.state, job.id, job.remembers_in)
        running = self.hands.start(attempt, memory, self.around)
        if running.pid:
            started = supervise.start_time(running.pid)
            spawned = entries.spawned(attempt, running.pid, started)
            self.store.record(self.clock(), spawned, sync=False)  # it only helps a recovery
        return Begun(running, lock, at)

    def _missed(self, job: Job, missed: Missed | None, cause: str = "") -> list[Event]:
        why = cause or entries.cause(missed, self.store.state["gaps"])
        return entries.missed(job.id, missed, why)

    def _end_event(self, begun: Begun, ended: Ended) -> Event:
        attempt = begun.running.attempt
        if ended.not_now:
            return entries.put_off(attempt, ended.reason, begun.at, self.clock())
        local = self.above.now.astimezone(ZoneInfo(self.around.zone))
        return {
            **entries.ended(attempt, ended, self._settled(attempt, ended), begun.at, self.clock()),
            **entries.noted(attempt, local),
        }

    def _settled(self, attempt: Attempt, ended: Ended) -> Settled:
        """What this end means for the slot: done with, or tried again, and when."""
        retry_at = self._retry_at(attempt, ended)
        interruptions = self.record(attempt.job.id).interruptions
        given_up = self._is_given_up(attempt.job.id, interruptions)
        open_still = ended.outcome is Outcome.INTERRUPTED and not given_up
        answered = retry_at is None and not open_still
        return Settled(answered, retry_at, _is_dead(attempt, ended, retry_at))

    def _retry_at(self, attempt: Attempt, ended: Ended) -> datetime | None:
        """When a failed slot is tried again; None if it is not."""
        job = attempt.job
        if not ended.outcome.is_failure or ended.final or attempt.slot is None:
            return None
        if attempt.attempt > job.max_retries:
            return None
        wait = backoff.delay(attempt.attempt - 1, base=job.retry_delay, cap=job.max_retry_delay)
        return self.clock() + timedelta(seconds=wait)

    def _is_given_up(self, name: str, interruptions: int) -> bool:
        """Whether a slot whose run was interrupted once more ends by that."""
        job = self.jobs.get(name)
        if job is not None and job.on_interrupted is OnInterrupted.SKIP:
            return True
        return interruptions >= plan.RERUNS


def _is_dead(attempt: Attempt, ended: Ended, retry_at: datetime | None) -> bool:
    """Whether a slot has failed for good though the job has retries."""
    tries = attempt.job.max_retries > 0 and attempt.slot is not None
    return tries and ended.outcome.is_failure and retry_at is None
