"""The configuration: from files to jobs, with every problem at once, each with its file and line.

`load` is all that the rest of the program needs. It reads no YAML unless something changed.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.config import (
    all_jobs,
    cache,
    gptme_format,
    job_files,
    offers,
    optional_parts,
    paths,
    roots,
)
from scheduled.config.handler_files import HandlerScan
from scheduled.config.parsed import JOB_DEFAULTS, Handler, Offer, ParsedConfig, Unusable
from scheduled.config.paths import EarlyPaths, PathOptions, Paths
from scheduled.errors import ConfigError, ScheduleError
from scheduled.jobs import builtin
from scheduled.jobs.model import DEFAULT_TIMEOUT, Job
from scheduled.quick_classes import dataclass, field, replace
from scheduled.system import collector, machine
from scheduled.system.files import Stamp, stamp
from scheduled.system.stamp_cache import StampCache
from scheduled.system.trusted import Trust
from scheduled.version import __version__

if TYPE_CHECKING:  # most ticks find the zone in the cache
    from scheduled.timing.local_zone import LocalZone

DEFAULTS: Mapping[str, Any] = {
    "enabled": True,
    "max_concurrent": 4,
    "default_timeout": DEFAULT_TIMEOUT,
    "tick_interval": None,
    "catch_up_budget": 10,
    "max_jobs": None,
    "max_cron_tasks": None,
    "host": None,
    "metrics_file": "",
    "page": {},
    "ping": {},
    "routes": {},
    "notify": {},
    "subscribe": {},
    "calendars": {},
    "executors": {},
    "trusted_owners": (),
    "retention": {},
    "log_file": "",
    "log_level": "INFO",
    "log_name": "gaia.runtime",
    "log_rotation": {"size": 5 * 1024**2, "age": 30 * 86_400.0, "count": 5},
    "permissions": None,
}
ZONE_FILES = (Path("/etc/localtime"), Path("/etc/timezone"))
"""The files that set the machine's zone, and with it when jobs are due."""


