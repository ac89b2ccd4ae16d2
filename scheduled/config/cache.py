"""A checked configuration, kept as JSON, so that a tick need not read YAML.

It may be missing, old or broken at any time, and is then as good as none. It names commands to
run, so one that others could have written is not read either.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from scheduled.config.draft import Draft, Reading
from scheduled.config.guard import is_ours
from scheduled.files import Stamp, replace
from scheduled.model import CatchUp, FirstRun, Job, OnInterrupted, Priority

Key = Mapping[str, Any]
"""All that the content depends on besides the file it was made from. JSON."""

_DEFAULTS = {
    one.name: one.default_factory() if one.default_factory is not MISSING else one.default
    for one in fields(Job)
}
_MADE = {
    "priority": Priority,
    "catch_up": CatchUp,
    "first_run": FirstRun,
    "on_interrupted": OnInterrupted,
    "tags": tuple,
    "success_codes": tuple,
    "defer_codes": tuple,
    "after": tuple,
    "waits_for": tuple,
}


def place(folder: Path, of: Path, what: str = "config") -> Path:
    """Where a configuration, or the job files that belong to it, are kept; each in its own file."""
    return folder / f"{what}-{zlib.crc32(bytes(of)):08x}.json"


def read(path: Path, key: Key, stamps: Mapping[str, Stamp | None]) -> Draft | None:
    """What was kept under this key while the files had these stamps; None if it was not."""
    if not is_ours(path):
        return None
    try:
        kept = json.loads(path.read_bytes())
        if kept["key"] != key or kept["stamps"] != _plain(stamps):
            return None
        jobs = tuple(_job(one) for one in kept["jobs"])
        return Draft(kept["timezone"], kept["settings"], kept["lines"], jobs)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def write(path: Path, key: Key, stamps: Mapping[str, Stamp | None], draft: Draft) -> None:
    """Keep a configuration, if it has no problems. Not being able to is nobody's problem.

    One with problems is not kept: they can go away without a change to the file, when a missing
    handler is installed.
    """
    if draft.problems:
        return
    kept = {
        "key": key,
        "stamps": _plain(stamps),
        "timezone": draft.timezone,
        "settings": draft.settings,
        "lines": draft.lines,
        "jobs": [_row(job) for job in draft.jobs],
    }
    _save(path, kept)


Readings = dict[str, tuple[Stamp, Reading]]
"""By the path of its file: the stamp it had, and what came of it."""


def read_files(path: Path, key: Key) -> Readings:
    """The job files that were kept under this key; the stamps are for the caller to compare."""
    if not is_ours(path):
        return {}
    try:
        kept = json.loads(path.read_bytes())
        if kept["key"] != key:
            return {}
        return {file: _reading(*row) for file, row in kept["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write_files(path: Path, key: Key, readings: Readings) -> None:
    """Keep those job files that hold a job; the others are read again each time. As `write`."""
    files = {
        file: [stamp, _row(reading.job), reading.warnings]
        for file, (stamp, reading) in readings.items()
        if reading.job is not None
    }
    _save(path, {"key": key, "files": files})


def _reading(stamp: list[int], row: dict[str, Any], warnings: list[str]) -> tuple[Stamp, Reading]:
    size, changed, inode = stamp
    job = _job(row)
    return (size, changed, inode), Reading(job.id, job.source, job, warnings=tuple(warnings))


def _save(path: Path, document: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps(document, separators=(",", ":")).encode(), mode=0o600)
    except OSError:
        return


def _plain(stamps: Mapping[str, Stamp | None]) -> dict[str, Sequence[int] | None]:
    return {path: None if stamp is None else list(stamp) for path, stamp in stamps.items()}


def _row(job: Job) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in _DEFAULTS}
    return {name: value for name, value in values.items() if value != _DEFAULTS[name]}


def _job(row: dict[str, Any]) -> Job:
    for name, made in _MADE.items():
        if name in row:
            row[name] = made(row[name])
    if isinstance(row.get("command"), list):
        row["command"] = tuple(row["command"])
    return Job(**row)
