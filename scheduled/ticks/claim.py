"""The claim of a job: lock it, read the journal, decide again, and record the intent to run.

The lock comes before the decision. Decided first, two ticks that overlap would both find the
same slot due, and the second would run it again after its wait. The intent is recorded before
the run starts, so that a tick which dies leaves a trace.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from scheduled.errors import UnusableLockError
from scheduled.jobs.model import Attempt, Job, Overlap, Priority
from scheduled.jobs.permissions import CONFINED
from scheduled.planning import active_runs, decide, resolve
from scheduled.planning.decision import LEFT_OUT, Decision, Verdict
from scheduled.quick_classes import NamedTuple
from scheduled.runs import stop
from scheduled.runs.preconditions import GuardUnusableError, NotNow
from scheduled.state import events, history
from scheduled.state.history import Row
from scheduled.state.journal import Event
from scheduled.state.records import ActiveRun, JobMemory
from scheduled.system import machine, processes
from scheduled.system.locks import Lock
from scheduled.ticks import places, recovery
from scheduled.ticks.context import TickContext

if TYPE_CHECKING:
    from scheduled.ticks.condition import Refused

SKIPPED_OVERLAP = "still running when it came due; overlap is skip"
REPLACED = "replaced: a newer slot came due"


class Claim(NamedTuple):
    """A run that is recorded and not started yet, and the lock of its lane."""

    attempt: Attempt
    lock: Lock
    started_at: datetime
    skipped: tuple[Row, ...] = ()
    """Newer slots that its `only_if` did not want."""


class StillRunning(NamedTuple):
    """A run of the job is in progress; the slot stays due."""

    reason: str = "still running"


class BeingReplaced(NamedTuple):
    """The run in progress was told to stop, and the slot starts when it has ended."""

    again_at: datetime
    """When to claim the job again, in this tick."""


class GuardUnusable(NamedTuple):
    """A guard cannot be checked until somebody changes something; the slot stays due."""

    reason: str


class LockUnusable(NamedTuple):
    """The file of the job's lock is not ours until somebody puts it right; the slot stays due."""

    reason: str


class MutexHeld(NamedTuple):
    """The run of another job has a mutex that the job needs; the slot stays due."""

    reason: str


class Skipped(NamedTuple):
    """The slot ended without a run, and so did those before it that were asked about."""

    rows: tuple[Row, ...]


class NotDue(NamedTuple):
    """No slot is due any more: another tick has run it."""


NotStarted = (
    StillRunning
    | BeingReplaced
    | NotNow
    | GuardUnusable
    | LockUnusable
    | MutexHeld
    | Skipped
    | NotDue
)


class MemoryChanged(Exception):  # noqa: N818 - decide again; it never leaves this module
    """Another process recorded something about the job since the decision was made."""


def claim(
    tick: TickContext, job: Job, *, by_hand: bool = False, slotless: bool = False
) -> Claim | NotStarted:
    """Record that `job` starts for the slot that is due, or, by hand, without a slot.

    `slotless` leaves a slot that is due to a later tick. Never waits for a run in progress.
    Raises LockedError or StateError; then nothing may be started.
    """
    running = StillRunning()
    for lane in range(tick.lanes if job.overlap is Overlap.ALLOW else 1):
        outcome = _claim_lane(tick, job, lane, by_hand=by_hand, slotless=slotless)
        if not isinstance(outcome, StillRunning):
            return outcome
        running = outcome
    return running if by_hand else _apply_overlap(tick, job, running)


def _claim_lane(
    tick: TickContext, job: Job, lane: int, *, by_hand: bool, slotless: bool
) -> Claim | NotStarted:
    try:
        lock = tick.effects.acquire_lock(tick.store.state_dir, job.id, lane)
    except UnusableLockError as error:
        return LockUnusable(str(error))
    if lock is None:
        pid = recovery.orphan(tick, job.id, lane)
        run = tick.memory(job.id).runs.get(lane)
        return StillRunning(recovery.outlived(pid, run)) if pid else StillRunning()
    try:
        outcome = _LockedJob(tick, job, lane, lock).claim(by_hand=by_hand, slotless=slotless)
    except BaseException:
        lock.release()
        raise
    if not isinstance(outcome, Claim):
        lock.release()
    return outcome


def _apply_overlap(tick: TickContext, job: Job, running: StillRunning) -> NotStarted:
    """Apply the job's `overlap` to a slot that came due while the job runs."""
    if job.overlap not in (Overlap.SKIP, Overlap.REPLACE):
        return running
    # Two ticks may find the job running, and the lock of the job does not serialise them.
    with tick.store.locked():
        run = tick.memory(job.id).open
        decision = tick.decide(job)
        if decision.verdict is not Verdict.RUN:
            return running
        if _is_replaced(tick, job, run):
            return BeingReplaced(tick.clock() + stop.POLL)
        if run is None:
            return running
        if not active_runs.overlaps(decision, run) or not tick.effects.find_survivor(run):
            return running  # the run is about to start, or to be found dead
        if job.overlap is Overlap.SKIP:
            event = events.slot_skipped(job.id, decision.slot, SKIPPED_OVERLAP)
            tick.store.write(tick.clock(), *_missed_before(tick, decision), event)
            return Skipped(_rows([event]))
        now = tick.clock()
        is_stopping = stop.escalate(tick.store, job.id, run, REPLACED, now)
        return BeingReplaced(now + stop.POLL) if is_stopping else running


