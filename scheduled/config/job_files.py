"""Folders of job files: which there are, which changed, and what came of each.

A file is one job, in gptme's format with our policies beside it. What is wrong with a file stops
that file alone. As long as nothing changed, this costs a look at each file's stamp: no YAML is
read, and none is imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scheduled.config import cache, paths
from scheduled.config.conflicts import duplicate_ids
from scheduled.config.directories import (
    Directory,
    File,
    FileKind,
    configured_directories,
    label,
    list_files,
)
from scheduled.config.parsed import ParsedConfig, ParsedJobFile
from scheduled.config.paths import EarlyPaths, PathOptions
from scheduled.errors import ConfigError
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.system import machine
from scheduled.system.files import Stamp, stamp
from scheduled.version import __version__

DEFAULT_DIRECTORY = "jobs"
"""The folder's name where none is configured: beside the configuration, else in the root."""
KIND = FileKind("jobs", (".yaml", ".yml"))


@dataclass(frozen=True)
class JobFileScan:
    """What all the folders hold."""

    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The ids of files whose job does not run, each with its place."""
    warnings: tuple[str, ...] = ()
    """Keys nobody knows: gptme allows them, so they stop nothing."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of every folder and file looked at, from before that."""


def job_directories(
    options: PathOptions, early: EarlyPaths, root: Path, parsed: ParsedConfig
) -> tuple[Directory, ...]:
    """Where job files are looked for; without a word about it in the configuration, in `jobs`.

    Raises ConfigError for the home folder of a user nobody has.
    """
    config_path = early.config_path
    if config_path is not None and "jobs_dirs" in parsed.settings:
        return configured_directories("jobs_dirs", parsed, config_path, options.environ)
    beside = [config_path.parent] if config_path is not None else []
    paths = dict.fromkeys(base / DEFAULT_DIRECTORY for base in (*beside, root))
    present = [path for path in paths if path.is_dir()]
    # One that is not there is looked at as well: it may appear, and would come first.
    until = [*paths].index(present[0]) + 1 if present else len(paths)
    return tuple(Directory(path, label(path, path.parent)) for path in [*paths][:until])


def load(
    folders: Sequence[Directory], parsed: ParsedConfig, timeout: float, kept: Path
) -> JobFileScan:
    """Return the jobs in `folders`; the ids of the configuration in `parsed` are taken.

    A job that does not say has the draft's zone and `timeout`, in seconds. `kept` is the file
    that spares the reading next time.
    """
    stamps = {str(folder.path): stamp(folder.path) for folder in folders}
    files, problems = list_files(folders, KIND)
    key = _cache_key(folders, parsed, timeout)
    readings = cache.read_files(kept, key, files, lambda file: _read(file, key), CODEC)
    problems += [sentence for one in readings for sentence in one.problems]
    claims = ((one.id, one.place) for one in readings if one.id)
    clashes = dict(duplicate_ids(claims, _taken_ids(parsed), "id"))
    return JobFileScan(
        jobs=tuple(one.job for one in readings if one.job and one.id not in clashes),
        problems=(*problems, *(sentence for group in clashes.values() for sentence in group)),
        left_out={
            one.id: one.place for one in readings if one.id and (not one.job or one.id in clashes)
        },
        warnings=tuple(sentence for one in readings for sentence in one.warnings),
        stamps=stamps | {one.path: one.stamp for one in files},
    )


def _encode(reading: ParsedJobFile) -> cache.Row | None:
    if reading.job is None:
        return None  # read again each time: what is missing may come without a change to the file
    return [cache.job_row(reading.job), reading.warnings]


def _decode(row: cache.Row) -> ParsedJobFile:
    job = cache.job_from_row(row[0])
    return ParsedJobFile(job.id, job.source, job, warnings=tuple(row[1]))


CODEC = cache.RowCodec(_encode, _decode)


def _cache_key(folders: Sequence[Directory], parsed: ParsedConfig, timeout: float) -> cache.Key:
    """What the jobs depend on besides their files."""
    return {
        "version": __version__,
        "folders": [[str(folder.path), folder.label] for folder in folders],
        "timezone": parsed.timezone,
        "timeout": timeout,
        "machine": machine.mark(),  # for what was drawn on it
        "handlers": parsed.targets,
    }


def _read(file: File, key: cache.Key) -> ParsedJobFile:
    from scheduled.config import validate, yaml_document

    try:
        document = yaml_document.read_file(Path(file.path), file.label)
    except ConfigError as error:
        return ParsedJobFile(problems=error.problems)
    return validate.validate_job_file(
        document, file.label, validate.Defaults(key["timezone"], key["timeout"], key["handlers"])
    )


def _taken_ids(parsed: ParsedConfig) -> dict[str, str]:
    """The ids a job file may not have, each with the reason."""
    elsewhere = {one.name: one.place for one in parsed.handlers if one.claims}
    elsewhere |= {job.id: job.source for job in parsed.jobs} | dict(parsed.left_out)
    shipped = "is that of a shipped job, which stays as it is; to change that, use jobs: in"
    return {
        id_: f"is that of {place} as well; the one in this file does not run"
        for id_, place in elsewhere.items()
    } | {job.id: f"{shipped} {paths.CONFIG_NAME}" for job in builtin.JOBS}
