"""One job's turn in a tick: its lock, the decision that counts, the beginning, and the end.

The lock comes before the decision. Decided first, two ticks that overlap would both find the
same slot due, and the second would run it again after its wait. What happens is written down
before it happens, so that a tick which dies leaves a trace.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduled.errors import StateError
from scheduled.jobs.model import Attempt, AttemptResult, Job, Overlap
from scheduled.planning import active_runs, decide, resolve
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.runs import stop
from scheduled.runs.effects import LIVE, Effects
from scheduled.runs.preconditions import GuardUnusableError, Refusal
from scheduled.runs.process import Running, TickContext
from scheduled.state import events, history, records
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.state.records import ActiveRun, JobMemory
from scheduled.state.store import Store
from scheduled.system import machine, processes
from scheduled.system.locks import Lock

STILL_RUNNING = "still running when it came due; overlap is skip"
REPLACED = "replaced: a newer slot came due"
PAST = "a newer slot was taken up meanwhile"


@dataclass(frozen=True)
class Claim:
    """A run that is on record and has no child yet, and the lock that goes with it."""

    attempt: Attempt
    lock: Lock
    at: datetime


@dataclass(frozen=True)
class StartedRun:
    """A run under way, and the lock that goes with it."""

    running: Running
    lock: Lock
    at: datetime


@dataclass(frozen=True)
class LaneLock:
    """The lock a job was taken with, and the lane it stands for."""

    lock: Lock
    lane: int


@dataclass(frozen=True)
class NotStarted:
    """A job that was not started in its turn, and why; `row` where a slot ended by it."""

    reason: str
    row: Row | None = None
    is_busy: bool = False
    """Whether its slot stays due."""
    is_running: bool = False
    """Whether that is because it runs already."""
    again_at: datetime | None = None
    """When to ask again in this tick; None for a later one."""
    problem: bool = False
    """Whether a person has to change something before it can ever start."""


@dataclass(frozen=True)
class JobRunner:
    """What all turns of a tick share."""

    store: Store
    jobs: Mapping[str, Job]
    """Every job there is, by id."""
    context: TickContext
    slots: SlotCache
    grace: timedelta
    clock: Callable[[], datetime]
    """The tick's own time: its `now`, moved on by what has elapsed since."""
    warn: Callable[[str], object]
    """Called with a sentence about what a person should hear of though no job failed."""
    effects: Effects = LIVE
    lanes: int = 1
    """How many runs of one job may go on side by side, where its policy allows that."""

    def later(self) -> "JobRunner":
        """The same turns, with decisions made as of now and no longer as of the tick's start."""
        return replace(self, slots=SlotCache.at(self.clock()))

    def record(self, name: str) -> JobMemory:
        """What is remembered now about the job of that id."""
        return records.job_memory(self.store.state, name)

    def claim(
        self, job: Job, *, by_hand: bool = False, slotless: bool = False
    ) -> Claim | NotStarted:
        """Record that `job` starts for the slot that is due, else, by hand, without a slot.

        `slotless` leaves a slot that is due to a later tick.
        Never waits for a run that goes on elsewhere. Raises LockedError or StateError, and then
        nothing is to start.
        """
        left = NotStarted("still running", is_busy=True, is_running=True)
        for lane in range(self.lanes if job.overlap is Overlap.ALLOW else 1):
            taken = self._claim_lane(job, lane, by_hand=by_hand, slotless=slotless)
            if isinstance(taken, Claim) or not taken.is_running:
                return taken
            left = taken
        return left if by_hand else self._overlapped(job, left)

    def _claim_lane(
        self, job: Job, lane: int, *, by_hand: bool, slotless: bool
    ) -> Claim | NotStarted:
        lock = self.effects.acquire_lock(self.store.state_dir, job.id, lane)
        if lock is None:
            return NotStarted("still running", is_busy=True, is_running=True)
        try:
            taken = None
            while taken is None:
                taken = self._decided(job, LaneLock(lock, lane), by_hand=by_hand, slotless=slotless)
        except BaseException:
            lock.release()
            raise
        if isinstance(taken, NotStarted):
            lock.release()
        return taken

    def start(self, intents: Sequence[Claim]) -> Iterator[StartedRun]:
        """Start the runs that are on record, each as the next one is asked for.

        First all intents are made to last. Raises StateError if they cannot be, and then nothing
        was started.
        """
        try:
            self.store.sync()
        except StateError:
            for intent in intents:
                intent.lock.release()
            raise
        for intent in intents:
            job = intent.attempt.job
            memory = records.handler_memory(self.store.state, job.id, job.memory_section)
            running = self.effects.start(intent.attempt, memory, self.context)
            yield StartedRun(running, intent.lock, intent.at)

    def note_children(self, begun: Sequence[StartedRun]) -> None:
        """Record by which processes a later tick knows whether the runs live on."""
        children = [(one.running.attempt, one.running.pid) for one in begun if one.running.pid]
        if children:
            spawned = [
                events.process_started(attempt, pid, processes.start_time(pid))
                for attempt, pid in children
            ]
            self.store.record(self.clock(), *spawned, sync=False)  # they only help a recovery

    def end(self, begun: StartedRun, ended: AttemptResult, outgoing: list[dict[str, Any]]) -> Row:
        """Record how a run ended, with the messages it gave rise to.

        It lasts once `release_locks` has synced it.
        """
        with self.store.locked():  # somebody may have said that it is to stop
            event = self._end_event(begun, ended)
            if outgoing:
                event["outgoing"] = outgoing
            before = resolve.cancelled_retry(self.record(event["job"]), event)
            self._write(event, ended.trouble, *before, sync=False)
        row = history.row_of(event)
        assert row is not None
        return row

    def release_locks(self, begun: Sequence[StartedRun]) -> None:
        """Make the ends of runs last, then let other ticks have their jobs. Raises StateError."""
        try:
            self.store.sync()
        finally:
            for one in begun:
                one.lock.release()

    def recover(self, name: str, opened: ActiveRun) -> str:
        """Settle a run whose tick died; the caller holds the job's lock.

        Returns why the job must still be left alone, or nothing once the run is on record as
        interrupted.
        """
        pid = self.effects.survivor(opened)
        if pid and self.slots.now < _end_of(opened):
            self.effects.watch(name, opened.run_id, self.jobs.get(name), self.context)
            return f"still running as process {pid}, though the tick that started it died"
        if pid:
            processes.signal_family(pid, opened.run_id, signal.SIGKILL)
        trouble = self.effects.settle(name, opened.run_id, self.jobs.get(name), self.context)
        with self.store.locked():
            record = self.record(name)
            opened = record.run(opened.run_id) or opened
            given_up = resolve.gives_up(self.jobs.get(name), record.interruptions)
            answered = (
                given_up
                or opened.stop is not None
                or active_runs.is_superseded(record, opened.slot)
            )
            self._write(events.run_interrupted(name, opened, answered=answered), trouble)
        self.warn(f"{name}: run {opened.run_id} was interrupted: its tick died")
        return ""

    def _write(self, event: Event, trouble: str, *before: Event, sync: bool = True) -> None:
        """Write the end of a run, within `locked`, and tell of what went wrong with its output."""
        if trouble:
            event["trouble"] = trouble
            self.warn(f"{event['job']}: {trouble}")
        self.store.write(self.clock(), *before, event, sync=sync)

    def _decided(
        self, job: Job, way: LaneLock, *, by_hand: bool, slotless: bool
    ) -> Claim | NotStarted | None:
        """None if what it was decided upon has changed before it was on record."""
        self.store.refresh()
        record = self.record(job.id)
        opened = record.runs.get(way.lane)
        if opened is not None:
            still = self.recover(job.id, opened)
            if still:
                return NotStarted(still, is_busy=True, is_running=True)
            record = self.record(job.id)
        if record.runs and job.overlap is not Overlap.ALLOW:
            # From when it was allowed; it has a lock of its own, and ends by itself.
            return NotStarted("still running", is_busy=True, is_running=True)
        decision = self._decide(job, record)
        if decision.verdict is Verdict.CANCEL_RETRY:
            self._give_up(record, decision)
            return None
        if decision.verdict is Verdict.RUN and not slotless:
            left = None if by_hand else self._held_back(record, decision)
            return left or self._begin(way, record, decision)
        if by_hand:
            return self._begin(way, record, Decision(job, Verdict.RUN))
        if decision.verdict is Verdict.SKIP:
            return self._skip(record, decision)
        return NotStarted(decision.reason or "another tick has done it")

    def _decide(self, job: Job, record: JobMemory) -> Decision:
        return decide.decide(job, record, self.slots, self.grace)

    def _held_back(self, record: JobMemory, decision: Decision) -> NotStarted | None:
        """What keeps a due slot from starting: another job, the machine, or its `only_if`."""
        blocker = self._blocker(decision)
        if blocker is not None:
            return NotStarted(f"waits for {blocker} to succeed", is_busy=True)
        try:
            refusal = self.effects.refusal(decision.job, self.context.root)
        except GuardUnusableError as error:
            left = self._wait(record, decision, Refusal("a guard", str(error)))
            return replace(left, problem=True)
        if refusal is not None:
            return self._wait(record, decision, refusal)
        if not decision.job.only_if:
            return None
        answer = self.effects.ask(self._attempt(record, decision), self.context)
        if answer.not_now:
            return self._wait(record, decision, Refusal("only_if", answer.reason))
        return (
            None if answer.is_yes else self._skip(record, replace(decision, reason=answer.reason))
        )

    def _wait(self, record: JobMemory, decision: Decision, refusal: Refusal) -> NotStarted:
        """Leave a slot due, on record once a slot and guard: it may be asked every minute."""
        if record.not_now != (decision.slot, refusal.guard):
            event = events.guard_said_not_now(
                decision.job.id, decision.slot, refusal.guard, refusal.reason
            )
            self.store.record(self.clock(), event)
        return NotStarted(refusal.reason, is_busy=True)

    def _overlapped(self, job: Job, left: NotStarted) -> NotStarted:
        """What becomes of a slot that comes due while the job runs."""
        if job.overlap not in (Overlap.SKIP, Overlap.REPLACE):
            return left
        # Two ticks may find the job running: they have no lock of the job to take turns by.
        with self.store.locked():
            record = self.record(job.id)
            decision = self._decide(job, record)
            opened = record.open
            if opened is None or decision.verdict is not Verdict.RUN:
                return left
            if not active_runs.overlaps(decision, opened) or not self.effects.survivor(opened):
                return left  # or it is about to begin, or to be found dead
            if job.overlap is Overlap.SKIP:
                event = events.slot_skipped(job.id, decision.slot, STILL_RUNNING)
                self.store.write(self.clock(), *self._passed(decision), event)
                return NotStarted(STILL_RUNNING, history.row_of(event))
            now = self.clock()
            pressed = stop.escalate(self.store, job.id, opened, REPLACED, now)
            return replace(left, again_at=now + stop.POLL) if pressed else left

    def _blocker(self, decision: Decision) -> str | None:
        assert decision.slot is not None
        return decide.blocker(decision.job, decision.slot, self.jobs, self.record, self.slots)

    def _give_up(self, record: JobMemory, decision: Decision) -> None:
        assert decision.slot is not None
        event = events.retry_cancelled(decision.job.id, decision.slot, decision.reason)
        self._recorded(record, decision, event)

    def _skip(self, record: JobMemory, decision: Decision) -> NotStarted | None:
        assert decision.slot is not None
        event = events.slot_skipped(decision.job.id, decision.slot, decision.reason)
        if not self._recorded(record, decision, *self._passed(decision), event):
            return None
        return NotStarted(decision.reason, history.row_of(event))

    def _begin(self, way: LaneLock, record: JobMemory, decision: Decision) -> Claim | None:
        attempt = self._attempt(record, decision)
        intent = events.run_started(attempt, machine.boot_id(), way.lane)
        passed = self._passed(decision)
        if not self._recorded(record, decision, *passed, intent, sync=False):
            return None
        opened = self.record(decision.job.id).run(attempt.run_id)
        assert opened is not None
        return Claim(attempt, way.lock, opened.started_at)

    def _recorded(
        self, record: JobMemory, decision: Decision, *events: Event, sync: bool = True
    ) -> bool:
        """Put a decision on record, unless the `job_memory` it was made upon is another one by now.

        Lanes have locks of their own, so two ticks may decide about one job at the same time.
        """
        with self.store.locked():
            if self.record(decision.job.id) != record:
                return False
            self.store.write(self.clock(), *events, sync=sync)
            return True

    def _attempt(self, record: JobMemory, decision: Decision) -> Attempt:
        record, slot = active_runs.without_active_runs(decision.job, record), decision.slot
        coalesced = record.coalesced + (decision.missed.count if decision.missed else 0)
        return Attempt(
            run_id=f"{self.clock():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}",
            job=decision.job,
            slot=slot,
            attempt=decision.attempt + record.interruptions if slot else 1,
            catch_up=decision.catch_up,
            missed=coalesced if slot else 0,
            last_success=record.last_success,
        )

    def _passed(self, decision: Decision) -> list[Event]:
        """The slots before the one decided about that nobody answers for by themselves."""
        gaps = self.store.state["gaps"]
        why = decision.cause or events.cause_of_missed(decision.missed, gaps)
        return [
            *events.slots_missed(decision.job.id, decision.too_late, "too late"),
            *events.slots_missed(decision.job.id, decision.missed, why),
        ]

    def _end_event(self, begun: StartedRun, ended: AttemptResult) -> Event:
        attempt, now = begun.running.attempt, self.clock()
        record = self.record(attempt.job.id)
        opened = record.run(attempt.run_id)
        if opened is not None and opened.stop is not None:
            ended = resolve.as_stopped(ended, opened.stop.reason)
        if ended.not_now and active_runs.is_superseded(record, attempt.slot):
            ended = replace(ended, reason=f"not now: {ended.reason}; {PAST}")
        elif ended.not_now:
            return events.run_said_not_now(attempt, ended.reason, begun.at, now)
        local = self.slots.now.astimezone(ZoneInfo(self.context.zone))
        settled = resolve.resolve(attempt, ended, record, now)
        return {
            **events.run_ended(attempt, ended, settled, begun.at, now),
            **events.for_last_run(attempt, local),
        }


def _end_of(opened: ActiveRun) -> datetime:
    """Until when a run whose tick died is left alone."""
    if opened.stop is not None:
        return opened.stop.at + stop.GRACE
    return opened.started_at + timedelta(seconds=opened.deadline_seconds)
