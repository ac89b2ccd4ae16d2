"""One run in a process of its own: how it starts, and what is known of it while it goes on.

A keeper starts it and waits for it (see `runs.keeper`). The run has a session of its own, so that
whatever it starts can be stopped with it, no standard input, and its output in a file. It inherits
no lock.
"""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from scheduled.errors import RefusedError, reason_of
from scheduled.jobs.model import Attempt
from scheduled.quick_classes import dataclass, field
from scheduled.runs import exit_file, keeper
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors import local
from scheduled.runs.executors.program import Program
from scheduled.runs.exit_file import ExitStatus
from scheduled.runs.keeper import Kept
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.runs.output import OutputFile
from scheduled.runs.run_context import RunContext, output_path
from scheduled.system import descriptors
from scheduled.system.locks import Lock
from scheduled.system.masking import Mask
from scheduled.system.processes import Family

START_SECONDS = 2.0
"""How long a run that is to be stopped may take to start."""


@dataclass
class Running:
    """A run in progress: a process and its keeper, or the failure to start one."""

    attempt: Attempt
    output: OutputFile
    started: float
    """`time.monotonic()` at the start."""
    keeper: int = 0
    """The process id of the keeper; 0 if there is none."""
    failure: str = ""
    """Why there is no keeper."""
    is_shortage: bool = False
    """Whether there is none because the machine lacks something, and not for the job."""
    is_refused: bool = False
    """Whether there is none because the run could not be confined."""
    stop: str = ""
    """Why it is being stopped: `timeout`, or the name of a signal."""
    stop_since: float | None = None
    killed: bool = False
    is_recorded: bool = False
    """Whether its process is on record."""
    signalled: dict[int, int] = field(default_factory=dict)
    """The processes that got a signal, each with its start time as the kernel counts it."""
    mask: Mask = field(default_factory=lambda: Mask({}))
    """Hides the secrets of its environment in all that is kept of the run."""
    pool: KeeperPool | None = None
    is_reaped: bool = False
    """Whether its keeper has ended, and was waited for."""
    is_released: bool = False
    """Whether its keeper has said that nothing of the run is left, and is another run's by now."""
    _keeper_started: int = 0
    _pipe: int = -1
    """What the keeper writes to; -1 once all is read."""
    _told: bytes = b""
    """What it has written so far: the process, and then how that ended."""

    @property
    def is_known(self) -> bool:
        """Whether the keeper has told the process. Never waits."""
        if b"\n" not in self._told:
            self.hear()
        return self._told[:1].isdigit() and b"\n" in self._told

    def wait_for_start(self) -> None:
        """Wait until the keeper has started the process.

        But not for long: a program on a file system that hangs is started when that answers.
        """
        until = time.monotonic() + START_SECONDS
        while self._pipe >= 0 and b"\n" not in self._told and time.monotonic() < until:
            self._wait_and_listen(until - time.monotonic())

    @property
    def family(self) -> Family:
        """What proves that a process belongs to the run. Waits for its start."""
        self.wait_for_start()
        words = self._told.partition(b"\n")[0].split()
        pid, started = map(int, words) if words and words[0].isdigit() else (0, 0)
        return Family(self.attempt.run_id, pid, started, self.keeper, self._keeper_started)

    @property
    def status(self) -> ExitStatus | None:
        """How the process ended; None if its keeper ended first. Waits for one of the two."""
        while self._pipe >= 0:
            self._wait_and_listen()
        return _status_in(self._told)

    @property
    def deadline(self) -> float:
        """When it times out, on the monotonic clock."""
        return self.started + self.attempt.job.timeout

    def watch(self, kept: Kept) -> None:
        """Take over the keeper that was started for the run."""
        self.keeper, self._pipe, self._keeper_started = kept

    def fileno(self) -> int:
        """Return the descriptor at which its keeper is heard."""
        return self._pipe

    def hear(self) -> None:
        """Take all that its keeper has said. Never waits."""
        with contextlib.suppress(BlockingIOError):
            while self._pipe >= 0:
                self._listen()

    def _listen(self) -> None:
        """Take what its keeper has said. Raises BlockingIOError if that is nothing."""
        more = os.read(self._pipe, 65536)
        self._told += more
        if not more:
            os.close(self._pipe)
            self._pipe = -1
        elif self._told.endswith(keeper.FREE):
            self._take_free()

    def _take_free(self) -> None:
        """Give its keeper back, unless others wrote that it is free: it tells the end before."""
        told = self._told.removesuffix(keeper.FREE)
        if _status_in(told) is None:
            return
        self._told = told
        kept = Kept(self.keeper, self._pipe, self._keeper_started)
        if self.pool is not None and self.pool.take_back(kept):
            self._pipe, self.is_released = -1, True

    def has_ended(self) -> bool:
        """Return whether its keeper has ended or is free, and reap it. Never waits."""
        if not self.keeper or self.is_released or self.is_reaped:
            return True
        if not os.waitpid(self.keeper, os.WNOHANG)[0]:
            return False
        self.is_reaped = True
        if self.pool is not None:
            self.pool.let_go(self.keeper)
        return True

    def _wait_and_listen(self, seconds: float | None = None) -> None:
        if descriptors.wait_for([self._pipe], seconds):
            self._listen()


