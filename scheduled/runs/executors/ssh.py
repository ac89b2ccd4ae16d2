"""An outpost on a host that is reached by ssh(1), with all that ~/.ssh/config says of it.

The program is used, not a library, since it knows the user's keys, known hosts, jump hosts and
agents. It must not ask for anything: nobody is there to answer.
"""

import contextlib
import os
import re
import secrets
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from scheduled.errors import reason_of
from scheduled.runs.executors import bundle
from scheduled.runs.executors.last_words import LastWords
from scheduled.runs.executors.outpost import wire
from scheduled.runs.executors.transport import BrokenError, UnreachableError
from scheduled.system import descriptors

CLOSE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.5
"""How long it waits before it connects again to a server that is busy; then twice as long."""
TILDE = re.compile(r"~[A-Za-z0-9._-]*")
OPTIONS: Mapping[str, str] = {
    "BatchMode": "yes",  # neither passwords nor questions about unknown hosts
    "LogLevel": "VERBOSE",  # else it may not say what is wrong, or where a banner ends
    "VisualHostKey": "no",
    "RequestTTY": "no",
    "RemoteCommand": "none",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "EscapeChar": "none",
    # A master that this run starts would outlive it; one that exists is used.
    "ControlMaster": "no",
    "ControlPersist": "no",
    "StdinNull": "no",
    "ForkAfterAuthentication": "no",
    "SessionType": "default",
}


NEWER: Mapping[str, tuple[int, int]] = {
    "RemoteCommand": (7, 6),
    "StdinNull": (8, 7),
    "ForkAfterAuthentication": (8, 7),
    "SessionType": (8, 7),
}
"""Which version of OpenSSH options came with; earlier ones refuse them, and need none."""


