"""One run in a process of its own: how it starts, and what is known of it while it goes on.

A keeper starts it and waits for it (see `runs.keeper`). The run has a session of its own, so that
whatever it starts can be stopped with it, no standard input, and its output in a file. It inherits
no lock.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scheduled.errors import RefusedError, reason_of
from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import CONFINED, Permissions
from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.runs import environment, exit_file, keeper, plain_command
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.exit_file import ExitStatus
from scheduled.runs.keeper import Kept
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.runs.output import OutputFile
from scheduled.system import descriptors
from scheduled.system.locks import Lock
from scheduled.system.masking import Mask
from scheduled.system.processes import Family
from scheduled.system.trusted import Trust
from scheduled.timing.instants import format_utc

if TYPE_CHECKING:  # most ticks confine nothing
    from scheduled.runs import confine

RESULT = ".result"
"""Suffix of the file, beside the output, in which a handler's process leaves its report."""
FD_REPORT = "fd:3"
"""What a handler's process is told in place of its path, if it may open no file there."""


START_SECONDS = 2.0
"""How long a run that is to be stopped may take to start."""


class RunContext(NamedTuple):
    """What every run of a tick needs to know of its installation."""

    state_dir: Path
    root: Path
    central_dir: Path
    config_dir: Path
    """The directory that the `env_file` of a job is relative to."""
    zone: str
    now: datetime
    environ: Mapping[str, str]
    trust: Trust | None = None
    """Whose files may be executed; None: ours and root's."""
    keepers: KeeperPool | None = None
    """Where the keeper of a run comes from; None: each run has one forked."""
    permissions: Permissions | None = None
    """What jobs may do, as it is configured."""
    closed_files: tuple[Path, ...] = ()
    """The places of the configuration file, existing or not."""
    closed: tuple[Path, ...] = ()
    """Those of job files and handlers, too."""
    secret_files: Callable[[], tuple[Path, ...]] = tuple
    """Returns the files in which the configuration says that secrets are."""


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
        if not self.keeper or self.is_released:
            return True
        if not os.waitpid(self.keeper, os.WNOHANG)[0]:
            return False
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
        plan = _plan(attempt, context)
        environ = context.environ if plan is None else plan.environ
        variables = environment.variables(attempt, environ, context.config_dir, context.trust)
        running.mask = Mask(variables if plan is None else {**context.environ, **variables})
        directory = environment.working_directory(attempt.job, context.root, variables)
        setup = _Setup(variables, directory, descriptor, plan and plan.confinement)
        _launch(running, setup, memory, context, lock)
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


def _plan(attempt: Attempt, context: RunContext) -> "confine.Plan | None":
    """Return how a run is confined; None if it is not. Raises RefusedError if it cannot be."""
    if attempt.job.level not in CONFINED or attempt.as_before:
        return None
    from scheduled.runs import confine

    return confine.plan(attempt, context)


def output_path(context: RunContext, job_id: str, run_id: str) -> Path:
    """Return the path of the output of a run; its other files stand beside it."""
    return context.state_dir / "runs" / job_id / f"{run_id}.log"


class _Setup(NamedTuple):
    """What a child starts with: variables, working directory, and a descriptor for its output."""

    environ: dict[str, str]
    directory: Path
    output: int
    confinement: "confine.Confinement | None" = None


def _launch(
    running: Running, setup: _Setup, memory: dict[str, Any], context: RunContext, lock: Lock
) -> None:
    """Start the keeper of a run. Raises OSError if that is impossible."""
    job, path, confinement = running.attempt.job, running.output.path, setup.confinement
    report = path.with_suffix(RESULT)
    if confinement is not None and job.handler:
        confinement = confinement._replace(report=os.path.abspath(report))
    command, shell = (
        _command(running.attempt, str(report) if confinement is None else FD_REPORT),
        None,
    )
    if confinement is None and (words := _words_without_shell(job, setup.environ)):
        command, shell = words, command
    if job.handler:
        setup.environ.pop("PYTHONHOME", None)  # the child is this very interpreter
    with contextlib.ExitStack() as opened:
        description: IO[bytes] | None = None
        if job.handler:
            description = opened.enter_context(
                _description(running.attempt, memory, context, confinement)
            )
        order = keeper.Order(
            command=command,
            environ=setup.environ,
            directory=str(setup.directory),
            umask=job.umask,
            nice=job.nice,
            output=setup.output,
            stdin=description.fileno() if description is not None else None,
            lock=opened.enter_context(lock.shared()),
            exit_path=os.path.abspath(path.with_suffix(exit_file.SUFFIX)),
            started=running.started,
            run_id=running.attempt.run_id,
            shell=shell,
            confinement=confinement,
            leaves_nothing=confinement is not None and confinement.is_scoped,
            mutexes=_descriptors(lock.mutexes, opened),
        )
        running.pool = context.keepers
        running.watch(keeper.start(order) if running.pool is None else running.pool.start(order))


def _descriptors(locks: Iterable[Lock], opened: contextlib.ExitStack) -> tuple[int, ...]:
    """Return a descriptor of each lock for the keeper, until `opened` is closed."""
    numbers = [opened.enter_context(lock.shared()) for lock in locks]
    return tuple(number for number in numbers if number is not None)


def _command(attempt: Attempt, report: str) -> list[str]:
    job = attempt.job
    if job.handler:
        # -P: a json.py in the working directory must not hide the standard library's.
        module = "scheduled.runs.handler_child"
        return [sys.executable, "-P", "-X", "utf8", "-m", module, report]
    return job.words(job.command)


def _words_without_shell(job: Job, environ: Mapping[str, str]) -> list[str]:
    """Return the words of a command that is as well started without a shell; else empty.

    A shell may have another value for PWD, and its exit code for a command that a signal has killed
    is more than 128.
    """
    if job.handler or job.shell or not isinstance(job.command, str) or "PWD" in environ:
        return []
    if any(code > 128 for code in (*job.success_codes, *job.defer_codes)):
        return []
    return plain_command.words(job.command)


def _description(
    attempt: Attempt,
    memory: dict[str, Any],
    context: RunContext,
    confinement: "confine.Confinement | None",
) -> IO[bytes]:
    """Return an unnamed file that describes the run to the child, ready to be read."""
    cache = context.state_dir / "cache" / attempt.job.id
    description = {
        "handler": attempt.job.handler,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "now": format_utc(context.now),
        "zone": context.zone,
        "root": str(context.root),
        "central_dir": str(context.central_dir),
        "cache_dir": str(cache) if confinement is None else confinement.temporary,
        "state_dir": str(context.state_dir),
        "configuration": [str(path) for path in context.closed],
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "last_success": format_utc(attempt.last_success),
        "params": attempt.job.params,
        "memory": memory,
        "owners": sorted(context.trust.owners) if context.trust is not None else [],
    }
    stream = _unnamed_file()
    stream.write(json.dumps(description).encode())
    stream.seek(0)
    return stream


def _unnamed_file() -> IO[bytes]:
    """Return a file without a name: in memory, where the system has such files."""
    with contextlib.suppress(AttributeError, OSError):
        return open(os.memfd_create("description"), "w+b")
    import tempfile  # every tick that starts a handler would pay for it

    return tempfile.TemporaryFile()