def _status_in(told: bytes) -> ExitStatus | None:
    """Return what the last line of a keeper says; None if that is not how its run ended."""
    return exit_file.decode(told[told[:-1].rfind(b"\n") + 1 :])


def start(attempt: Attempt, memory: dict[str, Any], context: RunContext, lock: Lock) -> Running:
    """Start a run whose lane is locked with `lock`. If it cannot start, return it with `failure`.

    Where the machine lacks something for it, nothing was started, and `is_shortage` is set.
    """
    path = output_path(context, attempt.job.id, attempt.run_id)
    output = OutputFile(path, attempt.job.max_output)
    running = Running(attempt, output, time.monotonic())
    try:
        descriptor = output.open()
    except OSError as error:
        running.failure, running.is_shortage = f"{output.path}: {reason_of(error)}", True
        return running
    try:
        program = _program(attempt, memory, context, path)
        running.mask = Mask(program.hidden)
        _launch(running, program, descriptor, context.keepers, lock)
    except UnusableEnvironmentError as error:
        running.failure = str(error)
    except RefusedError as error:
        running.failure, running.is_refused = str(error), True
    except OSError as error:
        running.failure = f"no process can be started: {reason_of(error)}"
        running.is_shortage = True
    finally:
        os.close(descriptor)
    return running


def _program(attempt: Attempt, memory: dict[str, Any], context: RunContext, path: Path) -> Program:
    """Return what is started for a run: the job itself, or what brings it to its executor.

    Raises UnusableEnvironmentError, RefusedError and OSError.
    """
    if attempt.job.executor:
        from scheduled.runs.executors import proxy_program

        return proxy_program.program(attempt, memory, context, path)
    return local.program(attempt, memory, context, path)


def _launch(
    running: Running, program: Program, output: int, keepers: KeeperPool | None, lock: Lock
) -> None:
    """Start the keeper of a run. Raises OSError if that is impossible."""
    attempt, path = running.attempt, running.output.path
    with contextlib.ExitStack() as opened:
        stdin = opened.enter_context(_unnamed_file(program.stdin)) if program.stdin else None
        order = keeper.Order(
            command=program.command,
            environ=program.environ,
            directory=str(program.directory),
            umask=program.umask,
            nice=program.nice,
            output=output,
            stdin=stdin.fileno() if stdin is not None else None,
            lock=opened.enter_context(lock.shared()),
            exit_path=os.path.abspath(path.with_suffix(exit_file.SUFFIX)),
            started=running.started,
            run_id=attempt.run_id,
            shell=program.shell,
            confinement=program.confinement,
            leaves_nothing=program.leaves_nothing,
            mutexes=_descriptors(lock.mutexes, opened),
            lease_path=program.lease_path,
        )
        running.pool = keepers
        running.watch(keeper.start(order) if keepers is None else keepers.start(order))


def _descriptors(locks: Iterable[Lock], opened: contextlib.ExitStack) -> tuple[int, ...]:
    """Return a descriptor of each lock for the keeper, until `opened` is closed."""
    numbers = [opened.enter_context(lock.shared()) for lock in locks]
    return tuple(number for number in numbers if number is not None)


def _unnamed_file(data: bytes) -> IO[bytes]:
    """Return a file without a name, ready to be read: in memory, where the system has such."""
    stream = _opened_unnamed()
    stream.write(data)
    stream.seek(0)
    return stream


def _opened_unnamed() -> IO[bytes]:
    with contextlib.suppress(AttributeError, OSError):
        return open(os.memfd_create("description"), "w+b")
    import tempfile  # every tick that starts a handler would pay for it

    return tempfile.TemporaryFile()
