"""Job files that are changed and taken away by commands, and those that are left alone.

A file is ours to change while it reads exactly as `writing` writes it. Whoever has added a comment
or a blank line to it has made it theirs: it is never rewritten, for rewriting loses that.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from scheduled.config import conflicts, directories, validate, yaml_document
from scheduled.config.job_files import KIND
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UnreadableFileError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.system import files, permissions


@dataclass(frozen=True)
class NewJobFile:
    """A file that is not there yet, and the job it will be."""

    path: Path
    label: str
    """What messages call it: `jobs/backup.yaml`."""
    text: str
    job: Job
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the configuration and their values, as they were given."""


def target_directory(config: Config) -> Path:
    """Where a new job file belongs: the first folder of them that is there, else the first.

    Raises UsageError where the configuration wants no job files.
    """
    if not config.jobs_dirs:
        raise UsageError("jobs_dirs is empty, so no job file would be read; name a folder in it")
    return next((one for one in config.jobs_dirs if one.is_dir()), config.jobs_dirs[0])


def propose(fields: Mapping[str, Any], config: Config) -> NewJobFile:
    """The file for the job that these keys make, its `id` among them.

    Raises ConfigError with all that is wrong, without a place, as there is no file yet: what the
    loader would say about it, an id that another job has, a file that is there already, one job
    more than there may be.
    """
    id_ = str(fields.get("id", ""))
    path = target_directory(config) / f"{id_}.yaml"
    base = (config.places.config_path or path.parent).parent
    label = f"{directories.label(path.parent, base)}/{path.name}"
    job, problems = check_fields(fields, config, label)
    problems += [
        one
        for one in (_id_problem(id_, config), _path_problem(path), _limit_problem(config))
        if one
    ]
    if problems or job is None:
        raise ConfigError(problems)
    return NewJobFile(path, label, text_of(fields), job, fields)


def check_fields(
    fields: Mapping[str, Any], config: Config, label: str
) -> tuple[Job | None, list[str]]:
    """The job that these keys make in a file, and what would keep it from running, without a place.

    A key nobody knows is such a thing here. Raises ConfigError for what YAML cannot say.
    """
    document = yaml_document.parse(text_of(fields).encode("utf-8", "replace"), label)
    targets = {one.name: one.target for one in config.handlers}
    defaults = validate.Defaults(config.timezone, config.default_timeout, targets)
    reading = validate.validate_job_file(document, label, defaults)
    place = re.compile(rf"{re.escape(label)}:\d+: ")
    problems = [place.sub("", one, count=1) for one in (*reading.problems, *reading.warnings)]
    if reading.job is not None:
        others = [one for one in config.jobs if one.id != reading.id]
        wrong = conflicts.dependency_problems([*others, reading.job]).get(reading.id)
        problems += [wrong] if wrong is not None else []
    return reading.job, problems


def directory_problems(config: Config) -> list[str]:
    """Why no file may be put where job files belong, with the command that mends it."""
    place = target_directory(config)
    try:
        if place.exists():
            return permissions.folder_problems(place)
        above = next(one for one in place.parents if one.exists())
        return permissions.folder_problems(above)
    except OSError as error:
        return [f"{place}: {reason_of(error)}"]


def create(addition: NewJobFile, *, mode: int = 0o644) -> None:
    """Put the file there, with its folder. Raises UsageError; then there is no new file."""
    try:
        _make_directory(addition.path.parent)
        files.create(addition.path, addition.text.encode(), mode=mode)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError(f"{addition.path}: cannot be written: {reason}") from error


def _make_directory(place: Path) -> None:
    """A folder that the loader will follow: one that nobody else can put files into."""
    missing = [one for one in (place, *place.parents) if not one.exists()]
    for one in reversed(missing):
        os.mkdir(one, 0o755)


def _id_problem(id_: str, config: Config) -> str:
    if id_ not in config.taken:
        return ""
    free = next(name for n in count(2) if (name := f"{id_}-{n}") not in config.taken)
    return f'id: "{id_}" is that of {config.taken[id_]}; another, like {free}, is free'


def _path_problem(path: Path) -> str:
    return f"{path}: is there already; it is not written over" if os.path.lexists(path) else ""


def _limit_problem(config: Config) -> str:
    most = config.max_jobs
    if most is None or len(conflicts.own_jobs(config.jobs)) < most:
        return ""
    return f"max_jobs: {most} jobs of your own are allowed, and there are as many; raise the limit"


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


def find(config: Config, job: Job) -> JobFile | None:
    """The file that holds a job and nothing else; None for one that stands elsewhere."""
    place = job.source.rpartition(":")[0]
    for folder in config.jobs_dirs:
        path = folder / os.path.basename(place)
        found = _read(path) if KIND.has(path.name) else None
        if found is not None and str(found.fields.get("id")) == job.id:
            return found
    return None


def check(config: Config, file: JobFile, fields: Fields) -> Job:
    """The job of a file with `fields` in it.

    Raises ConfigError, with every problem, for one that would not run.
    """
    job, problems = check_fields(fields, config, file.path.name)
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
        node = yaml_document.parse(data, path.name)
    except (ConfigError, UnreadableFileError):
        return None
    if not node.is_mapping:
        return None
    lines = {name: one.line for name, one in node.value.items()}
    return JobFile(path, node.plain(), data.decode(), lines)


def _unwritable(path: Path, error: OSError) -> str:
    reason = reason_of(error)
    return f"{path}: cannot be written: {reason}; nothing was changed"
