"""The keeper of a run: a small process that starts the job, waits for it, and writes how it ended.

The tick forks it, without exec, and may then be killed at any moment: the keeper has a session of
its own, ignores the signals that end a tick, and keeps the lock of the run's lane. It holds nothing
else of the tick's, above all not the pipe that cron reads. It is the subreaper of its job, so
whatever the job starts stays its descendant, and nobody else's. What a job has left behind goes on,
unless somebody is stopping the run, or the job may leave nothing: then the keeper kills it. One
that lasts waits for the next run after one that has left nothing behind (see `runs.keeper_pool`).
"""

import contextlib
import errno
import json
import os
import signal
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scheduled.errors import NO_SPACE, SHORTAGES, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.runs import exit_file
from scheduled.runs.exit_file import ExitStatus
from scheduled.system import descriptors, forking, handover, linux, processes

if TYPE_CHECKING:
    import _socket

STOPPING = signal.SIGUSR1
"""Tells a keeper that its run is being stopped: nothing of it may outlive the job."""
DEAF_TO = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
KILL_SECONDS = 5.0
"""How long what a stopped job left behind may take to die."""
_ROUNDING = 1024 * 1024
"""The kernel counts memory in batches; a difference below this says nothing."""


class Order(NamedTuple):
    """What a keeper starts, and where it writes."""

    command: list[str]
    environ: dict[str, str]
    directory: str
    umask: int | None
    nice: int | None
    output: int
    """The descriptor for the job's output."""
    stdin: int | None
    """The descriptor of the job's input; None: it has none."""
    lock: int | None
    """The descriptor of the lock that the keeper holds, too."""
    exit_path: str
    started: float
    """`time.monotonic()` at the start of the run."""
    run_id: str = ""
    shell: list[str] | None = None
    """What runs the command by a shell, which `command` does not need; None: it is not a shell's.
    The shell is started if the command cannot be, and says why."""
    confinement: tuple[Any, ...] | None = None
    """A `confine.Confinement`; None: the job may do what the keeper may."""
    leaves_nothing: bool = False
    """Whether all that it has started ends with it."""
    mutexes: tuple[int, ...] = ()
    """The descriptors of the mutexes that the keeper holds, too."""
    lease_path: str | None = None
    """The lease of a run elsewhere, which is waited out before it is over."""


FREE = b"free\n"
"""What a keeper that lasts writes last of a run."""
FILES = ("output", "lock", "stdin")
"""What of an order is an open file."""


class Kept(NamedTuple):
    """A keeper, as the tick that forked it sees it."""

    pid: int
    pipe: int
    """Where it writes one line once it has started the job, and another when the job has ended.
    Then it writes `FREE`, or ends."""
    started: int
    """As the kernel counts it."""


def start(order: Order) -> Kept:
    """Fork a keeper for a run. Raises OSError; then nothing was started."""
    return _forked(lambda pipe, mask: _Keeper(order, pipe, mask).run())


def start_lasting(order: Order) -> "tuple[Kept, _socket.socket]":
    """Fork a keeper for a run, and for others by the socket. Raises OSError as `start` does."""
    ours, theirs = handover.pair()
    try:
        kept = _forked(lambda pipe, mask: _Keeper(order, pipe, mask, theirs).last())
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return kept, ours


def hand_over(order: Order, orders: "_socket.socket") -> None:
    """Give a keeper that is free the next run. Raises OSError if it has ended."""
    files = [number for name in FILES if (number := getattr(order, name)) is not None]
    files += order.mutexes
    handover.send(orders, json.dumps(order).encode(), files)


def _forked(work: forking.Work) -> Kept:
    linux.load()  # before the fork, once for all keepers
    pid, pipe = forking.fork(work)
    os.set_blocking(pipe, False)
    return Kept(pid, pipe, processes.start_time(pid) or 0)


def is_shortage(error: Exception) -> bool:
    """Return whether something could not be done because the machine lacks something."""
    return isinstance(error, OSError) and error.errno in (*SHORTAGES, *NO_SPACE)


class _NotStartedError(Exception):
    """The job could not be started; the message is for a person."""

    def __init__(self, message: str, error: Exception) -> None:
        super().__init__(message)
        self.is_shortage = is_shortage(error)