@dataclass(frozen=True)
class Config:
    """The configuration in effect, and what is wrong with it. Durations are seconds."""

    places: Paths
    jobs: tuple[Job, ...]
    """Disabled ones too: built-in jobs, those of the file in its order, job files."""
    timezone: str
    enabled: bool
    """Whether any job runs; if not, each is disabled."""
    max_concurrent: int
    default_timeout: float
    tick_interval: float | None
    """None: as installed (`scheduled.state.tick_interval`)."""
    catch_up_budget: int
    max_jobs: int | None
    max_cron_tasks: int | None
    """How many jobs there may be besides the built-in ones; None: any number."""
    host: str | None
    """The id of this host as it is named; None: that of the machine."""
    metrics_file: str
    """Where ticks write metrics; relative to the configuration's directory, empty: nowhere."""
    page: Mapping[str, Any]
    """The page that ticks write: its `path`, relative to the configuration's directory, after what
    it is written, and whether it has the output of runs; empty: none."""
    ping: Mapping[str, Any]
    """Who is told that ticks come; empty: nobody."""
    routes: Mapping[str, Any]
    notify: Mapping[str, Mapping[str, Any]]
    """The settings of each channel, by name; wrong ones are left out."""
    subscribe: Mapping[str, Mapping[str, Any]]
    executors: Mapping[str, Mapping[str, Any]]
    """Those of each subscriber, and of each executor."""
    calendars: Mapping[str, Mapping[str, Any]]
    """What each calendar is made of, by name: a `file`, `days`, or a `country`."""
    trusted_owners: Sequence[str]
    """Users besides us and root whose files may be executed."""
    retention: Mapping[str, Any]
    """How much output is kept, as for a job; the size is that of all jobs together."""
    log_file: str
    """Where ticks log what they do; relative to the configuration's directory, empty: nowhere."""
    log_level: str
    """The least grave lines in there."""
    log_name: str
    """The name in each of them."""
    log_rotation: Mapping[str, Any] | None
    """How large and old logs of ticks may get, and how many old ones are kept; None: any."""
    permissions: Mapping[str, Mapping[str, Any]] | None
    """What jobs may do, by level, prefix and id; None if the file does not say."""
    problems: tuple[str, ...]
    """Why jobs are missing: a sentence each, with file and line."""
    sources: tuple[Path, ...]
    """The files it depends on, existing or not."""
    job_defaults: Mapping[str, Any] = field(default_factory=dict)
    """What holds for jobs that do not say it, by key of a job."""
    own_defaults: Mapping[str, Any] = field(default_factory=dict)
    """What `defaults` says of jobs that are not built in, by key of a job."""
    offered: tuple[Job, ...] = ()
    """The built-in jobs that are off until they are enabled or configured, and not among `jobs`."""
    jobs_dirs: tuple[Path, ...] = ()
    """The directories of job files, existing or not."""
    handler_dirs: tuple[Path, ...] = ()
    """The directories of handlers, as configured."""
    handlers: tuple[Handler, ...] = ()
    """The handlers in these directories, and those of installed packages."""
    unusable: tuple[Unusable, ...] = ()
    """Handlers that packages offer, or once offered, and cannot be used."""
    wrong_executors: tuple[str, ...] = ()
    """Executors that are left out, since they are declared wrongly."""
    taken: Mapping[str, str] = field(default_factory=dict)
    """The ids that are in use, also by jobs that are left out, each with its place."""
    warnings: tuple[str, ...] = ()
    """Mistakes that do not keep a job from running."""
    has_all_channels: bool = True
    """Whether `notify` is all that somebody wrote: no channel is left out for a mistake."""
    named_calendars: Any = field(default=None, compare=False)
    """The calendars that can be used, as a job has them; None if there are none."""
    zone_is_local: bool = False
    """Whether nobody configured `timezone`, so that it is the machine's."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict, compare=False)
    """Those of the sources, of the directories of job files and handlers and of each file in them,
    taken before they were read, so that a change in between is noticed."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each setting comes from: `default`, `scheduled.yaml:3`."""
    trust: Trust = field(default_factory=Trust, compare=False)
    """Whose files may be executed."""
    unsaved: list[StampCache] = field(default_factory=list, compare=False)

    def with_known(self, ids: Container[str]) -> "Config":
        """Return it with those of the offered jobs that are in `ids`, as they are on record."""
        known = tuple(job for job in self.offered if job.id in ids)
        if not known:
            return self
        rest = tuple(job for job in self.offered if job.id not in ids)
        return replace(self, jobs=self.jobs + known, offered=rest)

    @property
    def offer(self) -> Offer:
        """The handlers that jobs may name besides the built-in ones."""
        return Offer(self.handlers, self.unusable)

    @property
    def timeout_of_gptme(self) -> float:
        """How long a job may run whose file is gptme's and does not say, in seconds."""
        is_configured = self.origins.get("default_timeout", "default") != "default"
        return self.default_timeout if is_configured else gptme_format.TIMEOUT

    @property
    def metrics_path(self) -> Path | None:
        """Where ticks write metrics; None: nowhere."""
        return paths.beside_config(self.places, self.metrics_file)

    @property
    def is_watched(self) -> bool:
        """Whether somebody waits for a full tick every few minutes, though nothing may be due."""
        return bool(self.metrics_file or self.page or self.ping)

    @property
    def page_path(self) -> Path | None:
        """Where ticks write the page; None: nowhere."""
        return paths.beside_config(self.places, self.page.get("path", ""))

    @property
    def log_path(self) -> Path | None:
        """Where ticks log what they do; None: nowhere."""
        return paths.beside_config(self.places, self.log_file)

    def save_caches(self) -> None:
        """Write what need not be read again next time, once it is known that the state is ours."""
        while self.unsaved:
            self.unsaved.pop(0).save()

    def is_current(self) -> bool:
        """Return whether no file has changed since it was read."""
        return all(stamp(Path(path)) == known for path, known in self.stamps.items())


