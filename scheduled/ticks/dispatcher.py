"""The middle of a tick: what is due is run, several at once, until nothing is left to start.

A long job never stops the others, and one that fails stops nobody. What could not be started is
left for a later tick, and the report says why.
"""

import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scheduled.config.load import Config
from scheduled.jobs.model import Attempt, AttemptResult, CatchUp, Job
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.runs.process import Running
from scheduled.state import history
from scheduled.state.history import Row
from scheduled.ticks import outbox
from scheduled.ticks.job_runner import Claim, JobRunner, NotStarted, StartedRun
from scheduled.ticks.report import Report
from scheduled.ticks.signals import Bus
from scheduled.timing.instants import format_utc, parse_utc

WORTH_WAITING = 59.0
"""Seconds. A retry that is due sooner happens in the same tick, one that is not in a later one.

Less than the minute that is the default delay, which the clock has eaten into by now."""


@dataclass(frozen=True)
class RunRequest:
    """What a tick is asked to do, besides what is due."""

    only: tuple[str, ...] = ()
    """Job ids and `tag:NAME`, known to exist; empty means all jobs."""
    by_hand: bool = False
    """Whether jobs run that are not due. Such a run has no slot and moves nothing."""
    slotless: bool = False
    """Whether a slot that is due is left for a later tick all the same."""
    even_disabled: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the jobs' own `params`."""


class Children(Protocol):
    """The runs under way, as `supervise.Supervisor` has them."""

    running: list[Running]
    stopped_by: signal.Signals | None
    """The signal that told us to end, if one came."""

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:
        """The runs that ended, as soon as one has; nothing after `patience` seconds."""


