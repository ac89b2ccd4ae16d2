"""`only_if`: a command that is asked, before a job starts, whether it should.

It runs as the job would: same variables, same folder, no input. Its exit code is the answer: 0
yes, one of the job's `defer_codes` not now, anything else no. It has a few seconds for it, as
others may be waiting for their turn.
"""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from scheduled import environment
from scheduled.environment import UnfitSurroundingsError
from scheduled.execute import Surroundings
from scheduled.jobs.model import Attempt

LIMIT_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """Whether a job may start; if not, why, and whether its slot waits for a yes."""

    reason: str = ""
    not_now: bool = False

    @property
    def is_yes(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.reason


def ask(attempt: Attempt, around: Surroundings, limit: float = LIMIT_SECONDS) -> Answer:
    """Ask the `only_if` of a job. What cannot be asked, or takes too long, means not now."""
    condition = attempt.job.only_if
    command = ["/bin/sh", "-c", condition] if isinstance(condition, str) else list(condition)
    try:
        told = environment.variables(attempt, around.environ, around.config_dir)
        folder = environment.working_folder(attempt.job, around.root, told)
        code = _exit_code(command, told, str(folder), limit)
    except subprocess.TimeoutExpired:
        return Answer(f"only_if has not answered within {limit:g} s", not_now=True)
    except (OSError, ValueError, UnfitSurroundingsError) as error:
        return Answer(f"only_if cannot be asked: {_told(error)}", not_now=True)
    if code == 0:
        return Answer()
    not_now = code in attempt.job.defer_codes
    said = "not now" if not_now else "no"
    return Answer(f"only_if said {said} (exit code {code})", not_now=not_now)


def _exit_code(command: list[str], told: dict[str, str], folder: str, limit: float) -> int:
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(
        command,
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        cwd=folder,
        env=told,
        start_new_session=True,
    )
    try:
        return child.wait(limit)
    finally:
        # Not only after a timeout: what it left behind answers nothing any more.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error)