def load(options: PathOptions) -> Config:
    """Return the configuration as it is now. What is wrong with single jobs is in `problems`.

    Raise ConfigError if the file as a whole cannot be used, for it may disable or change any job;
    UsageError for a path that is named but does not exist.
    """
    with collector.paused():
        return _load(options)


def _load(options: PathOptions) -> Config:
    early = paths.find_early(options)
    sources = (*early.candidates, *ZONE_FILES)
    stamps = {str(path): stamp(path) for path in (*sources, machine.ID_FILE)}
    unsaved: list[StampCache] = []
    parsed, scan, trust = _parsed_config(options, early, stamps, unsaved)
    resolved = _resolved(options, early, parsed, trust)
    values = _values(options, parsed)
    directories = job_files.job_directories(options, early, resolved.root, parsed)
    source = early.config_path or resolved.root
    cache_file = cache.file_for(resolved.state_dir / "cache", source, unsaved, "jobs")
    files = job_files.load(directories, parsed, values["default_timeout"], cache_file, trust)
    origins = _origins(options, resolved, parsed)
    own = roots.own_jobs(parsed.jobs, resolved.root, stamps)
    found = all_jobs.collect(parsed, own, files, values, origins)
    found = optional_parts.applied(found, options, resolved, parsed, trust, unsaved)
    all_stamps = {**stamps, **scan.stamps, **files.stamps, **found.stamps}
    unwritable = _without_our_own(resolved, values, origins, all_stamps)
    return Config(
        places=resolved,
        jobs=found.jobs,
        offered=found.offered,
        problems=scan.problems + parsed.problems + files.problems + found.problems + unwritable,
        sources=sources,
        jobs_dirs=tuple(directory.path for directory in directories),
        handler_dirs=scan.directories,
        handlers=scan.handlers,
        unusable=scan.unusable,
        taken=found.taken,
        named_calendars=found.calendars,
        warnings=_own_warnings(parsed) + scan.warnings + files.warnings + found.warnings,
        stamps=all_stamps,
        origins=origins,
        trust=trust,
        unsaved=unsaved,
        **_as_parsed(parsed),
        **values,
    )


def _as_parsed(parsed: ParsedConfig) -> dict[str, Any]:
    """Return what is in force as the file says it."""
    kept = ("job_defaults", "own_defaults", "timezone", "zone_is_local", "has_all_channels")
    return {name: getattr(parsed, name) for name in (*kept, "wrong_executors")}


def _resolved(options: PathOptions, early: EarlyPaths, parsed: ParsedConfig, trust: Trust) -> Paths:
    """Return the paths in force. Raise ConfigError for a root that others can change."""
    resolved = paths.resolve(
        options, early, paths.configured(options, early, parsed.settings, parsed.lines)
    )
    if refusals := trust.place_problems(resolved.root):
        raise ConfigError(refusals)
    return resolved


def _values(options: PathOptions, parsed: ParsedConfig) -> dict[str, Any]:
    """Return the settings that are keys of DEFAULTS."""
    values = {key: parsed.settings.get(key, default) for key, default in DEFAULTS.items()}
    values["host"] = machine.named_host(options.environ) or values["host"]
    if values["log_rotation"] is not None:
        values["log_rotation"] = {**DEFAULTS["log_rotation"], **values["log_rotation"]}
    return values


def _without_our_own(
    places: Paths, values: dict[str, Any], origins: dict[str, str], counting: Container[str]
) -> tuple[str, ...]:
    if not (values["metrics_file"] or values["log_file"] or values["page"]):
        return ()
    from scheduled.config import written_files

    return written_files.reject(places, values, origins, counting)


def _own_warnings(parsed: ParsedConfig) -> tuple[str, ...]:
    return (parsed.zone_warning, *parsed.notes) if parsed.zone_warning else parsed.notes