def _is_replaced(tick: TickContext, job: Job, run: ActiveRun | None) -> bool:
    """Return whether a run that was told to stop has ended, and its lock is about to be free."""
    if run is not None:
        is_told = run.stop is not None and run.stop.reason == REPLACED
        return is_told and not tick.effects.find_survivor(run)
    last = tick.store.state["jobs"].get(job.id, {}).get("last")
    return last is not None and last.get("reason") == REPLACED


class _LockedJob:
    """A job while the lock of one of its lanes is held."""

    def __init__(self, tick: TickContext, job: Job, lane: int, lock: Lock) -> None:
        self.tick = tick
        self.job = job
        self.lane = lane
        self.lock = lock

    def claim(self, *, by_hand: bool, slotless: bool) -> Claim | NotStarted:
        """Decide until a decision is recorded before the job's memory has changed."""
        while True:
            try:
                return self._decide_and_record(by_hand=by_hand, slotless=slotless)
            except MemoryChanged:
                continue

    def _decide_and_record(self, *, by_hand: bool, slotless: bool) -> Claim | NotStarted:
        tick, job = self.tick, self.job
        tick.store.refresh()
        run = tick.memory(job.id).runs.get(self.lane)
        pid = recovery.recover(tick, job.id, run) if run is not None else 0
        if pid:
            return StillRunning(recovery.outlived(pid, run))
        memory = tick.memory(job.id)
        if memory.runs and job.overlap is not Overlap.ALLOW:
            return StillRunning()  # in another lane, from when `overlap` was `allow`
        decision = tick.decide(job)
        if decision.verdict is Verdict.CANCEL_RETRY:
            self._cancel_retry(memory, decision)
            return self._decide_and_record(by_hand=by_hand, slotless=slotless)
        if decision.verdict is Verdict.RUN and not slotless and not by_hand:
            return self._obstacle(memory, decision) or self._if_wanted(memory, decision)
        if by_hand:
            has_slot = decision.verdict is Verdict.RUN and not slotless
            held = self._take_mutexes() if job.mutex else None
            wanted = decision if has_slot else Decision(job, Verdict.RUN)
            return held or self._claimed(memory, wanted, by_hand=True)
        return self._skip(memory, decision) if decision.verdict is Verdict.SKIP else NotDue()

    def _obstacle(self, memory: JobMemory, decision: Decision) -> NotStarted | None:
        """Return what keeps a due slot from starting: another job, or a guard."""
        tick, job = self.tick, self.job
        assert decision.slot is not None
        if job.executor and (reason := self._lack_of_place()):
            return StillRunning(reason)
        blocker = decide.blocker(job, decision.slot, tick.jobs, tick.memory, tick.slots)
        if blocker is not None:
            waits = NotNow("after", f"waits for {blocker} to succeed")
            return self._record_not_now(memory, decision, waits)
        try:
            not_now = tick.effects.check_guards(job, tick.run_context.root)
        except GuardUnusableError as error:
            self._record_not_now(memory, decision, NotNow("a guard", str(error)))
            return GuardUnusable(str(error))
        if not_now is None and job.priority is Priority.LOW:
            from scheduled.ticks import stress

            not_now = stress.not_now(tick, memory, decision)
        if not_now is not None:
            return self._record_not_now(memory, decision, not_now)
        held = self._take_mutexes() if job.mutex else None
        if isinstance(held, MutexHeld):
            from scheduled.planning import mutexes

            self._record_not_now(memory, decision, NotNow(mutexes.GUARD, held.reason))
        return held

    def _take_mutexes(self) -> MutexHeld | LockUnusable | None:
        """Take the mutexes of the job with its lock; return what keeps one of them from it."""
        from scheduled.ticks import mutex_locks

        try:
            reason = mutex_locks.take(self.tick, self.job, self.lane, self.lock)
        except UnusableLockError as error:
            return LockUnusable(str(error))
        return MutexHeld(reason) if reason else None

    def _if_wanted(self, memory: JobMemory, decision: Decision) -> Claim | NotStarted:
        """Claim the slot that `only_if` wants, of those that are due; skip the newer ones."""
        if not self.job.only_if:
            return self._claimed(memory, decision)
        from scheduled.ticks import condition

        answer = condition.ask(
            self.tick, memory, decision, lambda asked: self._attempt(memory, asked)
        )
        if isinstance(answer, NotNow):
            return self._record_not_now(memory, decision, answer)
        if answer.is_wanted:
            return self._claimed(memory, answer.decision, answer.refused)
        return self._skip(memory, answer.decision, answer.refused)

    def _record_not_now(self, memory: JobMemory, decision: Decision, not_now: NotNow) -> NotNow:
        """Record why a slot stays due, once a slot and guard: it may be checked every minute."""
        if memory.not_now != (decision.slot, not_now.guard):
            event = events.guard_said_not_now(
                self.job.id, decision.slot, not_now.guard, not_now.reason
            )
            self.tick.store.record(self.tick.clock(), event)
        return not_now

    def _cancel_retry(self, memory: JobMemory, decision: Decision) -> None:
        called_off = resolve.call_off(self.job.id, memory, decision.reason, self.job)
        self._record(memory, *_missed_before(self.tick, decision), *called_off)
        self.tick.tell_called_off(called_off)

    def _skip(
        self, memory: JobMemory, decision: Decision, refused: "Sequence[Refused]" = ()
    ) -> Skipped | NotDue:
        """Skip the slot decided about, or those that `only_if` has refused."""
        if memory.retry is not None and memory.retry.slot == decision.slot:
            self._cancel_retry(memory, decision)  # it has run: how that ended is its outcome
            return NotDue()
        slots: Sequence[tuple[datetime | None, str]] = refused or [(decision.slot, decision.reason)]
        skipped: list[Event] = [events.slot_skipped(self.job.id, *slot) for slot in slots]
        if decision.cause == LEFT_OUT:
            from scheduled.planning import allowed_days

            skipped = allowed_days.left_out(decision)
        self._record(memory, *_missed_before(self.tick, decision), *skipped)
        return Skipped(_rows(skipped))

    def _claimed(
        self,
        memory: JobMemory,
        decision: Decision,
        refused: "Sequence[Refused]" = (),
        *,
        by_hand: bool = False,
    ) -> Claim:
        """Record the intent to run, then which newer slots were refused.

        In this order: cut off in between, they are due again, and nothing is lost.
        """
        attempt = self._attempt(memory, decision)
        pid = os.getpid()
        tick = pid, processes.start_time(pid) or 0
        intent = events.run_started(attempt, machine.boot_id(), self.lane, tick)
        skipped = [events.slot_skipped(self.job.id, *slot) for slot in refused]
        before = _missed_before(self.tick, decision)
        self._record(memory, *before, intent, *skipped, sync=False, takes_place=not by_hand)
        run = self.tick.memory(self.job.id).run(attempt.run_id)
        assert run is not None
        return Claim(attempt, self.lock, run.started_at, _rows(skipped))

    def _lack_of_place(self) -> str:
        """Return why the job's executor takes no further run; '' if it does."""
        return places.lack(self.job, self.tick.run_context.executors, self.tick.store.state)

    def _record(
        self, memory: JobMemory, *decided: Event, sync: bool = True, takes_place: bool = False
    ) -> None:
        """Record a decision that was made from `memory`. Raises MemoryChanged.

        Each lane has its own lock, so two ticks may decide about one job at the same time; and the
        last place at an executor may be gone.
        """
        with self.tick.store.locked():
            if self.tick.memory(self.job.id) != memory:
                raise MemoryChanged
            if takes_place and self.job.executor and self._lack_of_place():
                raise MemoryChanged
            self.tick.store.write(self.tick.clock(), *decided, sync=sync)

    def _attempt(self, memory: JobMemory, decision: Decision) -> Attempt:
        memory, slot = active_runs.without_active_runs(self.job, memory), decision.slot
        coalesced = memory.coalesced + (decision.missed.count if decision.missed else 0)
        permission, as_before = self._permission()
        return Attempt(
            run_id=f"{self.tick.clock():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}",
            job=self.job,
            slot=slot,
            attempt=decision.attempt if slot else 1,
            catch_up=decision.catch_up,
            missed=coalesced if slot else 0,
            last_success=memory.last_success,
            interruptions=decision.interruptions if slot else 0,
            moved_from=decide.moved_from(self.job, memory, slot),
            permission=permission,
            as_before=as_before,
            given={**self.tick.given},
        )

    def _permission(self) -> tuple[str, bool]:
        """Return what the run may do, in words for the record, and whether it runs as before."""
        if self.job.level not in CONFINED:
            return self.job.level, False
        from scheduled.ticks import permissions

        given = self.tick.run_context.permissions
        return permissions.at_start(self.job, self.tick.store.state, given)


def _missed_before(tick: TickContext, decision: Decision) -> list[Event]:
    """Return the events of the missed slots before the one decided about."""
    job, state = decision.job.id, tick.store.state
    memory, passed = tick.memory(job), []
    if decision.job.not_on or decision.job.only_on:
        from scheduled.planning import allowed_days

        passed = allowed_days.left_out_before(decision, memory, tick.slots)
    if decision.missed is None and decision.too_late is None:
        return passed
    from scheduled.planning import missed_cause

    entry = state["jobs"].get(job, {})
    missed = missed_cause.by_cause(decision, memory, entry, state["gaps"], tick.slots)
    found: list[Event] = [
        *events.slots_missed(job, decision.too_late, "too late"),
        *(event for part in missed for event in events.slots_missed(job, *part)),
    ]
    return allowed_days.in_order([*passed, *found]) if passed else found


def _rows(skipped: Iterable[Event]) -> tuple[Row, ...]:
    return tuple(row for event in skipped if (row := history.row_of(event)) is not None)
