"""The configuration: files to jobs, with every problem at once, each with its file and line.

`load` is all the rest of the program needs. It reads no YAML as long as nothing changed.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scheduled.config import cache, conflicts, handler_files, job_files, paths
from scheduled.config.handler_files import HandlerScan
from scheduled.config.parsed import Handler, ParsedConfig
from scheduled.config.paths import EarlyPaths, PathOptions, Paths
from scheduled.errors import ConfigError, ScheduleError, UsageError
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.system import machine, permissions
from scheduled.system.files import Stamp, stamp
from scheduled.version import __version__

DEFAULTS: Mapping[str, Any] = {
    "max_concurrent": 4,
    "default_timeout": 300.0,
    "tick_interval": None,
    "catch_up_budget": 10,
    "max_jobs": None,
    "routes": {},
}
_PATH_KEYS = ("root", "state_dir", "central_dir")
ZONE_FILES = (Path("/etc/localtime"), Path("/etc/timezone"))
"""They decide the machine's zone, and with it when jobs are due."""


@dataclass(frozen=True)
class Config:
    """Everything that was configured, and what is wrong with it. Durations are seconds."""

    places: Paths
    jobs: tuple[Job, ...]
    """Disabled ones too: the untouched shipped ones, those of the file in its order, job files."""
    timezone: str
    max_concurrent: int
    default_timeout: float
    tick_interval: float | None
    """None leaves it to what is installed (`scheduled.state.tick_interval`)."""
    catch_up_budget: int
    max_jobs: int | None
    """How many jobs there may be besides the shipped ones; None: any number."""
    routes: Mapping[str, Any]
    problems: tuple[str, ...]
    """Why jobs are missing from `jobs`: a sentence each, with file and line."""
    sources: tuple[Path, ...]
    """The files it came from or would have come from: a change to any may change all of this."""
    jobs_dirs: tuple[Path, ...] = ()
    """The folders of job files, which may not be there."""
    handler_dirs: tuple[Path, ...] = ()
    """The folders of handlers; there are none unless somebody names them."""
    handlers: tuple[Handler, ...] = ()
    """What they offer."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """The ids no new job may have, those of jobs that are left out too, each with its place."""
    warnings: tuple[str, ...] = ()
    """What is odd about files whose jobs run all the same."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict, compare=False)
    """Those of the sources, of the folders of job files and handlers and of each file in them,
    from before they were read, so that no change in between goes unseen."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What decided each setting, as a person would say it: `default`, `scheduled.yaml:3`."""


def load(options: PathOptions) -> Config:
    """The configuration as it is now.

    Raises ConfigError with all problems where the file as a whole cannot be followed: it may have
    switched off or changed any job, so none of them may run. Raises UsageError for a named place
    that does not exist. What is wrong with single jobs is in `problems`.
    """
    early = paths.find_early(options)
    sources = (*early.looked_for, *ZONE_FILES)
    stamps = {str(one): stamp(one) for one in sources}
    parsed, offered = _parsed_config(options, early, stamps)
    settings = parsed.settings
    found = paths.resolve(options, early, _configured_paths(options, early, parsed))
    values = {key: settings.get(key, default) for key, default in DEFAULTS.items()}
    folders = job_files.job_directories(options, early, found.root, parsed)
    kept = cache.path_for(found.state_dir / "cache", early.config_path or found.root, "jobs")
    files = job_files.load(folders, parsed, values["default_timeout"], kept)
    origins = _origins(options, found, parsed)
    shipped = parsed.jobs
    if not paths.is_ecosystem(found.root):
        shipped = tuple(map(builtin.inactive, shipped))
    allowed, excess = _within_limit(shipped + files.jobs, values["max_jobs"], origins["max_jobs"])
    jobs, stuck = _startable(allowed)
    return Config(
        places=found,
        jobs=jobs,
        timezone=parsed.timezone,
        problems=offered.problems + parsed.problems + files.problems + excess + stuck,
        sources=sources,
        jobs_dirs=tuple(folder.path for folder in folders),
        handler_dirs=offered.folders,
        handlers=offered.handlers,
        taken=_taken_ids(parsed, files),
        warnings=offered.warnings + files.warnings,
        stamps={**stamps, **offered.stamps, **files.stamps},
        origins=origins,
        **values,
    )


def _taken_ids(parsed: ParsedConfig, files: job_files.JobFileScan) -> dict[str, str]:
    """The ids that jobs and handlers have, those that do not run too, each with its place."""
    return {
        **{one.name: one.place for one in parsed.handlers if one.claims},
        **parsed.left_out,
        **files.left_out,
        **{job.id: job.source for job in (*parsed.jobs, *files.jobs)},
    }


