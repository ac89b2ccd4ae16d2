"""How long the output of runs is kept: by age, by number of runs, by size.

What a process still writes to stays: it would go on out of sight. So does what cannot be deleted,
until another day.
"""

import contextlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
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


def prune(
    runs: Path,
    oldest_of: OldestOf,
    general: Limits,
    of_jobs: Mapping[str, Limits],
    unread: Container[str] = (),
) -> None:
    """Delete the output of runs that is beyond a limit; the newest run of each job always stays.

    `runs` is the directory with one for each job. The limits of a job override those of all jobs,
    `general`, of which the size is that of all together. The runs of which the output is `unread`
    keep it until another time.
    """
    older: list[Kept] = []
    taken = 0
    for job in _entries(runs):
        if job.is_dir(follow_symlinks=False):
            limits = limits_of(general, of_jobs.get(job.name, {}))
            oldest = oldest_of(limits.get("age", DEFAULT_AGE))
            kept = _without_excess(_without_old(_files(job.path), oldest), limits, unread)
            taken += sum(file.bytes for file in kept[:1])
            older += kept[1:]
    _without_size(older, general.get("size"), taken, unread)


def prune_job(folder: Path, limits: Limits, unread: Container[str] = ()) -> None:
    """Delete the output of a job that is beyond the limits of count or size."""
    _without_excess(_files(str(folder)), limits, unread)


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


def _without_excess(files: Iterable[Kept], limits: Limits, unread: Container[str]) -> list[Kept]:
    """Delete the output of the oldest runs beyond `count` and `size`; return what stays.

    The newest run is the first of them, and always stays.
    """
    outputs = [file for file in files if file.path.suffix == _OUTPUT]
    outputs.sort(key=lambda file: file.written, reverse=True)
    count = limits.get("count", len(outputs))
    first = [
        file
        for number, file in enumerate(outputs, start=1)
        if number <= max(count, 1) or file.path.stem in unread or not _remove(file.path)
    ]
    taken = sum(file.bytes for file in first[:1])
    return first[:1] + _without_size(first[1:], limits.get("size"), taken, unread)


def _without_size(
    files: Iterable[Kept], size: int | None, taken: int, unread: Container[str]
) -> list[Kept]:
    """Delete the oldest output with which more than `size` bytes are taken; return what stays."""
    remaining = []
    for file in sorted(files, key=lambda file: file.written, reverse=True):
        taken += file.bytes
        is_over = size is not None and taken > size and file.path.stem not in unread
        if not is_over or not _remove(file.path):
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
