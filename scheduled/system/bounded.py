"""A program that is given so many seconds, and is ended with all that it has started."""

import contextlib
import os
import select
import signal
import subprocess  # here, as whoever has given up root may not be able to import any more
import time
from collections.abc import Callable, Mapping, Sequence

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import processes

CHUNK = 1 << 16
LONGEST_COMPLAINT = 4096


class NotStartedError(Exception):
    """The program could not be started; the message is the reason."""


class Ended(NamedTuple):
    """How a program ended."""

    code: int | None
    """Its exit code, negative for a signal; None if it took too long."""
    complaint: bytes
    """The end of what it wrote to standard error."""


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
    take: Callable[[bytes], None],
    cwd: str = "/",
) -> Ended:
    """Run a program; hand what it prints to `take`, piece by piece. Raises NotStartedError."""
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    try:
        child = subprocess.Popen(
            [*command],
            stdin=subprocess.DEVNULL,
            stdout=out_end,
            stderr=err_end,
            cwd=cwd,
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        os.close(out)
        os.close(err)
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise NotStartedError(reason) from None
    finally:
        os.close(out_end)
        os.close(err_end)
    complaint = _heard(child, out, err, take, time.monotonic() + seconds)
    return Ended(None if complaint is None else child.returncode, complaint or b"")


def _heard(
    child: "subprocess.Popen[bytes]",
    out: int,
    err: int,
    take: Callable[[bytes], None],
    until: float,
) -> bytes | None:
    """Read what a program prints until it ends; return its complaints, or None if it took too long.

    It is killed then, with all that it has started.
    """
    complaint, pipes = b"", {out, err}
    try:
        while pipes:
            left = until - time.monotonic()
            ready = select.select([*pipes], [], [], left)[0] if left > 0 else []
            if not ready:
                return None
            for pipe in ready:
                chunk = os.read(pipe, CHUNK)
                if not chunk:
                    pipes.discard(pipe)
                elif pipe == err:
                    complaint = (complaint + chunk)[-LONGEST_COMPLAINT:]
                else:
                    take(chunk)
        _await(child.pid, max(0.0, until - time.monotonic()))
        child.wait(max(0.0, until - time.monotonic()) + 0.1)
        return complaint
    except subprocess.TimeoutExpired:  # it has closed both and goes on
        return None
    finally:
        if child.returncode is None:
            processes.send(processes.descendants(child.pid), signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        for pipe in (out, err):
            os.close(pipe)


def _await(process: int, seconds: float) -> None:
    """Wait for the end of a process, where the kernel tells of it; `wait` would ask repeatedly."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.pidfd_open(process)
        try:
            select.select([descriptor], [], [], seconds)
        finally:
            os.close(descriptor)
