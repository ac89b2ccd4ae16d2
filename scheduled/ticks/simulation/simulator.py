"""Simulated ticks: what `run` would do, and when, if ticks come as they should.

Each of them is a real tick, with the real planner, dispatcher and state, over a store in memory.
Every run succeeds at once, so failures, retries and overlapping runs are not simulated; guards
and conditions are assumed to pass. Ticks at which no job has anything to do are left out, as a
real tick is idle then.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from scheduled.config.load import Config
from scheduled.jobs.model import Attempt
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.standing import Start
from scheduled.quick_classes import replace
from scheduled.state import events, heartbeat, history, tick_events
from scheduled.state.heartbeat import Cause
from scheduled.state.history import Row
from scheduled.ticks import opening, recovery
from scheduled.ticks.job_runner import JobRunner, StartedRun
from scheduled.ticks.simulation import fakes
from scheduled.ticks.simulation.fakes import NO_EFFECTS, InMemoryStore
from scheduled.ticks.tick import Tick
from scheduled.timing.tick_times import TickTimeline
from scheduled.timing.timezones import INSTANT

MOMENT = timedelta(milliseconds=500)
"""How long after its minute a tick decides, because cron and the interpreter take time to start.

A slot whose `max_lateness` is the tick interval is too late by that."""
OUTAGE = "outage"
"""The cause of slots missed in a simulated outage."""


class Simulator:
    """Simulates the ticks of a timeline over a store in memory, which they change."""

    def __init__(self, config: Config, store: InMemoryStore, timeline: TickTimeline) -> None:
        self.config = config
        self.store = store
        self.timeline = timeline
        self._wakes: dict[str, datetime | None] = dict.fromkeys(
            (job.id for job in config.jobs), timeline.start
        )
        """When each job has something to do next, as far as is known; None for never."""
        self._since = Start()
        """From when jobs count that the first tick finds new or changed."""

    def adopt_running(self, running: Iterable[str]) -> None:
        """Continue from the real state: record a gap, and let the runs in progress succeed.

        What was changed since the last real tick counts from its change, as in the next one.
        """
        tick = self.tick(self.timeline.start)
        tick.note_previous()
        self._since = tick.start
        opening.record_gaps(self.store, heartbeat.read_clocks(tick.now), tick.cadence, tick.now)
        jobs, runner = tick.context.jobs, JobRunner(tick.context)
        for job in (jobs[name] for name in running if name in jobs):
            for run in tick.context.memory(job.id).runs.values():
                attempt = Attempt(run.run_id, job, run.slot, run.attempt)
                started = StartedRun(fakes.running(attempt), fakes.NULL_LOCK, run.started_at)
                runner.end(started, fakes.SUCCESS, [])
        self.store.events.clear()

    def run(self) -> Iterator[tuple[datetime, list[Row]]]:
        """Yield the instant of each tick with something to do, and the rows of what ended in it."""
        at = self.timeline.first(self.timeline.start)
        if at is not None:
            recovery.recover_all(self.tick(at).context)
        while at is not None:
            self._run_tick(at)
            yield at, history.rows(self.store.events)[::-1]
            self.store.events.clear()
            at = self._following(at)

    def decisions(self, at: datetime) -> list[Decision]:
        """Run a tick at `at`, after the timeline, and return what it decided about each job.

        The verdict on a job that was due and had to wait is WAIT.
        """
        self._wakes = dict.fromkeys(self._wakes, at)
        tick, decisions = self._run_tick(at)
        reasons = dict(tick.report.not_started)
        return [
            replace(decision, verdict=Verdict.WAIT, reason=reasons[decision.job.id])
            if decision.verdict is Verdict.RUN and decision.job.id in reasons
            else decision
            for decision in decisions
        ]

    def tick(self, at: datetime) -> Tick:
        """Return the tick of an instant, not started yet, with the jobs that have woken."""
        now = at + MOMENT
        tick = _Tick(self.config, now, store=self.store, effects=NO_EFFECTS)
        tick.jobs = [job for job in tick.jobs if _is_awake(self._wakes[job.id], now)]
        return tick

    def _run_tick(self, at: datetime) -> tuple[Tick, list[Decision]]:
        tick = self.tick(at)
        tick.start, self._since = self._since, Start()
        self._record_gap(tick, at)
        decisions = tick.plan()
        tick.dispatcher(fakes.FakeSupervisor()).run(decisions)
        self.store.record(tick.now, events.tick_ended(len(tick.report.ran)))
        for decision in decisions:
            self._wakes[decision.job.id] = _wake(tick.context.decide(decision.job), tick.now)
        return tick, decisions

    def _record_gap(self, tick: Tick, at: datetime) -> None:
        """Record a gap as `opening.record_gaps` does, without the clocks of the machine."""
        before = self.timeline.before(at)
        if before is None or at - before <= tick.cadence.tolerance(before):
            return
        cause = OUTAGE if self.timeline.has_outage_between(before, at) else Cause.SILENT.value
        self.store.record(tick.now, tick_events.gap_explained(before + MOMENT, tick.now, cause))

    def _following(self, at: datetime) -> datetime | None:
        """Return the next tick that has something to do: a job, or a gap to record."""
        instants = [wake for wake in self._wakes.values() if wake is not None]
        instants += [outage.end for outage in self.timeline.outages if outage.end > at]
        return self.timeline.first(max(min(instants) - MOMENT, at + INSTANT)) if instants else None


class _Tick(Tick):
    """A tick that takes no time."""

    def clock(self) -> datetime:
        """Return the same instant throughout."""
        return self.now


def _is_awake(wake: datetime | None, now: datetime) -> bool:
    return wake is not None and wake <= now


def _wake(decision: Decision, now: datetime) -> datetime | None:
    """Return when a job has something to do next: at the next tick, later, or never."""
    return now + INSTANT if decision.is_due else decision.next
