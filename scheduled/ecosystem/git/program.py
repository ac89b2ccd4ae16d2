"""git itself: run with nothing of its surroundings, and with a time limit."""

import contextlib
import os
import select
import signal
import subprocess  # here, as whoever has given up root may not be able to import any more
import time
from collections.abc import Callable, Mapping, Sequence

from scheduled.errors import reason_of
from scheduled.quick_classes import NamedTuple

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_SSH_COMMAND": "/bin/false",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
}
"""All that git gets, whatever is set where this program runs."""
CHUNK = 1 << 16
LONGEST_COMPLAINT = 4096


class GitError(Exception):
    """git did not answer; the message is a part of a sentence."""

    def __init__(self, reason: str, *, is_about_repository: bool = False) -> None:
        super().__init__(reason)
        self.is_about_repository = is_about_repository
        """Whether git has complained about the repository, and not we about git."""


class Git(NamedTuple):
    """A program to run, and for how long."""

    path: str
    seconds: float

    def run(
        self, words: Sequence[str], environ: Mapping[str, str], take: Callable[[bytes], None]
    ) -> None:
        """Hand what git prints to `take`, piece by piece. Raises GitError."""
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        try:
            child = subprocess.Popen(
                [self.path, *words],
                stdin=subprocess.DEVNULL,
                stdout=out_end,
                stderr=err_end,
                cwd="/",
                env={**ENVIRONMENT, **environ},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(out)
            os.close(err)
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise GitError(f"git cannot be started: {reason}") from None
        finally:
            os.close(out_end)
            os.close(err_end)
        complaint = _heard(child, {out: take}, err, time.monotonic() + self.seconds)
        if complaint is None:
            raise GitError(f"git took longer than {self.seconds:g} seconds")
        if child.returncode:
            raise _refusal(child.returncode, complaint)


def _heard(
    child: "subprocess.Popen[bytes]",
    takers: dict[int, Callable[[bytes], None]],
    err: int,
    until: float,
) -> bytes | None:
    """Read what git prints until it ends; return its complaints, or None if it took too long.

    It is killed then, with all that it has started.
    """
    complaint, pipes = b"", {*takers, err}
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
                    takers[pipe](chunk)
        return complaint
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pipes:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (*takers, err):
            os.close(pipe)


def _refusal(code: int, complaint: bytes) -> GitError:
    lines = complaint.decode("utf-8", "replace").splitlines()
    said = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    if not said:
        return GitError(f"git ended with {code}")
    is_denied = any("Permission denied" in line for line in lines)
    return GitError(said[0].partition(": ")[2], is_about_repository=not is_denied)
