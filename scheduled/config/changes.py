"""When the file that defines a job was last changed.

By its ctime: `mv`, `cp -p` and git bring old times of modification with them.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scheduled.config.load import Config
from scheduled.jobs.model import Job


def changed_at(config: Config, job: Job) -> Sequence[datetime]:
    """Return when the file of a job was changed, then when the configuration was.

    Nothing for a job that is in no file.
    """
    paths = [_file_of(config, job), config.places.config_path]
    times = [_changed(path) for path in dict.fromkeys(paths) if path is not None]
    return [time for time in times if time is not None] if paths[0] is not None else []


def _file_of(config: Config, job: Job) -> Path | None:
    """Return the file that a job's source names: `scheduled.yaml:12`, `jobs/backup.yaml:1`."""
    label, _, line = job.source.rpartition(", ")[2].rpartition(":")
    if not line.isdigit():
        return None
    config_path, root = config.places.config_path, config.places.root
    bases = [config_path.parent, root] if config_path is not None else [root]
    places = [base / label for base in bases]
    return next((path for path in places if str(path) in config.stamps), None)


def _changed(path: Path) -> datetime | None:
    try:
        # Of the link as well: it may lead to another file now.
        changed = max(os.stat(path).st_ctime, os.lstat(path).st_ctime)
    except OSError:
        return None
    return datetime.fromtimestamp(changed, UTC)
