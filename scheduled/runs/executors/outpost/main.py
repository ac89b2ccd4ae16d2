"""The outpost of one command: hello, order, output, end.

An outpost says hello, and waits for an order: a line of JSON. Then it starts the command in a
session of its own, passes on its output, and says how it ended. The command lives on a lease: it
and all that it has started are ended, TERM first, when standard input ends, when no beat has come
for the time of the lease, or when the proxy asks for that. How it ended is kept in a file until the
proxy has acknowledged it.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from scheduled.runs.executors.outpost import environment, family, guard, handler, spool, wire

LARGEST_ORDER = 16 * 1024 * 1024
LOOK_SECONDS = 0.5
"""How often an outpost looks at the clock."""
DRAIN_SECONDS = 2.0
"""How long output is read after the command has ended."""
KNOWN_SECONDS = 10.0
"""How long one that has told the end of another command waits until that is known."""
ROUNDING = 1024 * 1024
"""The kernel counts memory in batches; a smaller difference means nothing."""
TOKEN = re.compile("[0-9a-f]{16,64}")
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""A clock that goes on while the machine sleeps, and that nobody sets."""


def now() -> float:
    """Return seconds on that clock."""
    return time.clock_gettime(CLOCK)


class Outpost:
    """One command, from its order until the proxy knows its end."""

    def __init__(self, order: dict[str, Any], more: bytes = b"") -> None:
        self._token = order["token"]
        self._lease = float(order["lease"])
        self._grace = float(order["grace"])
        self._order = order
        self._backlog = wire.Backlog(max(int(order["max_output"]), wire.CHUNK))
        self._outgoing = bytearray()
        self._output: int | None = None
        self._pid: int | None = None
        self._more = more
        """What followed the order."""
        self._family = family.Family(0)
        self._is_open = True
        self._is_known = False
        self._beaten = self._began = now()
        self._stopped: float | None = None
        """Since when the command is being stopped."""
        self._why = ""
        """Why it is being stopped: the proxy has `told` so, or is `lost`."""
        self._end: dict[str, Any] | None = None
        self._ended: float | None = None
        """Since when the command has ended."""
        self._handler: handler.Handler | None = None
        self._least = 0
        """Peak memory of this process; the kernel does not say how much less a command used."""
        self._folder = spool.folder_of_ends()

    def run(self) -> None:
        """Start the command, and stay until its end is known or the proxy is gone."""
        wake = self._set_signals()
        self._start()
        if self._more:
            self._hear(self._more)
        while not self._is_over():
            self._wait_for(wake)

    def _set_signals(self) -> int:
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._stop("told"))
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        return reading

    def _start(self) -> None:
        order = self._order
        environ = {**environment.given(), **order["env"], family.MARK: self._token}
        folder = os.path.expanduser(order["cwd"] or "~")
        if problem := _problem(order, folder):
            self._finish({"failure": problem})
            return
        reading, writing = os.pipe()
        stdin: Any = subprocess.DEVNULL
        try:
            if "handler" in order:
                self._handler = handler.Handler(order["handler"], folder, self._token)
                order["command"], stdin = self._handler.command(), self._handler.stdin()
            process = subprocess.Popen(
                order["command"],
                cwd=folder,
                env=environ,
                stdin=stdin,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                preexec_fn=self._prepare,  # noqa: PLW1509 -- there is one thread
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            os.close(reading)
            self._finish({"failure": _reason(error, order, folder)})
            return
        finally:
            os.close(writing)
            if stdin is not subprocess.DEVNULL:
                stdin.close()
        os.set_blocking(reading, False)
        self._output, self._pid = reading, process.pid
        process.returncode = 0  # `_reap` waits for it
        self._least = family.peak_memory()
        self._family = family.Family(process.pid)
        self._outgoing += wire.frame(wire.STARTED, {"pid": process.pid})

    def _prepare(self) -> None:
        """Reset signals in the command's process, and set its umask and nice."""
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if self._order.get("umask") is not None:
            os.umask(self._order["umask"])
        if self._order.get("nice") is not None:
            os.setpriority(os.PRIO_PROCESS, 0, self._order["nice"])

    def _is_over(self) -> bool:
        if self._ended is None:
            return False
        if self._is_known or not self._is_open:
            return True
        return now() - self._beaten > self._lease

    def _wait_for(self, wake: int) -> None:
        """Wait until something can be done, and do it.

        The clock is checked before anything is read: when this machine wakes up, beats from before
        its sleep may still wait to be read, although the lease is over.
        """
        reading = [wake] + ([0] if self._is_open else [])
        if self._output is not None:
            reading.append(self._output)
        self._fill()
        writing = [1] if self._outgoing and self._is_open else []
        ready, writable, _ = select.select(reading, writing, [], LOOK_SECONDS)
        if wake in ready:
            _read(wake)
        self._reap()
        self._check_times()
        if 0 in ready:
            self._hear(_read(0))
        if self._output in ready:
            self._take_output()
        if writable:
            self._write()

    def _hear(self, data: bytes | None) -> None:
        if data == b"":
            self._is_open = False
            self._stop("lost")
            return
        self._beaten = now()
        if data and wire.BEAT in data and not self._outgoing:  # else more is to come anyway
            self._outgoing += wire.frame(wire.ALIVE, b"")
        if data and wire.STOP in data:
            self._stop("told")
        if data and wire.KNOWN in data and self._ended is not None:
            self._is_known = True
            spool.forget(self._folder, self._token)

    def _take_output(self) -> None:
        if self._output is None:
            return
        data = _read(self._output)
        if data == b"":
            os.close(self._output)
            self._output = None
        elif data:
            self._backlog.add(data)

    def _fill(self) -> None:
        """Prepare the next message to be sent; the end comes last."""
        if self._outgoing:
            return
        data = self._backlog.take()
        if data:
            self._outgoing += wire.frame(wire.OUTPUT, data)
        elif self._end is not None and self._output is None:
            self._outgoing += wire.frame(wire.ENDED, self._end)
            self._end = None

    def _write(self) -> None:
        try:
            written = os.write(1, self._outgoing[: wire.CHUNK])
            del self._outgoing[:written]
        except BlockingIOError:
            pass
        except OSError:  # nobody reads it
            self._is_open = False
            self._stop("lost")

    def _reap(self) -> None:
        """Collect processes that have ended: the command, or what it had started."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._pid:
                self._pid = None
                self._end_of(status, usage)

    def _end_of(self, status: int, usage: Any) -> None:
        if self._stopped is not None:
            self._family.kill()
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        signalled = os.WIFSIGNALED(status)
        self._finish(
            {
                "exit_code": -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status),
                "seconds": round(now() - self._began, 3),
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                "max_rss_bytes": peak if peak > self._least + ROUNDING else None,
                "stopped": self._why,
            }
        )

    def _finish(self, end: dict[str, Any]) -> None:
        if self._handler is not None:
            end["report"] = self._handler.report()
        self._ended, self._end = now(), end
        spool.keep(self._folder, self._token, end)

    def _stop(self, why: str, since: float | None = None) -> None:
        if self._stopped is None and self._ended is None:
            self._stopped, self._why = now() if since is None else since, why
            self._family.signal(signal.SIGTERM)

    def _check_times(self) -> None:
        """Stop a command whose lease is over, kill one that does not stop, end the output."""
        if self._ended is None and now() - self._beaten > self._lease:
            # Counted from the end of the lease: after a sleep, the grace may be over as well.
            self._stop("lost", self._beaten + self._lease)
        if self._stopped is not None and self._pid and now() - self._stopped > self._grace:
            self._family.signal(signal.SIGKILL)
        if self._ended is None or self._output is None:
            return
        if now() - self._ended > DRAIN_SECONDS or not _has_data(self._output):
            os.close(self._output)
            self._output = None


def _read(descriptor: int) -> bytes | None:
    """Return what can be read now; None if there is nothing, empty at the end."""
    try:
        return os.read(descriptor, wire.CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _has_data(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def _problem(order: dict[str, Any], folder: str) -> str:
    """Return why a command cannot be started here at all; '' if it may be."""
    if not os.path.isabs(folder):  # there is no such home directory
        return _unusable(order, folder, "no such directory")
    return handler.Handler.problem() if "handler" in order else ""


def _reason(error: Exception, order: dict[str, Any], folder: str) -> str:
    """Return why a command could not be started."""
    if not os.path.isdir(folder):
        return _unusable(order, folder, "no such directory")
    if isinstance(error, subprocess.SubprocessError):
        return f"nice: {order.get('nice')}: not permitted"
    reason = str(getattr(error, "strerror", None) or error).lower()
    if getattr(error, "errno", None) == errno.EACCES and not os.access(folder, os.X_OK):
        return _unusable(order, folder, reason)
    if not order["command"]:
        return f"a temporary directory for its handler cannot be made: {reason}"
    return f"{order['command'][0]}: cannot be started: {reason}"


def _unusable(order: dict[str, Any], folder: str, reason: str) -> str:
    """Return that a command cannot start in a folder, which it is told, or is at home there."""
    if order["cwd"]:
        return f"cwd: {folder}: {reason}"
    return f"the home directory there cannot be used: {folder}: {reason}; name a `cwd`"


def _hello() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.geteuid())
    return {
        "host": socket.gethostname(),
        "user": user,
        "pid": os.getpid(),
        "python": sys.version.split()[0],
        "scheduled": handler.installed(),
        "time": time.time(),  # noqa: TID251 -- no other module is at hand
        "worker": os.environ.get("DASK_WORKER_ADDRESS", ""),
    }


def _order(patience: float) -> tuple[Any, bytes]:
    """Return the order, and the bytes that followed it; None if none has come in time."""
    data, until = b"", now() + patience
    while b"\n" not in data and len(data) <= LARGEST_ORDER:
        if not select.select([0], [], [], max(until - now(), 0))[0]:
            return None, b""
        more = os.read(0, wire.CHUNK)
        if not more:
            return None, b""
        data += more
    line, _, rest = data.partition(b"\n")
    return json.loads(line), rest


def _tell_end(token: str, *, is_overdue: bool) -> None:
    """Tell how another outpost's command ended, and forget it once the proxy knows.

    If that is unknown, end what may be left of a command that is overdue.
    """
    folder = spool.folder_of_ends()
    end = spool.kept(folder, token)
    if end is None and is_overdue:
        family.Family(0, token).kill()
    _write_all(wire.frame(wire.UNKNOWN, {}) if end is None else wire.frame(wire.ENDED, end))
    if end is None or not select.select([0], [], [], KNOWN_SECONDS)[0]:
        return
    if wire.KNOWN in os.read(0, wire.CHUNK):
        spool.forget(folder, token)


def _write_all(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def main(patience: float = 60.0) -> None:
    """Say hello, and carry out the order."""
    _write_all(wire.MAGIC + wire.frame(wire.HELLO, _hello()))
    order, more = _order(patience)
    if not isinstance(order, dict) or not TOKEN.fullmatch(str(order.get("token"))):
        return
    if order.get("fetch"):
        _tell_end(order["token"], is_overdue=bool(order.get("overdue")))
        return
    for descriptor in (0, 1):
        os.set_blocking(descriptor, False)
    guard.stay_behind(order["token"])
    family.become_subreaper()
    Outpost(order, more).run()
