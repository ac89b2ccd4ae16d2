"""What a tick works with that only pretends: it decides as a real one and leaves no trace.

What it remembers is written nowhere, every lock is free, the machine has all the time in the
world, conditions say yes, and every run ends at once and well. All
the rest, the planner above all, is the one of production: there is no second set of rules.
"""

import copy
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Attempt, AttemptResult, Outcome
from scheduled.runs.effects import Effects
from scheduled.runs.output import NO_SECRETS, OutputFile
from scheduled.runs.process import RunContext, Running
from scheduled.state import apply
from scheduled.state.records import Event, State
from scheduled.state.store import Store
from scheduled.system import files
from scheduled.system.locks import Lock
from scheduled.timing.instants import format_utc

SUCCESS = AttemptResult(Outcome.SUCCEEDED, timedelta(0))


class InMemoryStore(Store):
    """A store of its own for one process: nothing is read from the disk, nothing written to it."""

    def __init__(self, state_dir: Path, state: State) -> None:
        super().__init__(state_dir)
        self.state = copy.deepcopy(state)
        self.events: list[Event] = []
        """What was recorded here, oldest first; whoever has read it may clear it."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else is there."""
        yield

    def refresh(self) -> None:
        """Nobody else records anything here."""

    def write(self, now: datetime, *events: Event, sync: bool = True) -> None:  # noqa: ARG002 - the Store's own
        """Change the state as the events say, and keep them in `events`."""
        for event in events:
            whole = {"at": format_utc(now), **event}
            apply.apply(self.state, whole)
            self.events.append(whole)

    def save(self) -> files.Stamp | None:
        """There is no file."""
        return None


class FakeSupervisor:
    """Children that end at once and well, in the place of a Supervisor."""

    def __init__(self) -> None:
        self.running: list[Running] = []
        self.stopped_by: signal.Signals | None = None

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:  # noqa: ARG002 - the Store's own
        """All that run: they have ended."""
        over = [(running, SUCCESS) for running in self.running]
        self.running.clear()
        return over


class NullLock(Lock):
    def __init__(self) -> None:
        super().__init__(None)

    def release(self) -> None:
        """It was never taken."""


NULL_LOCK = NullLock()
_NO_OUTPUT = OutputFile(Path(os.devnull), 0)


def running(attempt: Attempt) -> Running:
    """A run that is no process and prints nothing."""
    return Running(attempt, _NO_OUTPUT, started=0.0, mask=NO_SECRETS)


def _take(_state_dir: Path, _job: str, _lane: int) -> Lock:
    return NULL_LOCK


def _start(attempt: Attempt, _memory: dict[str, Any], _around: RunContext) -> Running:
    return running(attempt)


NO_EFFECTS = Effects(
    acquire_lock=_take,
    check_guards=lambda _job, _folder: None,
    check_only_if=lambda _attempt, _context: None,
    start=_start,
    find_survivor=lambda _opened: 0,
    finish_output=lambda *_about: "",
    watch_output=lambda *_about: None,
)
"""They touch nothing."""