def _parsed_config(
    options: PathOptions,
    early: EarlyPaths,
    stamps: Mapping[str, Stamp | None],
    unsaved: list[StampCache],
) -> tuple[ParsedConfig, HandlerScan, Trust]:
    """Return the checked configuration, the handlers on offer, and whose files it trusts."""
    path, trust = early.config_path, Trust()
    # The state directory as if the file set none: it is needed before the file is read.
    places = paths.resolve(options, early, {})
    directory = places.state_dir / "cache"

    def file_for(what: str) -> cache.CacheFile:
        return cache.file_for(directory, path or places.root, unsaved, what)

    def find_handlers(parsed: ParsedConfig) -> HandlerScan:
        timeout = parsed.settings.get("default_timeout", DEFAULTS["default_timeout"])
        more = _trusting(trust, parsed, path) if path is not None else trust
        return offers.find(parsed, timeout, path, options.environ, file_for, more)

    if path is None:
        return *_without_file(options, find_handlers), trust
    # Before the cache is used: a change of mode does not change the stamp.
    if refusals := trust.problems(path):
        raise ConfigError(refusals)
    key = {
        "version": __version__,
        "path": str(path),
        "TZ": options.environ.get("TZ"),
        "machine": machine.mark(),  # seeds depend on it
    }
    recalled = cache.read(file_for("config"), key, stamps)
    scan = find_handlers(recalled) if recalled is not None else HandlerScan()
    if recalled is not None and recalled.offer.handlers == scan.handlers:
        parsed = recalled
    else:
        parsed = _parse_file(path, trust, options, lambda settings: find_handlers(settings).offer)
        scan = find_handlers(parsed)
        cache.write(file_for("config"), key, stamps, parsed)
    return replace(parsed, offer=scan.offer), scan, _trusting(trust, parsed, path)


def _trusting(trust: Trust, parsed: ParsedConfig, path: Path) -> Trust:
    """Return the trust in the owners that the configuration names besides.

    Raise ConfigError for an unknown one.
    """
    try:
        return trust.and_of(parsed.settings.get("trusted_owners", ()))
    except ValueError as error:
        where = f"{path.name}:{parsed.lines['trusted_owners']}: trusted_owners"
        raise ConfigError([f"{where}: {error}; correct the name, or remove it"]) from None


def _without_file(
    options: PathOptions, find_handlers: Callable[[ParsedConfig], HandlerScan]
) -> tuple[ParsedConfig, HandlerScan]:
    try:
        zone = _machine_zone(options)
    except ScheduleError as error:
        raise ConfigError([str(error)]) from error
    parsed = ParsedConfig(zone.name, zone_warning=zone.warning)
    scan = find_handlers(parsed)
    jobs = (*builtin.jobs(zone.name, zone_is_local=True), *scan.offer.jobs)
    return replace(parsed, jobs=jobs, offer=scan.offer), scan


def _parse_file(
    path: Path,
    trust: Trust,
    options: PathOptions,
    find_handlers: Callable[[ParsedConfig], Offer],
) -> ParsedConfig:
    from scheduled.config import validate, yaml_document

    document = yaml_document.read_file(path, trust)
    return validate.validate_config(
        document,
        path.name,
        lambda: _machine_zone(options),
        DEFAULTS["default_timeout"],
        find_handlers,
    )


def _machine_zone(options: PathOptions) -> "LocalZone":
    from scheduled.timing.local_zone import local_zone

    return local_zone(options.environ)


def _origins(options: PathOptions, resolved: Paths, parsed: ParsedConfig) -> dict[str, str]:
    """Return where each setting comes from; for one that the file sets, with the line."""
    origins = dict.fromkeys([*DEFAULTS, *JOB_DEFAULTS, "jobs_dirs", "handler_dirs"], "default")
    origins["defaults"] = "default"
    origins["tick_interval"] = "what is installed, else each minute"
    origins["host"] = "the machine"
    origins["timezone"] = "TZ" if options.environ.get("TZ") is not None else "the machine"
    origins |= resolved.origins
    for key, line in parsed.lines.items():
        if key not in paths.KEYS or origins[key] == paths.BY_CONFIG:
            origins[key] = f"{resolved.config_path.name if resolved.config_path else ''}:{line}"
    if machine.named_host(options.environ):
        origins["host"] = "SCHEDULED_HOST"
    return origins
