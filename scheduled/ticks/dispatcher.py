"""The middle of a tick: run what is due, several jobs at once, until nothing is left to start.

A long job never delays the others, and a failed one stops none of them. What cannot be started
is left to a later tick, and the report says why.
"""

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Protocol

from scheduled.config.load import Config
from scheduled.jobs.model import Attempt, AttemptResult, CatchUp, Job
from scheduled.planning import decide, tick_plan
from scheduled.planning.decision import Decision, Verdict
from scheduled.quick_classes import dataclass, field, replace
from scheduled.runs import stop
from scheduled.runs.preconditions import NotNow
from scheduled.runs.process import Running
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.ticks import claim, outbox, places, start_order
from scheduled.ticks.claim import (
    BeingReplaced,
    Claim,
    GuardUnusable,
    LockUnusable,
    MutexHeld,
    NotDue,
    NotStarted,
    Skipped,
    StillRunning,
)
from scheduled.ticks.context import TickContext
from scheduled.ticks.job_runner import JobRunner, StartedRun
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import format_utc, parse_utc

DETACHED_FIRST = "waits for a run that was started with it"
WORTH_WAITING = 59.0
"""Seconds. A retry that is due sooner happens in this tick, any other in a later one.

It is just less than the default delay of a minute, part of which has passed by now."""
MUTEX_POLL = 0.5
"""Seconds after which a mutex that another tick's run has is asked for again."""


@dataclass(frozen=True)
class RunRequest:
    """What a tick is asked to do, besides what is due."""

    only: tuple[str, ...] = ()
    """Job ids and `tag:NAME`, known to exist; empty means all jobs."""
    by_hand: bool = False
    """Whether jobs run that are not due. Such a run has no slot and moves nothing."""
    slotless: bool = False
    """Whether a slot that is due is left to a later tick."""
    even_disabled: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the jobs' own `params`."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Laid over the jobs' own `env`."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Of these, what is put on record, without secrets."""
    is_detached: bool = False
    """Whether the tick leaves its runs as soon as they have started."""

    def applied_to(self, job: Job) -> Job:
        """Return a job as it is run: with what is asked for it.

        A run with other params or variables does not count as the job's last run.
        """
        if not (self.params or self.env):
            return job
        params, env = {**job.params, **self.params}, {**job.env, **self.env}
        return replace(job, params=params, env=env, last_run_key="")


class Children(Protocol):
    """The runs in progress, as `runs.supervisor.Supervisor` has them."""

    running: list[Running]
    stopped_by: signal.Signals | None
    """The signal that told the tick to stop, if one came."""

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:
        """Return the runs that ended as soon as one has, or none after `patience` seconds."""


