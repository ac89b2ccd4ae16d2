"""What every run of a tick needs to know of its installation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.jobs.permissions import Permissions
from scheduled.quick_classes import NamedTuple
from scheduled.runs.keeper_pool import KeeperPool
from scheduled.system.trusted import Trust


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
    executors: Mapping[str, Mapping[str, Any]] = {}
    """The settings of each executor, by name."""
    closed_files: tuple[Path, ...] = ()
    """The places of the configuration file, existing or not."""
    closed: tuple[Path, ...] = ()
    """Those of job files and handlers, too."""
    secret_files: Callable[[], tuple[Path, ...]] = tuple
    """Returns the files in which the configuration says that secrets are."""


def output_path(context: RunContext, job_id: str, run_id: str) -> Path:
    """Return the path of the output of a run; its other files stand beside it."""
    return output_in(context.state_dir, job_id, run_id)


def output_in(state_dir: Path, job_id: str, run_id: str) -> Path:
    """Return the path of the output of a run in a state directory."""
    return state_dir / "runs" / job_id / f"{run_id}.log"
