"""Ticks to come, played beforehand: what `run` would do, and when, if they come as they should.

Each is a tick of production, with its planner, its turns and its changes of the state, over a
memory that is written nowhere. Every run ends at once and well, so failures, retries and runs that
overlap are not foreseen; guards and conditions have nothing against a start. A tick at which no
job has anything to do is not played, as the real one finds out from its hint.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from scheduled.config.load import Config
from scheduled.jobs.model import Attempt
from scheduled.planning.decide import INSTANT
from scheduled.planning.decision import Decision, Verdict
from scheduled.state import events, heartbeat, history
from scheduled.state.heartbeat import Cause
from scheduled.state.history import Row
from scheduled.ticks import recovery
from scheduled.ticks.job_runner import JobRunner, StartedRun
from scheduled.ticks.simulation import fakes
from scheduled.ticks.simulation.fakes import NO_EFFECTS, InMemoryStore
from scheduled.ticks.tick import Tick
from scheduled.timing.tick_times import TickTimeline

MOMENT = timedelta(milliseconds=500)
"""How long after its minute a tick decides: cron and the interpreter are not done at once, and a
slot that may be as late as a tick is apart is too late by that."""
OUTAGE = "outage"
"""Why slots were missed, where the ticks were left out on purpose."""


class Simulator:
    """The ticks of a course over a memory, which they change as they go on."""

    def __init__(self, config: Config, memory: InMemoryStore, timeline: TickTimeline) -> None:
        self.config = config
        self.memory = memory
        self.timeline = timeline
        self._wakes: dict[str, datetime | None] = dict.fromkeys(
            (job.id for job in config.jobs), timeline.start
        )
        """When each job has something to do next: as far as is known now, and None for never."""

    def adopt_running(self, running: Iterable[str]) -> None:
        """Go on from the real ticks: why none came of late, and what is under way ends well."""
        tick = self.tick(self.timeline.start)
        tick.explain_silence(heartbeat.read_clocks(tick.now))
        jobs, runner = tick.context.jobs, JobRunner(tick.context)
        for job in (jobs[name] for name in running if name in jobs):
            for opened in tick.context.memory(job.id).runs.values():
                attempt = Attempt(opened.run_id, job, opened.slot, opened.attempt)
                begun = StartedRun(fakes.running(attempt), fakes.NULL_LOCK, opened.started_at)
                runner.end(begun, fakes.SUCCESS, [])
        self.memory.events.clear()

    def run(self) -> Iterator[tuple[datetime, list[Row]]]:
        """Each tick that had something to do: its instant, and a row for all that ended in it."""
        at = self.timeline.first(self.timeline.start)
        if at is not None:
            recovery.recover_all(self.tick(at).context)
        while at is not None:
            self._run_tick(at)
            yield at, history.rows(self.memory.events)[::-1]
            self.memory.events.clear()
            at = self._following(at)

    def decisions(self, at: datetime) -> list[Decision]:
        """What a tick at `at`, after all of the course, does about each job; then it has done so.

        One that is due and has to wait for another says so.
        """
        self._wakes = dict.fromkeys(self._wakes, at)
        tick, decisions = self._run_tick(at)
        left = dict(tick.report.not_started)
        return [
            replace(one, verdict=Verdict.WAIT, reason=left[one.job.id])
            if one.verdict is Verdict.RUN and one.job.id in left
            else one
            for one in decisions
        ]

    def tick(self, at: datetime) -> Tick:
        """The tick of that instant, not yet under way, of the jobs that are up."""
        now = at + MOMENT
        tick = _Tick(self.config, now, store=self.memory, effects=NO_EFFECTS)
        tick.jobs = [job for job in tick.jobs if _is_up(self._wakes[job.id], now)]
        return tick

    def _run_tick(self, at: datetime) -> tuple[Tick, list[Decision]]:
        tick = self.tick(at)
        self._explain_silence(tick, at)
        decisions = tick.plan()
        tick.dispatcher(fakes.FakeSupervisor()).run(decisions)
        self.memory.record(tick.now, events.tick_ended(len(tick.report.ran)))
        for decision in decisions:
            self._wakes[decision.job.id] = _wake(tick.context.decide(decision.job), tick.now)
        return tick, decisions

    def _explain_silence(self, tick: Tick, at: datetime) -> None:
        """As `Tick.explain_silence`, which asks the clocks of the machine."""
        before = self.timeline.before(at)
        if before is None or at - before <= tick.cadence.tolerance(before):
            return
        cause = OUTAGE if self.timeline.has_outage_between(before, at) else Cause.SILENT.value
        self.memory.record(tick.now, events.gap_explained(before, tick.now, cause))

    def _following(self, at: datetime) -> datetime | None:
        """The next tick that has something to do: a job, or a silence to explain."""
        instants = [one for one in self._wakes.values() if one is not None]
        instants += [outage.end for outage in self.timeline.outages if outage.end > at]
        return self.timeline.first(max(min(instants) - MOMENT, at + INSTANT)) if instants else None


class _Tick(Tick):
    """A tick that takes no time."""

    def clock(self) -> datetime:
        return self.now


def _is_up(wake: datetime | None, now: datetime) -> bool:
    return wake is not None and wake <= now


def _wake(decision: Decision, now: datetime) -> datetime | None:
    """When a job has something to do next: at the next tick, later, or never."""
    return now + INSTANT if decision.is_due else decision.next