@dataclass
class Dispatcher:
    """What one tick has to run, and which of it is in progress."""

    config: Config
    tick: TickContext
    children: Children
    report: Report
    bus: Bus
    request: RunRequest
    _queue: list[Job] = field(default_factory=list)
    _claims: list[Claim] = field(default_factory=list)
    """Runs that are recorded and not started yet."""
    _started: dict[str, StartedRun] = field(default_factory=dict)
    """Runs in progress, by run id."""
    _retries: list[tuple[datetime, Job]] = field(default_factory=list)
    """Jobs to claim again in this tick, and when: after a short retry delay or a replaced run."""
    _replacing: dict[str, datetime] = field(default_factory=dict)
    """Since when a job waits for its earlier run to make room, by job id."""
    _held: list[tuple[Job, str]] = field(default_factory=list)
    """Jobs that wait for a mutex, which a run of another tick has, and why."""
    _budget: int = 0
    """How many runs may still catch up in this tick."""

    def __post_init__(self) -> None:
        self._runner = JobRunner(self.tick)
        self._places = places.Places(self.config.max_concurrent, self.config.executors)
        self._failed_starts = places.FailedStarts(self.config.executors)

    def run(self, decisions: list[Decision]) -> None:
        """Run what is due, and what comes due by that."""
        self._budget = self.config.catch_up_budget
        self._queue = list(self._candidates(decisions))
        if self.config.executors:
            self._queue = places.running_first(self._queue, self.tick.store.state)
        while self._queue or self.children.running or self._retries:
            if self.children.stopped_by or self.report.storage_error:
                self._queue.clear()
                self._retries.clear()
            self._claim_queued()
            self._claim_retries()
            self._start_claimed()
            self._leave_retries()
            if self.request.is_detached:
                self._leave_started()
            ends = self.children.wait(self._patience())
            self._record_ends(ends)
            if self._held and (ends or self._may_go_on()):
                self._retries += [(self.tick.clock(), job) for job, _ in self._held]
                self._held.clear()
            with self.report.catch_storage_errors():
                self._runner.record_children([*self._started.values()])
            self.tick.pings.started(run.running for run in self._started.values())
        for job, reason in self._held:
            self._carry_over(job, reason)
        self.report.stopped_by = self.children.stopped_by

    def _candidates(self, decisions: list[Decision]) -> Iterator[Job]:
        due = [decision for decision in decisions if decision.is_due]
        self.report.due = len(due)
        if self.request.by_hand:
            for decision in decisions:
                if self.request.even_disabled or not decide.is_off(decision):
                    yield decision.job
            return
        for decision in due:
            if decision.verdict is Verdict.OVER_BUDGET:
                self._carry_over(decision.job, decision.reason)
            else:
                self._budget -= decision.catch_up
                yield decision.job

    def _has_room(self, job: Job) -> bool:
        return self._places.is_free(job, self._in_progress(), self.tick.store.state)

    def _claim_queued(self) -> None:
        while not self.report.storage_error:
            in_progress = self._in_progress()
            may_start = partial(self._may_start, in_progress)
            job = start_order.pop_startable(
                self._queue, in_progress, self._soon(), may_start, len(self.config.executors)
            )
            if job is None:
                return
            if job.executor and (lack := self._lack_of_place(job)):
                self._carry_over(job, lack)
                self._leave(job, attrgetter("executor"), lack)
            else:
                self._claim(job, self.tick)

    def _may_start(self, in_progress: list[Job], job: Job) -> bool:
        """Return whether there is a place for a job, or none that this tick could wait for."""
        if not job.executor:
            return self._places.is_free(job, in_progress, self.tick.store.state)
        waits = any(other.executor == job.executor for other in in_progress)
        return not waits or not self._lack_of_place(job)

    def _lack_of_place(self, job: Job) -> str:
        return places.lack(job, self.config.executors, self.tick.store.state)

    def _soon(self) -> list[Job]:
        """Return the jobs that are tried again in this tick, and so may yet succeed in it."""
        held = [job for job, _ in self._held] if self._may_go_on() else []
        return [job for _, job in self._retries] + held

    def _may_go_on(self) -> bool:
        """Return whether the tick has more to do than to wait for mutexes, which it does not."""
        return bool(self.children.running or self._claims or self._retries)

    def _in_progress(self) -> list[Job]:
        running = [run.attempt.job for run in self.children.running]
        return running + [claimed.attempt.job for claimed in self._claims]

    def _claim_retries(self) -> None:
        for at, job in list(self._retries):
            if at <= self.tick.clock() and self._has_room(job):
                self._retries.remove((at, job))
                self._claim(job, self.tick.later())

    def _seconds_to_next_retry(self) -> float | None:
        soon = [at for at, job in self._retries if self._has_room(job)]
        if not soon:  # until there is room, there is no hurry
            return None
        return max((min(soon) - self.tick.clock()).total_seconds(), 0.0)

    def _patience(self) -> float | None:
        """Return after how many seconds something may be done though no run has ended."""
        seconds = self._seconds_to_next_retry()
        if not any(self._has_room(job) for job, _ in self._held):
            return seconds
        return MUTEX_POLL if seconds is None else min(seconds, MUTEX_POLL)

    def _claim(self, job: Job, tick: TickContext) -> None:
        if job.only_if:
            self._start_claimed()  # a condition may be slow, and the runs claimed need not wait
        by_hand, slotless = self.request.by_hand, self.request.slotless
        with self.report.catch_storage_errors():
            match claim.claim(tick, job, by_hand=by_hand, slotless=slotless):
                case Claim() as claimed:
                    self._claims.append(claimed)
                    self._report_skipped(claimed.skipped)
                case not_started:
                    self._report_not_started(job, not_started)

    def _report_not_started(self, job: Job, outcome: NotStarted) -> None:
        match outcome:
            case Skipped(rows):
                self._report_skipped(rows)
            case BeingReplaced(again_at):
                self._wait_for_replaced(job, again_at)
            case MutexHeld(reason):
                self._held.append((job, reason))
            case StillRunning(reason) | NotNow(_, reason):
                self._carry_over(job, reason)
            case GuardUnusable(reason):
                self._carry_over(job, reason)
                self.report.problems.append(f"{job.id}: {reason}")
            case LockUnusable(reason):
                self._carry_over(job, reason)
                self.report.note_unusable_lock(reason)
            case NotDue():
                pass

    def _report_skipped(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.report.skipped += 1
            self.report.rows.append(row)

    def _wait_for_replaced(self, job: Job, again_at: datetime) -> None:
        """Claim the job again soon, unless its lock stays held for an unusually long time."""
        if again_at > self._replacing.setdefault(job.id, again_at) + 2 * stop.PATIENCE:
            self._carry_over(job, StillRunning().reason)
        else:
            self._retries.append((again_at, job))

    def _report_shortage(self, job: Job, reason: str) -> None:
        """Report that nothing could be started; the slot stays due."""
        self.report.shortage = self.report.shortage or f"{job.id}: {reason}"
        sentence = f"{job.id}: {reason}; it starts when that is over"
        self.report.warnings.append(sentence)
        self.report.recurring.append(sentence)

    def _leave(self, job: Job, where: Callable[[Job], str], reason: str) -> None:
        """Leave the jobs of the queue that are to run where `job` is to a later tick."""
        for other in self._queue:
            if where(other) == where(job):
                self._carry_over(other, reason)
        self._queue = [other for other in self._queue if where(other) != where(job)]

    def _leave_retries(self) -> None:
        """Leave retries that have no place to a later tick, if no run of this one can make any."""
        if self.children.running or self._claims:
            return
        for again in [each for each in self._retries if not self._has_room(each[1])]:
            self._retries.remove(again)
            self._carry_over(again[1], self._lack_of_place(again[1]))

    def _carry_over(self, job: Job, reason: str) -> None:
        self.report.carried += 1
        self.report.not_started.append((job.id, reason))

    def _start_claimed(self) -> None:
        """Start the runs that are claimed, once all the claims are on the disk.

        And the processes of those that were started before: were they followed by the end of a run
        without a sync in between, a power cut could keep the latter and lose the former.
        """
        claims, self._claims = self._claims, []
        started: list[StartedRun] = []
        with self.report.catch_storage_errors():
            for run in self._runner.start(claims):
                self._started[run.running.attempt.run_id] = run
                self.children.running.append(run.running)
                started.append(run)
        for run in started:
            self.bus.fire("job_started", **_start_data(run.running.attempt))

    def _leave_started(self) -> None:
        """Leave what runs to its keepers: a later tick records the ends, as if this one had died.

        So many runs go on at most as in any tick; the jobs that wait are not started.
        """
        for running in [run for run in self.children.running if run.keeper]:
            running.wait_for_start()
            run = self._started.pop(running.attempt.run_id)
            with self.report.catch_storage_errors():
                self._runner.record_children([run])
            self.tick.pings.started([running])
            self.children.running.remove(running)
            self.report.left.append(run)
        for job in self._queue if self.report.left else ():
            self._carry_over(job, DETACHED_FIRST)
        if self.report.left:
            self._queue.clear()

    def _record_ends(self, ends: list[tuple[Running, AttemptResult]]) -> None:
        """Record how runs ended and sync all of it to the disk at once, then fire the events."""
        self.tick.pings.started(running for running, _ in ends)
        runs = [self._started.pop(running.attempt.run_id) for running, _ in ends]
        rows: list[Row | None] = [
            self._record_end(run, result) for run, (_, result) in zip(runs, ends, strict=True)
        ]
        with self.report.catch_storage_errors():
            self._runner.release_locks(runs)
        for (running, result), row in zip(ends, rows, strict=True):
            job = running.attempt.job
            if row is not None:
                self._report_end(job, result, row)
            self._failed_starts.note(job, result)
            if result.is_unreached and self._failed_starts.are_enough(job):
                reason = f"executor {job.place} takes no run now: {result.reason}"
                self._leave(job, attrgetter("place"), reason)
            stays_due = result.not_now or running.stop or running.attempt.slot is None
            if not stays_due and self._has_more(job):
                self._queue.append(job)

    def _record_end(self, run: StartedRun, result: AttemptResult) -> Row | None:
        run_id = run.running.attempt.run_id
        routes, channels = self.config.routes, self.config.notify
        now = self.tick.clock()
        messages = outbox.messages(result.events, routes, run_id, now, channels)
        with self.report.catch_storage_errors():
            return self._runner.end(run, result, messages)
        return None

    def _report_end(self, job: Job, result: AttemptResult, row: Row) -> None:
        self.report.rows.append(row)
        if row["outcome"] is None:
            self._carry_over(job, row["reason"] or "")
            if result.is_shortage:
                self._report_shortage(job, result.reason)
        elif history.is_failure(row):
            self._schedule_retry(job, row)
        if row["outcome"] is not None:
            error = row["error"] or "" if result.no_space else ""
            self.report.note_space(f"job {job.id}", f"job {job.id}", error)
        self.bus.fire("job_failed" if history.is_failure(row) else "job_finished", **row)
        for name, data in result.events:
            self.bus.fire(name, **data)

    def _schedule_retry(self, job: Job, row: Row) -> None:
        """Keep a failed job for this tick if it is tried again soon."""
        retry_at = parse_utc(row["retry_at"])
        if retry_at and (retry_at - self.tick.clock()).total_seconds() < WORTH_WAITING:
            self._retries.append((retry_at, job))

    def _has_more(self, job: Job) -> bool:
        """Return whether a job that runs each of its slots may run the next one now."""
        if job.catch_up is not CatchUp.ALL:
            return False
        decision = self.tick.decide(job)
        if decision.verdict is not Verdict.RUN:
            return False
        if decision.catch_up and self._budget <= 0:
            self._carry_over(job, tick_plan.BUDGET_SPENT)
            return False
        self._budget -= decision.catch_up
        return True


def _start_data(attempt: Attempt) -> dict[str, Any]:
    return {
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
    }