@dataclass
class Dispatcher:
    """What one tick has to run, and what of it is under way."""

    config: Config
    runner: JobRunner
    children: Children
    report: Report
    bus: Bus
    wanted: RunRequest
    _queue: list[Job] = field(default_factory=list)
    _intents: list[Claim] = field(default_factory=list)
    """Runs on record that have no child yet."""
    _begun: dict[str, StartedRun] = field(default_factory=dict)
    """Runs under way, by run id."""
    _retries: list[tuple[datetime, Job]] = field(default_factory=list)
    """What is asked for again in this tick: retries worth waiting for, runs about to end."""
    _budget: int = 0
    """How many runs may still catch up in this tick."""

    def run(self, decisions: list[Decision]) -> None:
        """Run what is due, and what comes due by that."""
        self._budget = self.config.catch_up_budget
        self._queue = list(self._candidates(decisions))
        while self._queue or self.children.running or self._retries:
            if self.children.stopped_by or self.report.trouble:
                self._queue.clear()
                self._retries.clear()
            self._take()
            self._try_again()
            self._start()
            self._record_ends(self.children.wait(self._patience()))
        self.report.stopped_by = self.children.stopped_by

    def decide(self, job: Job) -> Decision:
        """What is to be done about a job now that others have run."""
        return decide.decide(job, self.runner.record(job.id), self.runner.slots, self.runner.grace)

    def _has_room(self) -> bool:
        return len(self.children.running) + len(self._intents) < self.config.max_concurrent

    def _take(self) -> None:
        while self._has_room() and not self.report.trouble:
            job = _startable(self._queue, self._under_way())
            if job is None:
                return
            self._begin(job, self.runner)

    def _under_way(self) -> list[Job]:
        running = [one.attempt.job for one in self.children.running]
        return running + [one.attempt.job for one in self._intents]

    def _record_ends(self, ends: list[tuple[Running, AttemptResult]]) -> None:
        """Record how runs ended, all of them on the disk at once, and only then tell of it."""
        begun = [self._begun.pop(running.attempt.run_id) for running, _ in ends]
        rows: list[Row | None] = [
            self._end(one, ended) for one, (_, ended) in zip(begun, ends, strict=True)
        ]
        with self.report.troubles():
            self.runner.release_locks(begun)
        for (running, ended), row in zip(ends, rows, strict=True):
            if row is not None:
                self._tell(running.attempt.job, ended, row)
            stays_due = ended.not_now or running.stop or running.attempt.slot is None
            if not stays_due and self._has_more(running.attempt.job):
                self._queue.append(running.attempt.job)

    def _try_again(self) -> None:
        """Start those whose short wait is over."""
        for at, job in list(self._retries):
            if at <= self.runner.clock() and self._has_room():
                self._retries.remove((at, job))
                self._begin(job, self.runner.later())

    def _patience(self) -> float | None:
        """Seconds until the next of them; None if there is none."""
        if not self._retries:
            return None
        return max((min(at for at, _ in self._retries) - self.runner.clock()).total_seconds(), 0.0)

    def _candidates(self, decisions: list[Decision]) -> Iterator[Job]:
        due = [one for one in decisions if one.is_due]
        self.report.due = len(due)
        if self.wanted.by_hand:
            yield from (
                one.job for one in decisions if not decide.is_off(one) or self.wanted.even_disabled
            )
            return
        for decision in due:
            if decision.verdict is Verdict.OVER_BUDGET:
                self._carry_over(decision.job, decision.reason)
            else:
                self._budget -= decision.catch_up
                yield decision.job

    def _begin(self, job: Job, runner: JobRunner) -> None:
        if job.only_if:
            self._start()  # a condition may take its time, and those taken before need not wait
        with self.report.troubles():
            taken = runner.claim(job, by_hand=self.wanted.by_hand, slotless=self.wanted.slotless)
            if isinstance(taken, NotStarted):
                self._left(job, taken)
            else:
                self._intents.append(taken)

    def _start(self) -> None:
        """Start the runs that are on record, once all of that is on the disk."""
        intents, self._intents = self._intents, []
        started: list[StartedRun] = []
        with self.report.troubles():
            for begun in self.runner.start(intents):
                self._begun[begun.running.attempt.run_id] = begun
                self.children.running.append(begun.running)
                started.append(begun)
            self.runner.note_children(started)
        for begun in started:
            self.bus.fire("job_started", **_beginning(begun.running.attempt))

    def _left(self, job: Job, left: NotStarted) -> None:
        if left.row is not None:
            self.report.skipped += 1
            self.report.rows.append(left.row)
        elif left.again_at is not None:
            self._retries.append((left.again_at, job))
        elif left.is_busy:
            self._carry_over(job, left.reason)
        if left.problem:
            self.report.problems.append(f"{job.id}: {left.reason}")

    def _carry_over(self, job: Job, reason: str) -> None:
        self.report.carried += 1
        self.report.left.append((job.id, reason))

    def _end(self, begun: StartedRun, ended: AttemptResult) -> Row | None:
        run_id = begun.running.attempt.run_id
        messages = outbox.messages(ended.events, self.config.routes, run_id, self.runner.clock())
        with self.report.troubles():
            return self.runner.end(begun, ended, messages)
        return None

    def _tell(self, job: Job, ended: AttemptResult, row: Row) -> None:
        self.report.rows.append(row)
        if row["outcome"] is None:
            self._carry_over(job, row["reason"] or "")
        elif history.is_failure(row):
            self._schedule_retry(job, row)
        self.bus.fire("job_failed" if history.is_failure(row) else "job_finished", **row)
        for name, data in ended.events:
            self.bus.fire(name, **data)

    def _schedule_retry(self, job: Job, row: Row) -> None:
        """Remember when a job that failed is tried next, for whoever reads of the failure."""
        decision = self.decide(job)
        if decision.next is not None:
            self.report.upcoming[job.id] = decision.next
        again = parse_utc(row["retry_at"])
        if again is not None and (again - self.runner.clock()).total_seconds() < WORTH_WAITING:
            self._retries.append((again, job))

    def _has_more(self, job: Job) -> bool:
        """Whether a job that runs each of its slots has another one due, and may have it now."""
        if job.catch_up is not CatchUp.ALL:
            return False
        decision = self.decide(job)
        if decision.verdict is not Verdict.RUN:
            return False
        if decision.catch_up and self._budget <= 0:
            self._carry_over(job, decide.BUDGET_SPENT)
            return False
        self._budget -= decision.catch_up
        return True


def _beginning(attempt: Attempt) -> dict[str, Any]:
    return {
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "slot": format_utc(attempt.slot),
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
    }


def _startable(queue: list[Job], under_way: list[Job]) -> Job | None:
    """Take the first job out of the queue that waits for no other of this tick."""
    for place, job in enumerate(queue):
        if not (job.waits_for or job.after) or not _waits(job, (*queue, *under_way)):
            return queue.pop(place)
    return None


def _waits(job: Job, others: Iterable[Job]) -> bool:
    awaited = (*job.waits_for, *job.after)
    return any(other.id in awaited for other in others)
