"""What a turn does to the machine it runs on, so that a rehearsal can only pretend to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Attempt, Job
from scheduled.runs import preconditions, process, supervisor
from scheduled.runs.preconditions import Answer, Machine, Refusal
from scheduled.runs.process import RunContext, Running
from scheduled.state.records import ActiveRun
from scheduled.system import locks
from scheduled.system.locks import Lock


@dataclass(frozen=True)
class Effects:
    """One function for each thing; those that are given by default do it."""

    acquire_lock: Callable[[Path, str, int], Lock | None] = locks.take_job
    refusal: Callable[[Job, Path], Refusal | None] = Machine().refusal
    """What the machine has against a job's start."""
    ask: Callable[[Attempt, RunContext], Answer] = preconditions.ask
    """What the `only_if` of a job says."""
    start: Callable[[Attempt, dict[str, Any], RunContext], Running] = process.start
    survivor: Callable[[ActiveRun], int] = supervisor.survivor
    """The process of a run whose tick died, to be left alone or killed; 0 if there is none."""
    settle: Callable[[str, str, Job | None, RunContext], str] = process.settle
    """Finish the output of such a run."""
    watch: Callable[[str, str, Job | None, RunContext], object] = process.watch
    """Keep the output of such a run within its limits while it goes on."""


LIVE = Effects()
