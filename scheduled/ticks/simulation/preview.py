"""What a tick would do now, without doing it."""

from datetime import datetime

from scheduled.config.load import Config
from scheduled.jobs.model import Job, Overlap
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.quick_classes import replace
from scheduled.runs.running import running_jobs
from scheduled.state.store import Store
from scheduled.ticks.claim import StillRunning
from scheduled.ticks.context import TickContext
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.simulation import fakes
from scheduled.ticks.tick import Tick


def decisions(config: Config, now: datetime, request: RunRequest) -> list[Decision]:
    """Return what `run` would decide at `now`; changes nothing on disk. Raises as `run` does."""
    store = Store(config.places.state_dir).load()
    memory = fakes.InMemoryStore(store.state_dir, store.state)
    tick = Tick(config, now, request=request, store=memory, effects=fakes.NO_EFFECTS)
    tick.note_previous()
    view = _View(tick.context, frozenset(running_jobs(store.state, store.state_dir)))
    planned = tick.plan()
    if request.by_hand:
        return [view.by_hand(decision) for decision in planned]
    starting = {each.job.id for each in planned if each.verdict is Verdict.RUN}
    starting -= view.running
    return [view.held(decision, starting) for decision in planned]


class _View:
    """What a tick would find when it takes one job after another."""

    def __init__(self, tick: TickContext, running: frozenset[str]) -> None:
        self.running = running
        self._tick = tick
        self._before: dict[str, str] = {}
        """The last job before with each mutex, of those that start in this tick."""

    def held(self, decision: Decision, starting: set[str]) -> Decision:
        """Return a decision with what keeps its slot waiting: a run in progress, or another job."""
        job, slot, tick = decision.job, decision.slot, self._tick
        if decision.verdict is not Verdict.RUN or slot is None:
            return decision
        if job.id in self.running and _waits_for_its_run(job, slot, tick):
            return _waiting(decision, StillRunning().reason)
        blocker = decide.blocker(job, slot, tick.jobs, tick.memory, tick.slots)
        if blocker is not None and blocker not in starting:
            return _waiting(decision, f"waits for {blocker} to succeed")
        decision = self._excluded(decision)
        if blocker is not None and decision.verdict is Verdict.RUN:
            return replace(decision, reason=f"once {blocker} has succeeded")
        return decision

    def by_hand(self, decision: Decision) -> Decision:
        """Return what becomes of a job that runs whether it is due or not."""
        job = decision.job
        if decide.is_off(decision):
            return decision
        if job.id in self.running and job.overlap is not Overlap.ALLOW:
            return _waiting(decision, StillRunning().reason)
        if decision.verdict is not Verdict.RUN:
            decision = replace(decision, verdict=Verdict.RUN, slot=None, reason="by hand")
        return self._excluded(decision)

    def _excluded(self, decision: Decision) -> Decision:
        """Return a decision with the job that has a mutex, or has it first."""
        job = decision.job
        if not job.mutex:
            return decision
        from scheduled.planning import mutexes

        runs = [
            (name, run)
            for name in sorted(self.running)
            for run in self._tick.memory(name).runs.values()
        ]
        for mutex in sorted({*job.mutex}):
            if holders := [name for name, _ in mutexes.holders(mutex, runs)]:
                return _waiting(decision, mutexes.reason(mutex, holders))
        first = {self._before[name]: name for name in job.mutex if name in self._before}
        self._before |= dict.fromkeys(job.mutex, job.id)
        if not first:
            return decision
        jobs, shared = " and ".join(first), ", ".join(sorted({*first.values()}))
        verb = "has" if len(first) == 1 else "have"
        return replace(decision, reason=f"once {jobs} {verb} ended (mutex {shared})")


def _waiting(decision: Decision, reason: str) -> Decision:
    return replace(decision, verdict=Verdict.WAIT, reason=reason)


def _waits_for_its_run(job: Job, slot: datetime, tick: TickContext) -> bool:
    """Return whether the slot is being run, or waits until the run in progress has ended."""
    is_own = any(run.slot == slot for run in tick.memory(job.id).runs.values())
    return is_own or job.overlap is Overlap.QUEUE
