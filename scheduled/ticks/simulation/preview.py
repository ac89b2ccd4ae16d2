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
    planned = tick.plan()
    if request.by_hand:
        return planned
    running = frozenset(running_jobs(store.state, store.state_dir))
    starting = frozenset(each.job.id for each in planned if each.verdict is Verdict.RUN)
    return [_held(decision, tick.context, running, starting - running) for decision in planned]


def _held(
    decision: Decision, tick: TickContext, running: frozenset[str], starting: frozenset[str]
) -> Decision:
    """Return a decision with what keeps its slot waiting: a run in progress, or another job."""
    job, slot = decision.job, decision.slot
    if decision.verdict is not Verdict.RUN or slot is None:
        return decision
    if job.id in running and _waits_for_its_run(job, slot, tick):
        return replace(decision, verdict=Verdict.WAIT, reason=StillRunning().reason)
    blocker = decide.blocker(job, slot, tick.jobs, tick.memory, tick.slots)
    if blocker is None:
        return decision
    if blocker in starting:
        return replace(decision, reason=f"once {blocker} has succeeded")
    return replace(decision, verdict=Verdict.WAIT, reason=f"waits for {blocker} to succeed")


def _waits_for_its_run(job: Job, slot: datetime, tick: TickContext) -> bool:
    """Return whether the slot is being run, or waits until the run in progress has ended."""
    is_own = any(run.slot == slot for run in tick.memory(job.id).runs.values())
    return is_own or job.overlap is Overlap.QUEUE
