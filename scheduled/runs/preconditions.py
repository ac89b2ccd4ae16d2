"""What must hold before a job starts: its guards (processor, memory, disk) and its `only_if`.

A job that may not start now has neither failed nor been skipped: its slot stays due, and a later
tick checks again.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.errors import RefusedError, install_extra, reason_of
from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.run_context import RunContext

if TYPE_CHECKING:
    from scheduled.runs.confine import Confinement

ONLY_IF_SECONDS = 10.0
SAMPLE_SECONDS = 0.2
"""How long the processors are watched for one reading."""
STALE_SECONDS = 5.0
NO_PSUTIL = (
    "max_cpu_percent, max_memory_percent and idle_only need psutil where there is no /proc; "
    f"{install_extra('guards')}"
)


class NotNow(NamedTuple):
    """A job may not start now; its slot stays due."""

    guard: str
    """The key of the job that says so: a guard, `only_if` or `after`."""
    reason: str


class Declined(NamedTuple):
    """The `only_if` of a job says no; its slot is skipped."""

    reason: str


class GuardUnusableError(Exception):
    """A guard cannot be checked on this machine; the message says what to do."""


def check_only_if(
    attempt: Attempt, context: RunContext, limit: float = ONLY_IF_SECONDS
) -> NotNow | Declined | None:
    """Run the `only_if` of a job; None if it says yes.

    It says "not now" if it cannot be run, or takes longer than `limit` seconds.
    """
    import subprocess

    command = attempt.job.words(attempt.job.only_if)
    try:
        confinement, environ = None, context.environ
        if attempt.job.level in CONFINED and not attempt.as_before:
            from scheduled.runs import confine

            confinement, environ = confine.plan(attempt, context, has_own_files=False)
        variables = environment.variables(attempt, environ, context.config_dir, context.trust)
        directory = environment.working_directory(attempt.job, context.root, variables)
        code = _exit_code(command, variables, directory, limit, confinement)
    except subprocess.TimeoutExpired:
        return NotNow("only_if", f"only_if has not answered within {limit:g} s")
    except OSError as error:
        shell = f"shell: {command[0]}: " if attempt.job.shell else ""
        return NotNow("only_if", f"only_if cannot be run: {shell}{reason_of(error)}")
    except subprocess.SubprocessError:
        return NotNow("only_if", "only_if cannot be run: it could not be confined")
    except RefusedError:
        return None  # the start of the run is refused as well, which is a failure on record
    except (ValueError, UnusableEnvironmentError) as error:
        return NotNow("only_if", f"only_if cannot be run: {error}")
    if code == 0:
        return None
    if code in attempt.job.defer_codes:
        return NotNow("only_if", f"only_if said not now (exit code {code})")
    return Declined(f"only_if said no (exit code {code})")


def _exit_code(
    command: list[str],
    variables: Mapping[str, str],
    directory: Path,
    limit: float,
    confinement: "Confinement | None",
) -> int:
    import subprocess

    enter, patience = None, limit
    if confinement is not None:
        from scheduled.runs import confined_condition
        from scheduled.system import linux

        linux.load()
        enter = partial(confined_condition.enter, confinement, str(directory), limit)
        patience += confined_condition.GRACE_SECONDS
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=directory if enter is None else "/",
        env=variables,
        start_new_session=True,
        preexec_fn=enter,  # noqa: PLW1509 - None, unless the job is confined
    )
    try:
        code = child.wait(patience)
        if confinement is not None and code == -confined_condition.TOO_LONG:
            raise subprocess.TimeoutExpired(command, limit)
        return code
    finally:
        # Always, not only after a timeout: it may have left processes behind.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@dataclass
class Guards:
    """The guards of jobs, and the readings of the machine they share.

    The machine is measured for the first job that has such a guard, and again once the readings
    are stale.
    """

    _cpu: float = 0.0
    _memory: float = 0.0
    _read_at: float | None = field(default=None)
    """On the monotonic clock."""

    def check(self, job: Job, root: Path) -> NotNow | None:
        """Return what keeps `job` from starting now, or None if nothing does.

        Free space is measured on the disk of its `cwd`, which is relative to `root`. Raises
        GuardUnusableError.
        """
        return self._check_load(job) or _check_disk(job, root)

    def _check_load(self, job: Job) -> NotNow | None:
        limits = [*_limits(job)]
        if not limits:
            return None
        self._measure()
        percentages = {"processors": self._cpu, "memory": self._memory}
        for guard, what, limit in limits:
            used = percentages[what]
            if used > limit:
                return NotNow(guard, f"{what} busy to {used:.0f} %, {guard} is {limit:g} %")
        return None

    def _measure(self) -> None:
        if self._read_at is not None and time.monotonic() - self._read_at < STALE_SECONDS:
            return
        from scheduled.system import load

        try:
            self._cpu, self._memory = load.measure(SAMPLE_SECONDS)
        except (ImportError, OSError):
            raise GuardUnusableError(NO_PSUTIL) from None
        self._read_at = time.monotonic()


def _limits(job: Job) -> Iterator[tuple[str, str, float]]:
    """Yield each guard of the load: its key, what it measures, and the limit in percent."""
    if job.max_cpu_percent is not None:
        yield "max_cpu_percent", "processors", job.max_cpu_percent
    if job.max_memory_percent is not None:
        yield "max_memory_percent", "memory", job.max_memory_percent
    if job.idle_only:
        yield "idle_only", "processors", job.idle_threshold_cpu
        yield "idle_only", "memory", job.idle_threshold_memory


def _check_disk(job: Job, root: Path) -> NotNow | None:
    if job.min_free_disk is None:
        return None
    path = root / os.path.expanduser(job.cwd)
    try:
        disk = os.statvfs(path)
    except OSError as error:
        raise GuardUnusableError(f"min_free_disk: {path}: {reason_of(error)}") from error
    free = disk.f_bavail * disk.f_frsize
    if free >= job.min_free_disk:
        return None
    limit = _in_mebibytes(job.min_free_disk)
    reason = f"{_in_mebibytes(free)} of disk free at {path}, min_free_disk is {limit}"
    return NotNow("min_free_disk", reason)


def _in_mebibytes(count: int) -> str:
    return f"{count / 1024**2:,.0f} MiB"
