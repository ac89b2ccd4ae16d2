"""Directories of job files: the job of each file, read again only if the file changed.

A file is one job, in gptme's format with any of our keys. A mistake in a file stops that file
alone. If nothing changed, this costs a stat of each file: no YAML is read or imported.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.config import cache, gptme_format, offers, paths
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
from scheduled.quick_classes import dataclass, field
from scheduled.system.files import Stamp, stamp
from scheduled.system.trusted import Trust

if TYPE_CHECKING:
    from scheduled.config.job_entry import Defaults

DEFAULT_DIRECTORY = "jobs"
"""The directory if none is configured: beside the configuration, else in the root."""
KIND = FileKind("jobs", (".yaml", ".yml"))


@dataclass(frozen=True)
class JobFileScan:
    """What all the directories hold."""

    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The ids of files whose job does not run, each with its place."""
    warnings: tuple[str, ...] = ()
    """Unknown keys: gptme allows them, so the job runs."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of each directory and file, taken before it was read."""


def job_directories(
    options: PathOptions, early: EarlyPaths, root: Path, parsed: ParsedConfig
) -> tuple[Directory, ...]:
    """Return the configured directories, else the default ones that may come into use.

    Raise ConfigError for the home directory of an unknown user.
    """
    config_path = early.config_path
    if config_path is not None and "jobs_dirs" in parsed.settings:
        return configured_directories("jobs_dirs", parsed, config_path, options.environ)
    beside = [config_path.parent] if config_path is not None else []
    defaults = [*dict.fromkeys(base / DEFAULT_DIRECTORY for base in (*beside, root))]
    existing = [path for path in defaults if path.is_dir()]
    # One that is missing is watched as well: if it appears, it takes precedence.
    end = defaults.index(existing[0]) + 1 if existing else len(defaults)
    return tuple(Directory(path, label(path, path.parent)) for path in defaults[:end])


def load(
    directories: Sequence[Directory],
    parsed: ParsedConfig,
    timeout: float,
    cache_file: cache.CacheFile,
    trust: Trust,
) -> JobFileScan:
    """Return the jobs in `directories`; ids that `parsed`, the configuration, uses are taken.

    A job without a zone, a timeout or the like has that of `parsed`, and `timeout`, in seconds.
    Results are kept in `cache_file`.
    """
    stamps = {str(directory.path): stamp(directory.path) for directory in directories}
    files, problems = list_files(directories, KIND, trust)
    key = _cache_key(directories, parsed, timeout)
    parsed_files = cache.read_files(cache_file, key, files, _Reader(key, trust), CODEC)
    problems += [sentence for file in parsed_files for sentence in file.problems]
    with_id = [file for file in parsed_files if file.id]
    claims = ((file.id, file.place) for file in with_id)
    duplicates = dict(duplicate_ids(claims, _taken_ids(parsed), "id"))
    return JobFileScan(
        jobs=tuple(file.job for file in with_id if file.job and file.id not in duplicates),
        problems=(*problems, *(line for lines in duplicates.values() for line in lines)),
        left_out={file.id: file.place for file in with_id if not file.job or file.id in duplicates},
        warnings=tuple(sentence for file in parsed_files for sentence in file.warnings),
        stamps=stamps | {file.path: file.stamp for file in files},
    )


def _encode(file: ParsedJobFile) -> cache.Row | None:
    if file.job is None:
        return None  # read again each time: what is missing may appear without a change to the file
    return [cache.job_row(file.job), file.warnings]


def _decode(row: cache.Row) -> ParsedJobFile:
    job = cache.job_from_row(row[0])
    return ParsedJobFile(job.id, job.source, job, (), tuple(row[1]))


CODEC = cache.RowCodec(_encode, _decode)


def _cache_key(directories: Sequence[Directory], parsed: ParsedConfig, timeout: float) -> cache.Key:
    """Return what the jobs depend on besides their files."""
    return {
        **cache.key_of(parsed, timeout),
        "folders": [[str(directory.path), directory.label] for directory in directories],
        "timeout_of_gptme": parsed.settings.get("default_timeout", gptme_format.TIMEOUT),
        "handlers": parsed.offer.targets,
        "unusable": parsed.offer.reasons,
    }


class _Reader:
    """Reads job files. Most ticks need none, and load nothing of what it takes."""

    def __init__(self, key: cache.Key, trust: Trust) -> None:
        self._key, self._trust = key, trust

    def __call__(self, file: File) -> ParsedJobFile:
        """Return the job of a file, or its problems."""
        from scheduled.config import validate, yaml_document

        try:
            document = yaml_document.read_file(file.path, self._trust, file.label)
        except ConfigError as error:
            return ParsedJobFile(problems=error.problems)
        return validate.validate_job_file(document, file.label, self._defaults)

    @cached_property
    def _defaults(self) -> "Defaults":
        from scheduled.config.job_entry import Defaults

        key = self._key
        return Defaults(
            key["timezone"],
            key["timeout"],
            key["handlers"],
            key["zone_is_local"],
            key["timeout_of_gptme"],
            key["job_defaults"],
            key["permissions"],
            key["unusable"],
            key["own_defaults"],
        )


def _taken_ids(parsed: ParsedConfig) -> dict[str, str]:
    """Return the ids that a job file may not use, each with the reason."""
    handlers, unchanged = parsed.offer.handlers, offers.unchanged_jobs(parsed.offer, parsed.jobs)
    places = {handler.name: handler.place for handler in handlers if handler.reserves_id}
    places |= {job.id: job.source for job in parsed.jobs if job not in unchanged}
    places |= parsed.left_out
    used = {
        id_: f"is already used by {place}; the job in this file does not run"
        for id_, place in places.items()
    }
    builtin_job = f"is the id of a built-in job; to change that, use jobs: in {paths.CONFIG_NAME}"
    return used | {job.id: builtin_job for job in builtin.JOBS}