def _within_limit(
    jobs: tuple[Job, ...], most: int | None, place: str
) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """The jobs without those beyond the limit, and what is said about these."""
    excess = conflicts.jobs_over_limit(jobs, most)
    if most is None or not excess:
        return jobs, ()
    ids = {job.id for job in excess}
    kept = tuple(job for job in jobs if job.id not in ids)
    return kept, (conflicts.limit_problem(excess, most, place),)


def _startable(jobs: tuple[Job, ...]) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """The jobs without those that could never start for what they wait for, and why."""
    # Only among all of them can it be told, and a job file may wait for one of the configuration.
    wrong = conflicts.dependency_problems(jobs) if any(job.after for job in jobs) else {}
    places_of = {job.id: job.source.removeprefix("built-in, ") for job in jobs}
    told = tuple(f"{places_of[id_]}: {sentence}" for id_, sentence in wrong.items())
    return tuple(job for job in jobs if job.id not in wrong), told


def _configured_paths(
    options: PathOptions, early: EarlyPaths, parsed: ParsedConfig
) -> dict[str, Path]:
    """The places the file names. Raises ConfigError for what cannot be one."""
    folders: dict[str, Path] = {}
    problems = []
    for key in (one for one in _PATH_KEYS if one in parsed.settings):
        assert early.config_path is not None
        try:
            text, base = parsed.settings[key], early.config_path.parent
            folders[key] = paths.absolute(text, base, options.environ)
            if key == "root" and not os.path.isdir(folders[key]):
                raise UsageError(f"{folders[key]}: no such folder")
        except UsageError as error:
            problems.append(f"{early.config_path.name}:{parsed.lines[key]}: {key}: {error}")
    if problems:
        raise ConfigError(problems)
    return folders


def _parsed_config(
    options: PathOptions, early: EarlyPaths, stamps: Mapping[str, Stamp | None]
) -> tuple[ParsedConfig, HandlerScan]:
    """The checked configuration, and the handlers that were dropped in."""
    path = early.config_path
    if path is None:
        return _without_file(options), HandlerScan()
    # Before the cache is asked: a change of mode leaves no mark that a stamp would show.
    refusals = permissions.problems(path)
    if refusals:
        raise ConfigError(refusals)
    # The folder it has without the file's say: it must be found before the file is read.
    folder = paths.resolve(options, early, {}).state_dir / "cache"
    kept = cache.path_for(folder, path)
    key = {
        "version": __version__,
        "path": str(path),
        "TZ": options.environ.get("TZ"),
        "machine": machine.mark(),  # for what was drawn on it
    }

    def dropped_in(parsed: ParsedConfig) -> HandlerScan:
        timeout = parsed.settings.get("default_timeout", DEFAULTS["default_timeout"])
        there = cache.path_for(folder, path, "handlers")
        return handler_files.load(parsed, timeout, path, options.environ, there)

    parsed = cache.read(kept, key, stamps)
    offered = dropped_in(parsed) if parsed is not None else None
    if parsed is None or offered is None or parsed.handlers != offered.handlers:
        parsed = _parse_file(path, options, lambda early: dropped_in(early).handlers)
        offered = dropped_in(parsed)
        cache.write(kept, key, stamps, parsed)
    return parsed, offered


def _without_file(options: PathOptions) -> ParsedConfig:
    try:
        zone = _machine_zone(options)
    except ScheduleError as error:
        raise ConfigError([str(error)]) from error
    return ParsedConfig(zone, jobs=builtin.jobs(zone, DEFAULTS["default_timeout"]))


def _parse_file(
    path: Path, options: PathOptions, offered: Callable[[ParsedConfig], tuple[Handler, ...]]
) -> ParsedConfig:
    from scheduled.config import validate, yaml_document

    document = yaml_document.read_file(path)
    timeout = DEFAULTS["default_timeout"]
    return validate.validate_config(
        document, path.name, lambda: _machine_zone(options), timeout, offered
    )


def _machine_zone(options: PathOptions) -> str:
    from scheduled.timing.timezones import local_zone

    return local_zone(options.environ)


def _origins(options: PathOptions, found: Paths, parsed: ParsedConfig) -> dict[str, str]:
    """The places know whether the file decided them; here is on which line it did."""
    origins = dict.fromkeys([*DEFAULTS, "jobs_dirs", "handler_dirs"], "default")
    origins["tick_interval"] = "what is installed, else each minute"
    origins["timezone"] = "TZ" if options.environ.get("TZ") is not None else "the machine"
    origins |= found.origins
    for key, line in parsed.lines.items():
        if key not in _PATH_KEYS or origins[key] == paths.BY_CONFIG:
            origins[key] = f"{found.config_path.name if found.config_path else ''}:{line}"
    return origins
