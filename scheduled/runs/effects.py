"""What a tick does to the machine it runs on, so that a simulation can replace all of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Attempt, AttemptResult, Job
from scheduled.quick_classes import dataclass
from scheduled.runs import circumstances, ending, preconditions, process, supervisor
from scheduled.runs.ending import Ending
from scheduled.runs.preconditions import Declined, Guards, NotNow
from scheduled.runs.process import Running
from scheduled.runs.run_context import RunContext
from scheduled.state.records import ActiveRun
from scheduled.system import locks
from scheduled.system.locks import Lock


@dataclass(frozen=True)
class Effects:
    """One function for each effect; the defaults are the real ones."""

    acquire_lock: Callable[[Path, str, int], Lock | None] = locks.take_job
    take_mutex: Callable[[Path, str], Lock | None] = locks.take_mutex
    check_guards: Callable[[Job, Path], NotNow | None] = Guards().check
    check_only_if: Callable[[Attempt, RunContext], NotNow | Declined | None] = (
        preconditions.check_only_if
    )
    start: Callable[[Attempt, dict[str, Any], RunContext, Lock], Running] = process.start
    find_survivor: Callable[[ActiveRun], int] = supervisor.find_survivor
    find_orphan: Callable[[ActiveRun], int] = supervisor.find_orphan
    stop_overdue: Callable[[ActiveRun], bool] = supervisor.stop_overdue
    """Kill a run whose tick died and whose keeper lives on; return whether there was one."""
    recovered: Callable[[Ending, RunContext], AttemptResult | None] = ending.recovered
    """Return how a run ended whose tick died."""
    forget: Callable[[str, str, RunContext], None] = ending.forget
    """Remove what the processes of a run left, once its end is on record."""
    finish_output: Callable[[str, str, Job | None, RunContext], str] = ending.finish_output
    """Finish the output of a run whose tick died."""
    seconds_elsewhere: Callable[[ActiveRun, str, RunContext], float] = ending.seconds_elsewhere
    """Return for how long a run may live on elsewhere that nobody of this machine asks for."""
    look_around: Callable[[Job, str, RunContext], dict[str, Any]] = circumstances.look
    """Return the circumstances of a run that succeeded."""
    are_told: bool = True
    """Whether runs and the tick itself are told of by pings."""
    watch_output: Callable[[str, str, Job | None, RunContext], object] = ending.watch_output
    """Keep the output of such a run within its limit while the run goes on."""


LIVE = Effects()
