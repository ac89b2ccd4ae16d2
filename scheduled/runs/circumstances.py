"""What a run depends on besides its own work: definition, files, interpreter, PATH, free disk.

A success notes what of it has changed since the one before; an incident tells what has changed
since. It costs a success two stats at most, and a look at the disk.
"""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from scheduled.jobs.model import Job
from scheduled.runs import environment
from scheduled.runs.run_context import RunContext
from scheduled.system.masking import STARS, Mask, is_secret

KEYS = (
    "definition",
    "file",
    "file_stamp",
    "handler",
    "handler_stamp",
    "interpreter",
    "path",
    "free",
)
LONGEST_PATH = 2000
_NOT_OF_A_RUN = frozenset(
    (
        *("id", "name", "description", "tags", "source", "seed", "waits_for", "level"),
        *("alert_after", "max_age", "warn_after", "report", "retention"),
    )
)
"""The fields of a job that change nothing about its runs."""


def look(job: Job, handler_file: str, context: RunContext) -> dict[str, Any]:
    """Return the circumstances of a job now; what is unknown is left out.

    `handler_file` is the file of its handler; '' if it has none, or it is built-in.
    """
    file = file_of(job)
    found = {
        "definition": definition(job),
        "file": file,
        "file_stamp": _stamp(os.path.join(context.config_dir, file)) if file else None,
        "handler": handler_file,
        "handler_stamp": _stamp(handler_file) if handler_file else None,
        "interpreter": f"{sys.executable} ({'.'.join(map(str, sys.version_info[:3]))})",
        "path": _path(job, context),
        "free": _free(job, context),
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def news(
    found: Mapping[str, Any], kept: Mapping[str, Any], lasted: tuple[datetime, datetime]
) -> dict[str, Any]:
    """Return what of the circumstances is to be noted at the end of a run; None: no longer known.

    A file that was changed while the run went on is not the one that it ran with.
    """
    before = {
        key
        for name, keys in (("file", ("definition", "file", "file_stamp")), ("handler", KEYS[3:5]))
        if _is_between(changed_at(found, name), lasted)
        for key in keys
    }
    return {
        key: found.get(key)
        for key in KEYS
        if found and key not in before and not _is_same(key, kept.get(key), found.get(key))
    }


def definition(job: Job) -> str:
    """Return a digest of what is configured for the runs of a job.

    A setting with its default value does not count, so that a new version with new settings changes
    no digest; the value of a secret does not, so that none can be found out by trying.
    """
    settings = {
        name: value
        for name, value in vars(job).items()
        if value not in (getattr(Job, name, None), {}, None) and name not in _NOT_OF_A_RUN
    }
    for name in {"env", "params"} & settings.keys():
        settings[name] = {
            key: STARS if is_secret(str(key)) else value for key, value in settings[name].items()
        }
    return f"{crc32(repr(sorted(settings.items())).encode('utf-8', 'backslashreplace')):08x}"


def file_of(job: Job) -> str:
    """Return the file that defines a job, as it is shown to people; '' if there is none."""
    file, colon, line = job.source.rpartition(", ")[2].rpartition(":")
    return file if colon and line.isdecimal() else ""


def changed_at(found: Mapping[str, Any], name: str) -> float | None:
    """Return when a file (`file` or `handler`) was last changed, as a time stamp."""
    _, _, nanoseconds = str(found.get(f"{name}_stamp", "")).partition(" ")
    return int(nanoseconds) / 1e9 if nanoseconds.lstrip("-").isdecimal() else None


def _stamp(path: str) -> str | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return f"{status.st_size} {status.st_mtime_ns}"


def _path(job: Job, context: RunContext) -> str | None:
    """Return the PATH of its runs; None if that stands in another file."""
    if job.env_file and "PATH" not in job.env:
        return None
    variables = {**context.environ, **job.env}
    path = os.fsencode(variables.get("PATH", "")).decode("utf-8", "backslashreplace")
    secrets = "\n".join(variables[name] for name in variables if is_secret(name)).splitlines()
    if any(secret.strip() in path for secret in secrets if secret.strip()):
        path = Mask(variables).text(path)
    return path[:LONGEST_PATH]


def _free(job: Job, context: RunContext) -> int | None:
    """Return how many bytes are free where its runs work."""
    try:
        disk = os.statvfs(environment.resolve(job.cwd, context.root, context.environ))
    except (OSError, ValueError):
        return None
    return disk.f_bavail * disk.f_frsize


def _is_same(key: str, kept: Any, found: Any) -> bool:
    """Return whether a value need not be noted: of the free disk, if it is about the same."""
    if key != "free":
        return bool(kept == found)
    if found is None:
        return True
    return isinstance(kept, int) and 3 * kept <= 4 * found and 3 * found <= 4 * kept


def _is_between(changed: float | None, lasted: tuple[datetime, datetime]) -> bool:
    started, ended = lasted
    return changed is not None and started.timestamp() < changed <= ended.timestamp()
