"""Job files that commands create, change and delete.

A file may be changed as long as it reads exactly as `yaml_writer` writes it. One to which a person
has added so much as a comment or a blank line is left alone, because rewriting would lose that.
"""

import os
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from scheduled.config import (
    calendars,
    conflicts,
    directories,
    gptme_format,
    job_limits,
    permissions,
    validate,
    yaml_document,
)
from scheduled.config.job_entry import Defaults
from scheduled.config.job_files import KIND
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UnreadableFileError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.quick_classes import dataclass, field, replace
from scheduled.system import files
from scheduled.system.text import excerpt

DAY_SECONDS = 86400
Fields = Mapping[str, Any]
"""Keys of a job file with their values as YAML has them, `id` among them."""


@dataclass(frozen=True)
class NewJobFile:
    """A job file to be created."""

    path: Path
    label: str
    """What messages call it: `jobs/backup.yaml`."""
    text: str
    job: Job
    fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class JobFile:
    """An existing job file."""

    path: Path
    fields: Fields
    text: str
    lines: Mapping[str, int]
    """The line of each key."""

    @property
    def first_edited_line(self) -> int:
        """The first line that differs from what `yaml_writer` writes; 0 if there is none."""
        written = text_of(self.fields)
        if written == self.text:
            return 0
        lines = self.text.splitlines()
        pairs = zip([*written.splitlines(), None], [*lines, None], strict=False)
        return next(
            (line for line, (ours, theirs) in enumerate(pairs, 1) if ours != theirs), len(lines)
        )


def target_directory(config: Config) -> Path:
    """Return the directory for new job files: the first that exists, else the first.

    Raise UsageError if the configuration reads no job files.
    """
    if not config.jobs_dirs:
        raise UsageError("jobs_dirs is empty, so no job file would be read; add a directory to it")
    return next((path for path in config.jobs_dirs if path.is_dir()), config.jobs_dirs[0])


def directory_problems(config: Config) -> list[str]:
    """Return why job files in the target directory would be refused, with the command to fix it."""
    directory = target_directory(config)
    try:
        if directory.exists():
            return config.trust.folder_problems(directory)
        existing = next(path for path in directory.parents if path.exists())
        return config.trust.folder_problems(existing)
    except OSError as error:
        return [f"{directory}: {reason_of(error)}"]


def propose(fields: Fields, config: Config) -> NewJobFile:
    """Return the file for the job of these keys.

    Raise ConfigError with every problem: what the loader would report, an id that is taken, a
    file that exists, one job too many. There is no file yet, so problems have no place.
    """
    fields, id_ = as_ours(fields, config), str(fields.get("id", ""))
    path = target_directory(config) / f"{id_}.yaml"
    base = (config.places.config_path or path.parent).parent
    label = f"{directories.label(path.parent, base)}/{path.name}"
    job, problems = check_fields(fields, config, label)
    conflict_checks = (
        _id_problem(id_, config) or _path_problem(path),
        _limit_problem(config, job),
    )
    problems += [problem for problem in conflict_checks if problem]
    if problems or job is None:
        raise ConfigError(problems)
    return NewJobFile(path, label, text_of(fields), job, fields)


def as_ours(fields: Fields, config: Config) -> Fields:
    """Return keys that no file of gptme has, so that its default timeout does not apply."""
    is_same = config.timeout_of_gptme == config.default_timeout or "timeout_seconds" in fields
    if is_same or "timeout" in config.own_defaults or not gptme_format.is_job_file(fields.keys()):
        return fields
    return {**fields, "timeout": f"{config.default_timeout / DAY_SECONDS:g}d"}


def defaults_of(config: Config) -> Defaults:
    """Return what holds for a job file that does not say otherwise."""
    return Defaults(
        config.timezone,
        config.default_timeout,
        config.offer.targets,
        config.zone_is_local,
        config.timeout_of_gptme,
        config.job_defaults,
        config.permissions,
        config.offer.reasons,
        config.own_defaults,
    )


def check_fields(fields: Fields, config: Config, label: str) -> tuple[Job | None, list[str]]:
    """Return the job that these keys make in a file, and every problem, without a place.

    An unknown key is a problem here. Raise ConfigError for what cannot be written as YAML.
    """
    document = yaml_document.parse(text_of(fields).encode("utf-8", "replace"), label)
    file = validate.validate_job_file(document, label, defaults_of(config))
    place = re.compile(rf"{re.escape(label)}:\d+: ")
    problems = [place.sub("", line, count=1) for line in (*file.problems, *file.warnings)]
    if file.job is None:
        return None, problems
    job, unknown = with_calendars(file.job, config)
    if unknown := unknown or _executor_problem(job, config):
        return None, [*problems, unknown]
    others = [other for other in config.jobs if other.id != file.id]
    problem = conflicts.dependency_problems([*others, job]).get(job.id)
    return job, [*problems, *([problem] if problem is not None else [])]