class SshTransport:
    """A stream through ssh(1) to an outpost on a host."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._host = settings["host"]
        self._python = settings.get("python") or "python3"
        self._config = settings.get("ssh_config") or ""
        self._seconds = float(settings["connect_timeout"])
        self._process: subprocess.Popen[bytes] | None = None
        self._said = LastWords()
        self._has_begun = False
        self._until = 0.0
        """Until when it tries again if the server is busy, on the monotonic clock."""
        self._again_at: float | None = None
        self._pause = FIRST_PAUSE_SECONDS

    def connect(self) -> None:
        """Start ssh, and send it the outpost. Raises UnreachableError."""
        self._until = self._until or time.monotonic() + self._seconds
        self._again_at = None
        try:
            self._process = subprocess.Popen(
                [*self._command(), self._remote_command()],
                env=_environ(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                preexec_fn=_ignore_signals,  # noqa: PLW1509 -- it takes no lock of another thread
                start_new_session=True,  # no terminal at which the ssh of a jump host could ask
                bufsize=0,
            )
        except OSError as error:
            raise UnreachableError(f"ssh: {reason_of(error)}") from error
        with contextlib.suppress(OSError):  # ssh has failed already; `receive` says why
            self._write(bundle.line())

    def send(self, data: bytes) -> None:
        """Send bytes to the outpost. Raises BrokenError."""
        if not self._has_begun:  # the outpost has said hello, so what was said before is no trouble
            self._has_begun = True
            self._hear_all()
            self._said.forget()
        try:
            self._write(data)
        except OSError as error:
            raise BrokenError(self._last_words() or reason_of(error)) from error

    def _write(self, data: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        while data:  # a signal may interrupt it, and be that to stop the run
            data = data[self._process.stdin.write(data) or 0 :]

    def receive(self, seconds: float) -> bytes:
        """Return output of the outpost; empty if none comes in time. Raises BrokenError."""
        if self._again_at is not None:
            self._connect_again(seconds)
            return b""
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        until = time.monotonic() + seconds
        watched = [self._process.stdout.fileno(), self._process.stderr.fileno()]
        while True:
            ready = descriptors.wait_for(watched, max(until - time.monotonic(), 0.0))
            if self._process.stderr.fileno() in ready and not self._hear_ssh():
                watched.pop()
            if self._process.stdout.fileno() in ready:
                if data := self._process.stdout.read(wire.CHUNK):
                    return data
                self._try_again_later(self._last_words() or "the connection ended")
                return b""
            if time.monotonic() >= until:
                return b""

    def remarks(self, _now: float) -> tuple[str, ...]:
        """Return nothing: the outpost is of the same version, and ssh compares its own."""
        return ()

    def _try_again_later(self, reason: str) -> None:
        """Raise BrokenError, unless the server is busy and there is time for another attempt."""
        # Those who came together come apart.
        pause = self._pause * secrets.SystemRandom().uniform(0.5, 1.5)
        if self._has_begun or not self._said.is_busy() or time.monotonic() + pause > self._until:
            raise BrokenError(reason)
        self.close()
        self._said.forget()
        self._again_at, self._pause = time.monotonic() + pause, self._pause * 2

    def _connect_again(self, seconds: float) -> None:
        """Wait for `seconds`, or until it is time to connect again, and do so."""
        assert self._again_at is not None
        left = self._again_at - time.monotonic()
        time.sleep(max(min(left, seconds), 0.0))
        if left <= seconds:
            try:
                self.connect()
            except UnreachableError as error:
                raise BrokenError(str(error)) from error

    def close(self) -> None:
        """End ssh, and with it the outpost."""
        process = self._process
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLOSE_SECONDS)
        with contextlib.suppress(OSError):  # else the ssh of a jump host that hangs would stay
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _command(self) -> list[str]:
        options = {
            **OPTIONS,
            "ConnectTimeout": str(max(round(self._seconds), 1)),
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "3",
        }
        version = _version()
        options = {name: options[name] for name in options if NEWER.get(name, version) <= version}
        words = ["ssh", "-T"] + (["-F", self._config] if self._config else [])
        for name, value in options.items():
            words += ["-o", f"{name}={value}"]
        return [*words, "--", self._host]

    def _remote_command(self) -> str:
        """Return the command line for the login shell there, which may be any shell."""
        return f"exec {_quoted(self._python)} -X utf8 -I -c {shlex.quote(bundle.BOOTSTRAP)}"

    def _hear_ssh(self) -> bool:
        """Read messages of ssh; return whether there were any."""
        assert self._process is not None
        assert self._process.stderr is not None
        more = self._process.stderr.read(wire.CHUNK) or b""
        self._said.hear(more)
        return bool(more)

    def _hear_all(self, seconds: float = 0.0) -> None:
        """Read messages of ssh until none comes within `seconds`, for a second at most."""
        if self._process is None or self._process.stderr is None:
            return
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            ready = descriptors.wait_for([self._process.stderr.fileno()], seconds)
            if not ready or not self._hear_ssh():
                break

    def _last_words(self) -> str:
        """Return what ssh, or the shell there, has printed about an error."""
        self._hear_all(0.2)
        return self._said.reason()


def _environ() -> dict[str, str]:
    """Return the variables of ssh without those of the locale, which most systems have it send."""
    return {key: text for key, text in os.environ.items() if not key.startswith(("LANG", "LC_"))}


def _version() -> tuple[int, int]:
    """Return the version of ssh, a high one if it does not say. Raises OSError if there is none."""
    try:
        words, nothing = ["ssh", "-V"], subprocess.DEVNULL
        said = subprocess.run(
            words, stdin=nothing, capture_output=True, check=False, timeout=CLOSE_SECONDS
        ).stderr
    except subprocess.TimeoutExpired:
        said = b""
    found = re.match(rb"OpenSSH\w*_(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (99, 0)


def _quoted(path: str) -> str:
    """Return a path for a shell, which replaces a `~` at its beginning."""
    user, slash, rest = path.partition("/")
    if not (slash and TILDE.fullmatch(user)):
        return shlex.quote(path)
    return user + slash + shlex.quote(rest)


def _ignore_signals() -> None:
    """Keep ssh alive when the run is told to stop: the outpost has to be told by it."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
