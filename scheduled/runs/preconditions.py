"""What must hold before a job starts: guards (processor, memory, disk) and `only_if`.

A job that is held back is neither failed nor skipped: its slot stays due, and a later tick asks
again. Measured when the first guarded job of a tick asks, and again only once that is stale.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scheduled.errors import reason_of
from scheduled.jobs.model import Attempt, Job
from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.process import RunContext

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


def ask(attempt: Attempt, context: RunContext, limit: float = LIMIT_SECONDS) -> Answer:
    """Ask the `only_if` of a job. What cannot be asked, or takes too long, means not now."""
    condition = attempt.job.only_if
    command = ["/bin/sh", "-c", condition] if isinstance(condition, str) else list(condition)
    try:
        told = environment.variables(attempt, context.environ, context.config_dir)
        folder = environment.working_folder(attempt.job, context.root, told)
        code = _exit_code(command, told, str(folder), limit)
    except subprocess.TimeoutExpired:
        return Answer(f"only_if has not answered within {limit:g} s", not_now=True)
    except (OSError, ValueError, UnusableEnvironmentError) as error:
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
        return reason_of(error)
    return str(error)


IDLE_CPU_PERCENT = 20.0
IDLE_MEMORY_PERCENT = 70.0
"""Above either of these a machine is not idle (FEATURES L5)."""
SAMPLE_SECONDS = 0.2
"""How long the processors are watched for one reading."""
STALE_SECONDS = 5.0

NO_PSUTIL = (
    "max_cpu_percent, max_memory_percent and idle_only need psutil; "
    "type: pip install 'scheduled-cron[guards]'"
)


@dataclass(frozen=True)
class Refusal:
    """What holds a job back: the guard's key, and the reason in words."""

    guard: str
    reason: str


class GuardUnusableError(Exception):
    """A guard that cannot be asked on this machine, in a sentence that says what to do."""


@dataclass
class Machine:
    """The readings of one tick."""

    _cpu: float = 0.0
    _memory: float = 0.0
    _read_at: float | None = field(default=None)
    """On the monotonic clock."""

    def refusal(self, job: Job, folder: Path) -> Refusal | None:
        """What keeps `job` from starting now; None if nothing does.

        Its disk is measured at its `cwd`, counted from `folder`. Raises GuardUnusableError.
        """
        return self._of_load(job) or _of_disk(job, folder)

    def _of_load(self, job: Job) -> Refusal | None:
        limits = (*_limits(job),)
        if not limits:
            return None
        self._read()
        taken = {"processors": self._cpu, "memory": self._memory}
        for guard, what, limit in limits:
            if taken[what] > limit:
                return Refusal(guard, f"{what} busy to {taken[what]:.0f} %, {guard} is {limit:g} %")
        return None

    def _read(self) -> None:
        if self._read_at is not None and time.monotonic() - self._read_at < STALE_SECONDS:
            return
        try:
            import psutil
        except ImportError:
            raise GuardUnusableError(NO_PSUTIL) from None
        self._cpu = psutil.cpu_percent(interval=SAMPLE_SECONDS)
        self._memory = psutil.virtual_memory().percent
        self._read_at = time.monotonic()


def _limits(job: Job) -> Iterator[tuple[str, str, float]]:
    """Guard, what it looks at, and the percentage above which the job waits."""
    if job.max_cpu_percent is not None:
        yield "max_cpu_percent", "processors", job.max_cpu_percent
    if job.max_memory_percent is not None:
        yield "max_memory_percent", "memory", job.max_memory_percent
    if job.idle_only:
        yield "idle_only", "processors", IDLE_CPU_PERCENT
        yield "idle_only", "memory", IDLE_MEMORY_PERCENT


def _of_disk(job: Job, folder: Path) -> Refusal | None:
    if job.min_free_disk is None:
        return None
    place = folder / os.path.expanduser(job.cwd)
    try:
        disk = os.statvfs(place)
    except OSError as error:
        reason = reason_of(error)
        raise GuardUnusableError(f"min_free_disk: {place}: {reason}") from error
    free = disk.f_bavail * disk.f_frsize
    if free >= job.min_free_disk:
        return None
    wanted = _in_mebibytes(job.min_free_disk)
    words = f"{_in_mebibytes(free)} of disk free at {place}, min_free_disk is {wanted}"
    return Refusal("min_free_disk", words)


def _in_mebibytes(count: int) -> str:
    return f"{count / 1024**2:,.0f} MiB"