def with_calendars(job: Job, config: Config) -> tuple[Job, str]:
    """Return a job with the calendars that its days name, and what is wrong with a name, or ''."""
    if not (job.not_on or job.only_on):
        return job, ""
    known = config.named_calendars
    unknown = calendars.unknown_name(job, config.calendars, known)
    return replace(job, calendars=known), unknown


def _executor_problem(job: Job, config: Config) -> str:
    """Return why a job cannot run where its `executor` says; '' if it can."""
    if not (job.executor or job.resources):
        return ""
    from scheduled.config import executors

    refusal = executors.refusal(job, config.executors, config.wrong_executors)
    return f"executor: {refusal.reason}" if refusal is not None else ""


def problems_of(changes: Fields, job: Job, config: Config) -> list[str]:
    """Return what is wrong with changes of a job, wherever it is defined."""
    action = {"handler": job.handler} if job.handler else {"command": "true"}
    if changes.keys() & {"command", "handler"}:
        action = {}
    fields = {"id": job.id, "schedule": job.schedule, **action, **changes}
    begins = tuple(f"{excerpt(key)}{end}" for key in changes for end in ":.[")
    return [each for each in check_fields(fields, config, job.id)[1] if each.startswith(begins)]


def create(new: NewJobFile, *, mode: int = 0o644) -> None:
    """Write a new file, and its directory. Raise UsageError if that fails; then there is none."""
    try:
        _make_directory(new.path.parent)
        files.create(new.path, new.text.encode(), mode=mode)
    except OSError as error:
        raise UsageError(f"{new.path}: cannot be written: {reason_of(error)}") from error


def find(config: Config, job: Job) -> JobFile | None:
    """Return the file of a job, or None if it is defined elsewhere."""
    name = os.path.basename(job.source.rpartition(":")[0])
    if not KIND.matches(name):
        return None
    for directory in config.jobs_dirs:
        file = _read(directory / name)
        if file is not None and str(file.fields.get("id")) == job.id:
            return file
    return None


def check(config: Config, file: JobFile, fields: Fields) -> Job:
    """Return the job of a file with new `fields`. Raise ConfigError with every problem."""
    job, problems = check_fields(fields, config, file.path.name)
    if problems or job is None:
        raise ConfigError(problems)
    return job


def rewrite(file: JobFile, fields: Fields) -> None:
    """Replace the content of a file. Raise UsageError if that fails; then nothing is changed."""
    try:
        files.replace(file.path, text_of(fields).encode())
    except OSError as error:
        raise UsageError(_unwritable(file.path, error)) from error


def remove(file: JobFile) -> None:
    """Delete a file. Raise UsageError if that fails."""
    try:
        file.path.unlink()
        files.sync_folder(file.path.parent)
    except OSError as error:
        raise UsageError(_unwritable(file.path, error)) from error


def _make_directory(directory: Path) -> None:
    """Make a directory that the loader accepts: only its owner may write to it."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        os.mkdir(path, 0o755)


def _id_problem(id_: str, config: Config) -> str:
    if id_ in conflicts.BUILTIN_IDS:
        return permissions.TAKEN.format(id_)
    if id_ not in config.taken:
        return ""
    free = next(name for number in count(2) if (name := f"{id_}-{number}") not in config.taken)
    return f'id: "{id_}" is already used by {config.taken[id_]}; {free} is free'


def _path_problem(path: Path) -> str:
    return f"{path}: already exists; it is not overwritten" if os.path.lexists(path) else ""


def _limit_problem(config: Config, job: Job | None) -> str:
    limits = {key: getattr(config, key) for key in job_limits.LIMITS}
    return job_limits.refusal(config.jobs, limits, job)


def _read(path: Path) -> JobFile | None:
    try:
        data = files.read_bytes(path)
        document = yaml_document.parse(data, path.name)
    except (ConfigError, UnreadableFileError):
        return None
    if not document.is_mapping:
        return None
    lines = {name: node.line for name, node in document.value.items()}
    return JobFile(path, document.plain(), data.decode(), lines)


def _unwritable(path: Path, error: OSError) -> str:
    return f"{path}: cannot be written: {reason_of(error)}; nothing was changed"
