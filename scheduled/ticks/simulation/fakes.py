"""Stand-ins for what a tick works with, so that it decides as a real one and changes nothing.

Its state is kept in memory, every lock is free, guards and conditions say yes, and every run
succeeds at once. Everything else, above all the planner, is the real code: there is no second set
of rules.
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
from scheduled.runs.process import Running
from scheduled.runs.run_context import RunContext
from scheduled.state import apply
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.system import files
from scheduled.system.locks import Lock
from scheduled.timing.instants import format_utc

SUCCESS = AttemptResult(Outcome.SUCCEEDED, timedelta(0))


class InMemoryStore(Store):
    """A store that neither reads from the disk nor writes to it."""

    def __init__(self, state_dir: Path, state: State) -> None:
        super().__init__(state_dir)
        self.state = copy.deepcopy(state)
        self.events: list[Event] = []
        """What was recorded here, oldest first; a reader may clear it."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Do nothing: no other process uses this store."""
        yield

    def refresh(self) -> None:
        """Do nothing: no other process records anything here."""

    def write(self, now: datetime, *events: Event, sync: bool = True) -> None:  # noqa: ARG002 - the Store's own
        """Apply events to the state, and keep them in `events`."""
        for event in events:
            stamped = {"at": format_utc(now), **event}
            apply.apply(self.state, stamped)
            self.events.append(stamped)

    def save(self) -> files.Stamp | None:
        """Do nothing: there is no file."""
        return None


class FakeSupervisor:
    """A stand-in for a Supervisor whose runs succeed at once."""

    def __init__(self) -> None:
        self.running: list[Running] = []
        self.stopped_by: signal.Signals | None = None

    def wait(self, patience: float | None = None) -> list[tuple[Running, AttemptResult]]:  # noqa: ARG002 - the Supervisor's own
        """Return all runs: they have ended."""
        ended = [(running, SUCCESS) for running in self.running]
        self.running.clear()
        return ended


class NullLock(Lock):
    """A lock that is never held."""

    def __init__(self) -> None:
        super().__init__(-1)

    def release(self) -> None:
        """Do nothing, but for mutexes that it was given."""
        self.mutexes.clear()


NULL_LOCK = NullLock()
_NO_OUTPUT = OutputFile(Path(os.devnull), 0)


def running(attempt: Attempt) -> Running:
    """Return a run without a process or output."""
    return Running(attempt, _NO_OUTPUT, started=0.0, mask=NO_SECRETS)


def _acquire_lock(_state_dir: Path, _job: str, _lane: int) -> Lock:
    return NULL_LOCK


def _take_mutex(_state_dir: Path, _name: str) -> Lock:
    return NullLock()


def _start(attempt: Attempt, _memory: dict[str, Any], _context: RunContext, _lock: Lock) -> Running:
    return running(attempt)


NO_EFFECTS = Effects(
    acquire_lock=_acquire_lock,
    take_mutex=_take_mutex,
    check_guards=lambda _job, _root: None,
    check_only_if=lambda _attempt, _context: None,
    start=_start,
    find_survivor=lambda _run: 0,
    find_orphan=lambda _run: 0,
    stop_overdue=lambda _run: False,
    recovered=lambda _ending, _context: None,
    seconds_elsewhere=lambda *_arguments: 0.0,
    forget=lambda *_arguments: None,
    finish_output=lambda *_arguments: "",
    look_around=lambda *_arguments: {},
    watch_output=lambda *_arguments: None,
    are_told=False,
)
"""They change nothing."""
