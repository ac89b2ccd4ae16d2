"""The mutexes of a run: kernel locks that are taken before it starts, and held with its own.

All ticks take them in the same order and none waits for one, so none can block another.
"""

from scheduled.jobs.model import Job
from scheduled.planning import mutexes
from scheduled.planning.mutexes import Run
from scheduled.state import records
from scheduled.system.locks import Lock
from scheduled.ticks.context import TickContext


def take(tick: TickContext, job: Job, lane: int, lock: Lock) -> str:
    """Take all mutexes of a job with the lock of its lane, or none; return what prevents it.

    The state is read again once they are taken. Raises UnusableLockError.
    """
    if lock.mutexes:  # since a decision that was overtaken
        return ""
    reason = _taken(tick, job, lock) or _without_a_keeper(tick, job, lane)
    while reason and lock.mutexes:
        lock.mutexes.pop().release()
    return reason


def _taken(tick: TickContext, job: Job, lock: Lock) -> str:
    for name in sorted({*job.mutex}):
        mutex = tick.effects.take_mutex(tick.store.state_dir, name)
        if mutex is None:
            tick.store.refresh()
            holders = mutexes.holders(name, _runs(tick).values())
            return mutexes.reason(name, [holder for holder, _ in holders])
        lock.mutexes.append(mutex)
    return ""


def _without_a_keeper(tick: TickContext, job: Job, lane: int) -> str:
    """Return what keeps `job` from running though its locks are free: a run without its keeper.

    A job lives on where its keeper, which holds the locks, was killed.
    """
    tick.store.refresh()  # such a run may have been recorded a moment ago
    runs = _runs(tick)
    runs.pop((job.id, lane), None)
    for name in sorted({*job.mutex}):
        for holder, run in mutexes.holders(name, runs.values()):
            if tick.effects.find_survivor(run):
                return mutexes.reason(name, [holder])
    return ""


def _runs(tick: TickContext) -> dict[tuple[str, int], Run]:
    lanes = records.active_runs(tick.store.state)
    return {(job, lane): (job, tick.memory(job).runs[lane]) for job, lane in lanes}