class _Keeper:
    def __init__(
        self, order: Order, pipe: int, mask: Iterable[int], orders: "_socket.socket | None" = None
    ) -> None:
        self._order = order
        self._pipe = pipe
        self._mask = mask
        self._orders = orders
        self._umask = os.umask(0o077)
        self._defaults: list[int] = []
        self._is_stopping = False
        self._has_only_its_own = False
        self._least_memory = 0
        self._niceness = _niceness()

    def run(self) -> None:
        """Start the job, wait for it, and write how it ended: the whole life of the process."""
        self._begin()
        self._keep()

    def last(self) -> None:
        """Do the same for one run after the other, while none leaves anything behind."""
        self._begin()
        self._keep()
        while self._is_free() and (order := self._next_order()) is not None:
            self._order = order
            self._is_stopping = False  # what came meanwhile was meant for the run before
            self._keep()

    def _begin(self) -> None:
        os.setsid()
        self._defaults = self._set_signals()
        linux.become_subreaper()

    def _keep(self) -> None:
        """Start a job, wait for it, and write how it ended."""
        processes.name_keeper(self._order.run_id)
        self._has_only_its_own = False
        try:
            self._take_descriptors()
            pid = self._spawn(self._defaults)
        except _NotStartedError as error:
            status = ExitStatus(None, failure=str(error), is_shortage=error.is_shortage)
        except OSError as error:
            failure = f"cannot be started: {reason_of(error)}"
            status = ExitStatus(None, failure=failure, is_shortage=is_shortage(error))
        else:
            self._tell(pid)
            self._let_go()
            status = self._wait(pid)
        if self._order.lease_path is not None:
            from scheduled.runs.executors import lease

            lease.wait_out(self._order.lease_path)
        self._report(status)
        if self._order.confinement is not None:
            from scheduled.runs import confine, confined_child

            confined_child.clean_up(confine.Confinement(*self._order.confinement))

    def _is_free(self) -> bool:
        """Return whether nothing of the run is left, and say so to the tick."""
        # What it was forked with are locks and ends of others, which it would hold on to.
        if self._is_stopping or not self._has_only_its_own or self._niceness != _niceness():
            return False
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            return False
        except ChildProcessError:
            pass
        self._let_go()  # of the output of a job that could not be started
        for number in (self._order.lock, *self._order.mutexes):
            if number is not None:
                os.close(number)
        try:
            return os.write(self._pipe, FREE) > 0
        except OSError:  # the tick is gone
            return False

    def _next_order(self) -> Order | None:
        """Wait for the next run; None if there is none any more."""
        assert self._orders is not None
        try:
            received = handover.receive(self._orders)
        except OSError:
            return None
        if received is None:
            return None
        order, files = Order(*json.loads(received[0])), received[1]
        wanted = [name for name in FILES if getattr(order, name) is not None]
        if len(files) < len(wanted) + len(order.mutexes):  # the kernel closes what has no room
            self._order = order
            failure = f"cannot be started: {os.strerror(errno.EMFILE).lower()}"
            self._report(ExitStatus(None, failure=failure, is_shortage=True))
            return None
        found = dict(zip(wanted, files, strict=False))
        return order._replace(
            output=found["output"],
            lock=found.get("lock"),
            stdin=found.get("stdin"),
            mutexes=tuple(files[len(wanted) :]),
        )

    def _set_signals(self) -> list[int]:
        """Ignore what ends a tick; return the signals that the job gets with their default."""
        defaults: list[int] = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD]
        for number in DEAF_TO:
            if signal.getsignal(number) is not signal.SIG_IGN:  # else as nohup wants it
                signal.signal(number, signal.SIG_IGN)
                defaults.append(number)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(STOPPING, self._on_stopping)
        forking.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        return defaults

    def _on_stopping(self, *_: object) -> None:
        self._is_stopping = True

    def _take_descriptors(self) -> None:
        """Make input and output those of the job; close all others but pipe and lock."""
        import fcntl

        order = self._order
        stdin = os.open(os.devnull, os.O_RDONLY) if order.stdin is None else order.stdin
        # First out of the way of 0 to 2, which a caller may have closed.
        sources = (stdin, order.output, self._pipe)
        moved = [fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, 3) for source in sources]
        os.dup2(moved[0], 0)
        os.dup2(moved[1], 1)
        os.dup2(moved[1], 2)
        self._pipe = moved[2]
        kept = {0, 1, 2, self._pipe, order.lock, *order.mutexes}
        if self._orders is not None:
            kept.add(self._orders.fileno())
        descriptors.close_others(kept)
        self._has_only_its_own = True

    def _spawn(self, defaults: list[int]) -> int:
        """Start the job. Raises _NotStartedError."""
        order = self._order
        if order.nice is not None:
            try:
                os.setpriority(os.PRIO_PROCESS, 0, order.nice)
            except OSError as error:
                reason = "not permitted; going below that of the tick needs root"
                raise _NotStartedError(f"nice: {order.nice}: {reason}", error) from error
        program = (order.shell or order.command)[0]
        if order.confinement is not None:
            return self._spawn_confined(order.confinement, defaults)
        try:
            os.chdir(order.directory)
            os.umask(self._umask if order.umask is None else order.umask)
            return self._spawn_command(defaults)
        except OSError as error:
            message = f"{program}: cannot be started: {reason_of(error)}"
            raise _NotStartedError(message, error) from error
        except ValueError as error:
            raise _NotStartedError(f"{program!r}: cannot be started: {error}", error) from error

    def _spawn_confined(self, confinement: tuple[Any, ...], defaults: list[int]) -> int:
        """Start the job in a process that gives up rights. Raises _NotStartedError and OSError."""
        from scheduled.runs import confine, confined_child

        order = self._order
        umask = self._umask if order.umask is None else order.umask
        program = confined_child.Program(order.command, order.environ, order.directory, umask)
        try:
            return confined_child.start(
                program, confine.Confinement(*confinement), defaults, self._mask
            )
        except confined_child.NotConfinedError as error:
            raise _NotStartedError(f"cannot be started: {error}", error) from error

    def _spawn_command(self, defaults: list[int]) -> int:
        """Start the command, by a shell only if need be. Raises OSError and ValueError."""
        order = self._order
        if order.shell is None:
            return _spawn(order.command, order.environ, defaults, self._mask)
        try:
            # A shell sets this variable.
            environ = {**order.environ, "PWD": os.getcwd()}
            return _spawn(order.command, environ, defaults, self._mask)
        except OSError as error:
            if is_shortage(error):
                raise
        return _spawn(order.shell, order.environ, defaults, self._mask)

    def _tell(self, pid: int) -> None:
        """Tell the tick the process."""
        started = processes.start_time(pid) or 0
        with contextlib.suppress(OSError):  # the tick is gone
            os.write(self._pipe, f"{pid} {started}\n".encode())
        self._least_memory = linux.peak_memory()

    def _let_go(self) -> None:
        """Hold nothing any more that belongs to the job."""
        os.umask(0o077)
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(null, number)
            os.close(null)
        os.chdir("/")

    def _wait(self, pid: int) -> ExitStatus:
        while True:  # what else ends are descendants whose parents ended before them
            ended, status, usage = os.wait4(-1, 0)
            if ended == pid:
                break
        seconds = time.monotonic() - self._order.started
        if self._is_stopping or self._order.leaves_nothing:
            kill_what_is_left()
        peak = usage.ru_maxrss * linux.MEMORY_UNIT
        return ExitStatus(
            exit_code=os.waitstatus_to_exitcode(status),
            seconds=max(seconds, 0.0),
            cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
            max_rss_bytes=peak if peak > self._least_memory + _ROUNDING else None,
            is_stopped=self._is_stopping,
        )

    def _report(self, status: ExitStatus) -> None:
        with contextlib.suppress(OSError):  # a full disk; a tick that lives has the pipe
            exit_file.write(self._order.exit_path, status)
        with contextlib.suppress(OSError):  # the tick is gone
            os.write(self._pipe, exit_file.encode(status))


def _spawn(
    command: list[str], environ: dict[str, str], defaults: list[int], mask: Iterable[int]
) -> int:
    """Start a program in a session of its own, found as `execvpe` would. Raises OSError."""
    program, problem = command[0], FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    folders = [""] if "/" in program else os.get_exec_path(environ)
    failure: OSError = problem
    for folder in folders:
        try:
            return os.posix_spawn(
                os.path.join(folder, program),
                command,
                environ,
                setsid=True,
                setsigdef=defaults,
                setsigmask=mask,
            )
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            failure = error
    raise failure


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def kill_what_is_left() -> None:
    """Kill and reap all descendants; those that start new ones meanwhile, too."""
    until = time.monotonic() + KILL_SECONDS
    while time.monotonic() < until:
        processes.send(processes.descendants(os.getpid()), signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)
