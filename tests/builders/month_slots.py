"""What became of the slots of a job in a month: the events that ticks would have recorded.

The events come from the builders of the state; what follows from an end, from the rule for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any

from scheduled.jobs.model import Attempt, AttemptResult, CatchUp, Job, Outcome
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import slot_end
from scheduled.planning.decide import pause_text
from scheduled.planning.missed_cause import STILL_RUNNING
from scheduled.planning.slot_end import Then
from scheduled.state import events
from scheduled.state.heartbeat import Gap
from scheduled.state.records import Pause
from scheduled.state.resolution import Resolution
from scheduled.timing import backoff, slots, window
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import MissedRange
from tests.builders.month_jobs import Fate, Trouble

MINUTE = timedelta(minutes=1)
BOOT = "of the month"
Event = dict[str, Any]


@dataclass
class Output:
    """What a run printed that is kept."""

    job: str
    run_id: str
    text: str


class Story:
    """The events of one job, in order, and the output of its runs that failed."""

    def __init__(self, job: Job, fate: Fate, outages: Sequence[Gap]) -> None:
        self.job, self.fate, self.outages = job, fate, outages
        self.random = Random(job.id)
        self.outputs: list[Output] = []
        self.suspended_at: datetime | None = None
        self._number = 0
        self._dead_in_a_row = 0
        self._free_at = datetime.min.replace(tzinfo=UTC)
        """When the run before has ended."""

    def events(self, begin: datetime, until: datetime) -> Iterator[Event]:
        """Yield what is recorded about the job from `begin` on; all that starts before `until`."""
        since = max(begin, self.fate.first_seen or begin)
        schedule = schedule_of(self.job)
        yield _stamped(since, events.job_registered(
            self.job.id, since, fingerprint(schedule), since, (self.job.schedule, self.job.timezone)
        ))  # fmt: skip
        waiting = [*slots.between(schedule, since, until, since)]
        at = 0
        while at < len(waiting) and self.suspended_at is None:
            start = self._start_of(waiting[at])
            after = at + 1
            while after < len(waiting) and waiting[after] <= start:
                after += 1
            if start >= until:
                return
            yield from self._answer(waiting[at:after], start)
            at = after

    def _start_of(self, slot: datetime) -> datetime:
        """Return the first tick that may start a run for a slot."""
        before, tick = None, slot
        while tick != before:
            before = tick
            tick = next((gap.end for gap in self.outages if gap.start < tick < gap.end), tick)
            if self.job.window:
                opening = window.next_opening(self.job.window, self.job.timezone, tick)
                tick = opening or tick
            if tick < self._free_at:
                tick = self._free_at.replace(second=0, microsecond=0) + MINUTE
        return tick

    def _answer(self, passed: Sequence[datetime], start: datetime) -> Iterator[Event]:
        """Yield what a tick records that finds these slots unanswered."""
        *older, slot = passed
        at = start + timedelta(seconds=self.random.uniform(0.4, 1.9))
        paused = self.fate.paused
        for cause, missed in groupby(older, key=self._cause):
            group = [*missed]
            span = MissedRange(group[0], group[-1], len(group))
            for event in events.slots_missed(self.job.id, span, cause):
                yield _stamped(at, event)
        late = start - slot
        if paused is not None and slot >= paused[0]:
            reason = pause_text(Pause(paused[0], None, paused[1]))
        elif self.job.catch_up is CatchUp.SKIP and late > 2 * MINUTE:
            reason = "not caught up: catch_up is skip"
        elif self.job.max_lateness is not None and late.total_seconds() > self.job.max_lateness:
            reason = f"too late: {late}"
        elif self.random.random() < self.fate.refused:
            reason = "only_if: exit code 1"
        else:
            if self.random.random() < self.fate.guard:
                waits = events.guard_said_not_now(
                    self.job.id, slot, "idle_only", "the machine is busy: cpu 93 %"
                )
                yield _stamped(at, waits)
                at += timedelta(minutes=self.random.randint(3, 25))
            yield from self._attempts(slot, at, len(older), catch_up=bool(older) or late > MINUTE)
            return
        yield _stamped(at, events.slot_skipped(self.job.id, slot, reason))

    def _cause(self, slot: datetime) -> str:
        for gap in self.outages:
            if gap.start < slot < gap.end:
                return gap.cause.value
        if self.job.window and window.next_opening(self.job.window, self.job.timezone, slot):
            return window.closed(self.job.window)
        return STILL_RUNNING

    def _attempts(
        self, slot: datetime, at: datetime, missed: int, *, catch_up: bool
    ) -> Iterator[Event]:
        """Yield the runs for a slot, until it is done with."""
        number, interruptions = 1, 0
        while True:
            attempt = Attempt(
                self._run_id(at), self.job, slot, number, catch_up, missed, None, interruptions
            )
            yield _stamped(at, events.run_started(attempt, BOOT))
            trouble = self._trouble(slot, number)
            result = self._result(at, trouble)
            interruptions += result.outcome is Outcome.INTERRUPTED
            finished = self._free_at = at + result.duration
            ending = slot_end.ending_of(result)
            left = slot_end.attempts_left(ending, self.job, number, interruptions)
            rule = slot_end.rule(ending, left)
            again = self._next_at(finished, rule.then, number)
            suspends = slot_end.suspends(self.job, rule, self._dead_in_a_row)
            resolution = Resolution(
                rule.then is Then.DONE, again, rule.dead_letter, rule.told, suspends, interruptions
            )
            ended = events.run_ended(attempt, result, resolution, at, finished)
            yield _stamped(finished, ended)
            self._dead_in_a_row = self._dead_in_a_row + 1 if rule.dead_letter else 0
            if trouble is not None and trouble.output:
                self.outputs.append(Output(self.job.id, attempt.run_id, trouble.output))
            if suspends:
                self.suspended_at = finished
            if again is None:
                return
            at, number = again, number + 1

    def _next_at(self, finished: datetime, then: Then, attempt: int) -> datetime | None:
        if then is Then.RERUN:
            return finished + MINUTE
        if then is not Then.RETRY:
            return None
        wait = backoff.delay(attempt - 1, base=self.job.retry_delay, cap=self.job.max_retry_delay)
        return finished + timedelta(seconds=wait)

    def _run_id(self, at: datetime) -> str:
        self._number += 1
        return f"{at:%Y%m%dT%H%M%S}-{self._number:06x}"

    def _trouble(self, slot: datetime, attempt: int) -> Trouble | None:
        for trouble in self.fate.troubles:
            is_meant = trouble.start <= slot < trouble.end and attempt <= trouble.attempts
            if is_meant and (attempt > 1 or self.random.random() < trouble.share):
                return trouble
        return None

    def _result(self, at: datetime, trouble: Trouble | None) -> AttemptResult:
        usual = self.fate.seconds
        if self.fate.slower is not None and at >= self.fate.slower[0]:
            usual *= self.fate.slower[1]
        seconds = usual * self.random.lognormvariate(0.0, 0.12)
        if trouble is None:
            result = {"files": self._number}
            return AttemptResult(
                Outcome.SUCCEEDED, timedelta(seconds=seconds), result=result, exit_code=0
            )
        length = timedelta(seconds=seconds if trouble.seconds is None else trouble.seconds)
        reason = trouble.error if trouble.outcome is Outcome.INTERRUPTED else ""
        return AttemptResult(
            trouble.outcome,
            length,
            reason=reason,
            error=trouble.error,
            exit_code=trouble.exit_code,
        )


def _stamped(at: datetime, event: Any) -> Event:
    return {"at": format_utc(at), **event}
