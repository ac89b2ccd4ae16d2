"""Job files that are changed and taken away by commands, and those that are left alone.

A file is ours to change while it reads exactly as `writing` writes it. Whoever has added a comment
or a blank line to it has made it theirs: it is never rewritten, for rewriting loses that.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduled.config import Config, addition, source
from scheduled.config.jobfiles import KIND
from scheduled.config.writing import text_of
from scheduled.errors import ConfigError, UnreadableFileError, UsageError
from scheduled.jobs.model import Job
from scheduled.system import files

Fields = Mapping[str, Any]
"""Keys of a job file with their values, `id` among them."""


@dataclass(frozen=True)
class JobFile:
    """A file with one job in it."""

    path: Path
    fields: Fields
    text: str
    lines: Mapping[str, int]
    """Where each key stands."""

    @property
    def touched_in(self) -> int:
        """The first line that is not as we write it; 0 if there is none."""
        ours, theirs = text_of(self.fields).splitlines(), self.text.splitlines()
        if text_of(self.fields) == self.text:
            return 0
        pairs = zip([*ours, None], [*theirs, None], strict=False)
        return next((at for at, pair in enumerate(pairs, 1) if pair[0] != pair[1]), len(theirs))


def file_of(config: Config, job: Job) -> JobFile | None:
    """The file that holds a job and nothing else; None for one that stands elsewhere."""
    place = job.source.rpartition(":")[0]
    for folder in config.jobs_dirs:
        path = folder / os.path.basename(place)
        found = _read(path) if KIND.has(path.name) else None
        if found is not None and str(found.fields.get("id")) == job.id:
            return found
    return None


def checked(config: Config, file: JobFile, fields: Fields) -> Job:
    """The job of a file with `fields` in it.

    Raises ConfigError, with every problem, for one that would not run.
    """
    job, problems = addition.read(fields, config, file.path.name)
    if problems or job is None:
        raise ConfigError(problems)
    return job


def rewrite(file: JobFile, fields: Fields) -> None:
    """Replace what is in a job file. Raises UsageError; the old one then stays as it was."""
    try:
        files.replace(file.path, text_of(fields).encode())
    except OSError as error:
        raise UsageError(_unwritable(file.path, error)) from error


def remove(file: JobFile) -> None:
    """Take a job file away for good. Raises UsageError."""
    try:
        file.path.unlink()
        files.sync_folder(file.path.parent)
    except OSError as error:
        raise UsageError(_unwritable(file.path, error)) from error


def _read(path: Path) -> JobFile | None:
    try:
        data = files.read_bytes(path)
        node = source.parsed(data, path.name)
    except (ConfigError, UnreadableFileError):
        return None
    if not node.is_mapping:
        return None
    lines = {name: one.line for name, one in node.value.items()}
    return JobFile(path, node.plain(), data.decode(), lines)


def _unwritable(path: Path, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{path}: cannot be written: {reason}; nothing was changed"
