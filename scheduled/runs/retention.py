"""How long the output of runs is kept: by age, by number of runs, by size.

What a process still writes to stays: it would go on out of sight. So does what cannot be deleted,
until another day.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.system import linux, private

DEFAULT_AGE = 30 * 86_400.0
"""Seconds for which output is kept if nothing is configured; the journal is kept as long."""
_OUTPUT = ".log"

Limits = Mapping[str, Any]
"""The value of `retention`: `age` in seconds, `count` of runs, `size` in bytes."""
OldestOf = Callable[[float], float]
"""Returns since when output counts as younger than an age, in epoch seconds."""


class Kept(NamedTuple):
    """A file of output, or beside one, as it is on the disk."""

    path: Path
    written: float
    """When it was last written, in epoch seconds."""
    bytes: int


def prune(runs: Path, oldest_of: OldestOf, general: Limits, of_jobs: Mapping[str, Limits]) -> None:
    """Delete the output of runs that is beyond a limit; the newest run always stays.

    `runs` is the directory with one for each job. The limits of a job override those of all jobs,
    `general`, of which the size is that of all together.
    """
    remaining: list[Kept] = []
    for job in _entries(runs):
        if job.is_dir(follow_symlinks=False):
            limits = limits_of(general, of_jobs.get(job.name, {}))
            oldest = oldest_of(limits.get("age", DEFAULT_AGE))
            remaining += _without_excess(_without_old(_files(job.path), oldest), limits)
    _without_excess(remaining, {"size": general.get("size")})


def prune_job(folder: Path, limits: Limits) -> None:
    """Delete the output of a job that is beyond the limits of count or size."""
    _without_excess(_files(str(folder)), limits)


def limits_of(general: Limits, of_job: Limits) -> Limits:
    """Return the limits for the output of a job."""
    return {**{name: limit for name, limit in general.items() if name != "size"}, **of_job}


def sizes(runs: Path, most_files: int) -> dict[str, int]:
    """Return how many bytes the output of each job takes; it ends after about `most_files`."""
    taken: dict[str, int] = {}
    counted = 0
    for job in _entries(runs):
        if counted < most_files and job.is_dir(follow_symlinks=False):
            files = _files(job.path)
            counted += len(files)
            taken[job.name] = sum(file.bytes for file in files)
    return taken


def _without_old(files: Iterable[Kept], oldest: float) -> list[Kept]:
    """Delete what was last written before `oldest`; return what stays."""
    return [file for file in files if file.written >= oldest or not _remove(file.path)]


def _without_excess(files: Iterable[Kept], limits: Limits) -> list[Kept]:
    """Delete the output of the oldest runs beyond `count` and `size`; return what stays."""
    count, size = limits.get("count"), limits.get("size")
    outputs = [file for file in files if file.path.suffix == _OUTPUT]
    outputs.sort(key=lambda file: file.written, reverse=True)
    remaining, taken = [], 0
    for number, file in enumerate(outputs, start=1):
        taken += file.bytes
        is_over = (count is not None and number > count) or (size is not None and taken > size)
        if number == 1 or not is_over or not _remove(file.path):
            remaining.append(file)
    return remaining


def _remove(path: Path) -> bool:
    """Delete a file unless something writes to it; return whether it is gone."""
    with contextlib.suppress(OSError):
        if not linux.has_writer(path):
            private.remove(path)
            return True
    return False


def _files(folder: str) -> list[Kept]:
    return list(_statuses(folder))


def _statuses(folder: str) -> Iterator[Kept]:
    for entry in _entries(folder):
        with contextlib.suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            # What was trimmed while it grew has a hole: it takes less than its length.
            yield Kept(Path(entry.path), status.st_mtime, status.st_blocks * 512)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        return private.entries(folder)
    except OSError:
        return []
