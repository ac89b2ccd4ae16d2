"""What an import would write: each job as a file that the loader accepts, and the settings.

Nothing is written over. What cannot be written is left out, with the reason, and the rest goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scheduled.config import job_file_editor, validate, yaml_document
from scheduled.config.importers import placeholder
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut
from scheduled.config.importers.job_names import unique
from scheduled.config.job_file_editor import NewJobFile
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.system import files

MODE = 0o600
"""Of what is written: crontabs hold passwords, and only their owner can read them."""


@dataclass(frozen=True)
class Settings:
    """Lines for the configuration; empty if there are none."""

    path: Path
    text: str = ""
    is_new: bool = True
    """Whether there is no such file yet. To one that is there, a person has to add them."""


@dataclass(frozen=True)
class Proposal:
    """All that would be written, and what would not."""

    findings: Findings
    jobs: tuple[tuple[ImportedJob, NewJobFile], ...]
    settings: Settings
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What is different from now on, a sentence each."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could be written."""
        return not self.jobs and not (self.settings.text and self.settings.is_new)


def propose(findings: Findings, config: Config, config_path: Path) -> Proposal:
    """The proposal; new settings would go to `config_path` where there is no configuration yet.

    Raises ConfigError for settings that are not right, and where no job file may be written.
    """
    settings = _settings(findings.settings, config, config_path)
    refusals = job_file_editor.directory_problems(config) if findings.wanted else []
    if refusals:
        raise ConfigError(refusals)
    jobs: list[tuple[ImportedJob, NewJobFile]] = []
    left_out = list(findings.left_out)
    for wanted in findings.wanted:
        try:
            jobs.append((wanted, _new_job_file(wanted, jobs, config)))
        except ConfigError as error:
            left_out += [LeftOut(wanted.line, wanted.text, one) for one in error.problems]
    in_order = sorted(left_out, key=lambda one: one.line)
    notes = (*placeholder.unbound_note((one for one, _ in jobs), findings.kind), *findings.notes)
    return Proposal(findings, tuple(jobs), settings, tuple(in_order), notes)


def write(proposal: Proposal) -> list[Path]:
    """Write it all; the files that are there now.

    Raises UsageError at the first that cannot be written, and names those that were.
    """
    written: list[Path] = []
    try:
        if proposal.settings.text and proposal.settings.is_new:
            _write_settings(proposal.settings)
            written.append(proposal.settings.path)
        for _, one in proposal.jobs:
            job_file_editor.create(one, mode=MODE)
            written.append(one.path)
    except UsageError as error:
        raise UsageError(f"{error}; {len(written)} files were written before") from error
    return written


def _new_job_file(
    wanted: ImportedJob, before: Sequence[tuple[ImportedJob, NewJobFile]], config: Config
) -> NewJobFile:
    """The file for a job. Raises ConfigError with why there can be none."""
    # Those before it are as much in the way as what is there.
    jobs = [*config.jobs, *(one.job for _, one in before)]
    taken = {**config.taken, **{one.job.id: one.label for _, one in before}}
    fields = dict(wanted.fields)
    if not wanted.is_named:
        files_there = _files_in(job_file_editor.target_directory(config))
        fields["id"] = unique(fields["id"], taken.keys() | files_there)
    result = job_file_editor.propose(fields, replace(config, jobs=tuple(jobs), taken=taken))
    twin = next((job for job in config.jobs if _is_same(job, result.job)), None)
    if twin is not None:
        raise ConfigError([f"is there already: {twin.id}, {twin.source}"])
    return result


def _is_same(one: Job, other: Job) -> bool:
    whens = {(job.schedule, job.timezone) for job in (one, other)}
    return len(whens) == 1 and one.command == other.command and bool(one.command)


def _files_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()} if folder.is_dir() else set()


def _settings(values: Mapping[str, Any], config: Config, config_path: Path) -> Settings:
    path = config.places.config_path or config_path
    is_new = config.places.config_path is None
    if not values:
        return Settings(path)
    text = text_of(_relative_to(values, path.parent))
    document = yaml_document.parse(text.encode(), path.name)
    timeout = config.default_timeout
    validate.validate_config(
        document, path.name, lambda: config.timezone, timeout, lambda _: config.handlers
    )
    return Settings(path, text, is_new)


def _relative_to(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """With a folder of job files named as the configuration in `base` would name it."""
    folder = Path(values.get("jobs_dirs", ""))
    if folder.is_absolute() and folder.is_relative_to(base):
        return {**values, "jobs_dirs": str(folder.relative_to(base))}
    return dict(values)


def _write_settings(settings: Settings) -> None:
    try:
        settings.path.parent.mkdir(parents=True, exist_ok=True)
        files.create(settings.path, settings.text.encode(), mode=MODE)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError(f"{settings.path}: cannot be written: {reason}") from error
