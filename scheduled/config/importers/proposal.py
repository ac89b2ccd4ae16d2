"""What an import would write: each job as a file that the loader accepts, and the settings.

Nothing is overwritten. What cannot be written is left out, with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import indent
from typing import Any

from scheduled.config import job_file_editor, validate, yaml_document
from scheduled.config.importers import builtin_changes, placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut
from scheduled.config.importers.job_names import unique
from scheduled.config.job_file_editor import NewJobFile
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.quick_classes import dataclass, replace
from scheduled.system import files
from scheduled.timing import pitfalls
from scheduled.timing.local_zone import LocalZone

MODE = 0o600
"""The mode of new files: crontabs hold passwords, and only their owner can read them."""


_PATHS = ("jobs_dirs", "log_file")
"""The settings that are paths."""


@dataclass(frozen=True)
class Settings:
    """Lines for the configuration; `text` is empty if there are none."""

    path: Path
    text: str = ""
    is_new: bool = True
    """Whether there is no such file yet. To an existing file, the user has to add the lines."""


@dataclass(frozen=True)
class Proposal:
    """What would be written, and what would be left out."""

    findings: Findings
    jobs: tuple[tuple[ImportedJob, NewJobFile], ...]
    changes: tuple[tuple[ImportedJob, NewJobFile], ...]
    """Built-in jobs, as the configuration is to have them: part of the settings."""
    settings: Settings
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What changes, a sentence each."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return not self.jobs and not (self.settings.text and self.settings.is_new)


def propose(findings: Findings, config: Config, config_path: Path) -> Proposal:
    """Return the proposal; without a configuration, settings would go to `config_path`.

    Raise ConfigError for invalid settings, and if job files would be refused.
    """
    path = config.places.config_path or config_path
    changes, refused = builtin_changes.check(findings.changes, config, path)
    values, known = _new_settings(findings.settings, config)
    settings = _settings(values, changes, config, path)
    problems = job_file_editor.directory_problems(config) if findings.jobs else []
    if problems:
        raise ConfigError(problems)
    jobs: list[tuple[ImportedJob, NewJobFile]] = []
    left_out = [*findings.left_out, *refused]
    for job in findings.jobs:
        try:
            jobs.append((job, _new_job_file(job, jobs, config)))
        except ConfigError as error:
            left_out += [
                LeftOut(job.line, job.text, problem, job.file) for problem in error.problems
            ]
    left_out.sort(key=lambda part: (part.file, part.line))
    empty = [file.job.id for _, file in jobs if file.job.command == placeholder.COMMAND]
    unbound = placeholder.unbound_note(empty, findings.kind)
    doubtful = (note for job, file in jobs for note in _doubts(job, file))
    notes = (*unbound, *known, *findings.notes, *_of_jobs(jobs), *doubtful)
    return Proposal(findings, tuple(jobs), tuple(changes), settings, tuple(left_out), notes)


def _of_jobs(jobs: Sequence[tuple[ImportedJob, NewJobFile]]) -> Iterator[str]:
    """Yield what is to be known about single jobs, once for all of which it is the same."""
    ids: dict[str, list[str]] = {}
    for imported, file in jobs:
        if imported.note:
            ids.setdefault(imported.note, []).append(file.job.id)
    yield from (f"{placeholder.named(same)}: {note}" for note, same in ids.items())


def _doubts(imported: ImportedJob, file: NewJobFile) -> Iterator[str]:
    """Yield what the schedule of a job says that may not be meant."""
    place = f"{imported.file}:{imported.line}" if imported.file else f"line {imported.line}"
    for warning in pitfalls.warnings(schedule_of(file.job)):
        yield f'{place}, {file.job.id}: "{file.job.schedule}": {warning}'


def write(proposal: Proposal) -> list[Path]:
    """Write all files and return their paths.

    Raise UsageError at the first that cannot be written; those before it are removed, so that the
    next import finds none of them in its way.
    """
    written: list[Path] = []
    try:
        if proposal.settings.text and proposal.settings.is_new:
            _write_settings(proposal.settings)
            written.append(proposal.settings.path)
        for _, file in proposal.jobs:
            job_file_editor.create(file, mode=MODE)
            written.append(file.path)
    except UsageError as error:
        raise UsageError(f"{error}; {_undone(written)}") from error
    return written


def _undone(written: list[Path]) -> str:
    """Remove what was written, and return what is left of it as a sentence."""
    for path in written:
        with suppress(OSError):
            path.unlink()
    left = [str(path) for path in written if path.exists()]
    return f"written before, and left: {', '.join(left)}" if left else "nothing was written"


def _new_job_file(
    imported: ImportedJob, earlier: Sequence[tuple[ImportedJob, NewJobFile]], config: Config
) -> NewJobFile:
    """Return the file for a job. Raise ConfigError with the reasons if there can be none."""
    # The earlier ones of this import count as if they existed.
    jobs = [*config.jobs, *(file.job for _, file in earlier)]
    taken = {**config.taken, **{file.job.id: file.label for _, file in earlier}}
    fields = dict(imported.fields)
    if not imported.is_named:
        existing = _files_in(job_file_editor.target_directory(config))
        fields["id"] = unique(fields["id"], taken.keys() | existing)
    file = job_file_editor.propose(fields, replace(config, jobs=tuple(jobs), taken=taken))
    twin = next((job for job in config.jobs if _is_same(job, file.job)), None)
    if twin is not None:
        raise ConfigError([f"already exists: {twin.id}, {twin.source}"])
    return file


def _is_same(job: Job, other: Job) -> bool:
    """Whether two jobs run the same command at the same times, in the same place."""
    one, two = (
        (each.schedule, each.timezone, each.command, each.cwd, each.params) for each in (job, other)
    )
    return one == two and bool(job.command)


def _files_in(directory: Path) -> set[str]:
    return {path.stem for path in directory.iterdir()} if directory.is_dir() else set()


def _new_settings(
    values: Mapping[str, Any], config: Config
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the settings that the configuration does not have, and a note on each of the others.

    A key that stands there twice would stop all jobs.
    """
    name = config.places.config_path.name if config.places.config_path else ""
    places = {key: config.origins.get(key, "") for key in values}
    known = {key: place for key, place in places.items() if name and place.startswith(f"{name}:")}
    notes = tuple(f"{key}: stays as it is: {place}" for key, place in known.items())
    return {key: value for key, value in values.items() if key not in known}, notes


def _settings(
    values: Mapping[str, Any],
    changes: Sequence[tuple[ImportedJob, NewJobFile]],
    config: Config,
    path: Path,
) -> Settings:
    is_new = config.places.config_path is None
    if not values and not changes:
        return Settings(path)
    text = text_of(_relative_to(values, path.parent)) if values else ""
    if changes:
        text += "jobs:\n" + "".join(indent(file.text, "  ") for _, file in changes)
    document = yaml_document.parse(text.encode(), path.name)
    timeout = config.default_timeout
    validate.validate_config(
        document, path.name, lambda: LocalZone(config.timezone), timeout, lambda _: config.offer
    )
    return Settings(path, text, is_new)


def _relative_to(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return `values` with paths below `base` made relative to it."""
    below = {
        name: str(Path(values[name]).relative_to(base))
        for name in _PATHS
        if name in values and Path(values[name]).is_relative_to(base)
    }
    return {**values, **below}


def _write_settings(settings: Settings) -> None:
    try:
        settings.path.parent.mkdir(parents=True, exist_ok=True)
        files.create(settings.path, settings.text.encode(), mode=MODE)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError(f"{settings.path}: cannot be written: {reason}") from error
