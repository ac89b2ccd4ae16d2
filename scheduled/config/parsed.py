"""What checked files hold: the configuration, a job file, packages, and the handlers on offer.

A configuration stands here before its paths are resolved.
"""

from collections.abc import Mapping
from typing import Any

from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple, dataclass, field

JOB_DEFAULTS = (
    *("max_cpu_percent", "max_memory_percent", "idle_threshold_cpu", "idle_threshold_memory"),
    *("max_retries", "retry_delay", "max_retry_delay"),
)
"""The keys of a job that are settings as well: for all jobs without them."""


@dataclass(frozen=True)
class Handler:
    """A function that a file in a handler directory offers, or an installed package."""

    name: str
    """What jobs call it; its own job, if it has one, has this id."""
    target: str
    """Its name for `handler.loader`."""
    place: str
    """Where it is defined: `handlers/photos.py:12`, `photos-jobs 1.2: photos/jobs.py:12`."""
    about: str = ""
    """What it does, in a line."""
    job: Job | None = None
    reserves_id: bool = False
    """Whether it was to be a job as well, but that job has problems."""
    package: str = ""
    """The installed package that offers it; empty: a handler directory does."""
    version: str = ""
    """That of the package."""


@dataclass(frozen=True)
class Unusable:
    """A handler of an installed package that jobs cannot name now."""

    name: str
    reason: str
    """What is wrong, and what to do."""
    package: str
    version: str
    target: str = ""
    is_job: bool = False
    """Whether it is, or was, a job as well."""
    is_gone: bool = False
    """Whether no package offers it any more."""


class EntryPoint(NamedTuple):
    """What an installed package says that it offers."""

    name: str
    value: str
    """As the package has it: `photos.jobs:thumbnails`."""
    package: str
    version: str
    listed: str
    """The file that says so."""
    module: str
    """Where the function is defined; empty if the value names none."""
    function: str
    source: str
    """The file of the module; empty if there is none."""

    @property
    def owner(self) -> str:
        """The package as messages name it: `photos-jobs 1.2`."""
        return f"{self.package} {self.version}".rstrip()


class Offer(NamedTuple):
    """The handlers that are no part of this program."""

    handlers: tuple[Handler, ...] = ()
    unusable: tuple[Unusable, ...] = ()

    @property
    def targets(self) -> dict[str, str]:
        """The target of each handler, by the name jobs call it."""
        return {handler.name: handler.target for handler in self.handlers}

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that come with them."""
        return tuple(handler.job for handler in self.handlers if handler.job is not None)

    @property
    def reasons(self) -> dict[str, str]:
        """Why each of the others cannot be used, by its name."""
        return {handler.name: handler.reason for handler in self.unusable}


@dataclass(frozen=True)
class ParsedConfig:
    """Settings and jobs; the built-in jobs are among them."""

    timezone: str
    """Of jobs without one of their own: as configured, else the machine's."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The keys that are set, without `jobs`."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each of them."""
    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the jobs that were left out."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The ids of those jobs, each with its place: no other job may take one."""
    wrong_executors: tuple[str, ...] = ()
    """The names of the executors that were left out."""
    has_all_channels: bool = True
    """Whether nothing that says who is told is left out for a mistake."""
    offer: Offer = Offer()
    """The handlers of directories and packages, as they were when the jobs were checked."""
    zone_warning: str = ""
    """What is contradictory about the machine's zone, if that is used."""
    notes: tuple[str, ...] = ()
    """The keys without a meaning here, each with the reason."""

    @property
    def zone_is_local(self) -> bool:
        """Whether nobody configured the zone: it is the machine's."""
        return "timezone" not in self.settings

    @property
    def job_defaults(self) -> dict[str, Any]:
        """What the settings say about all jobs that do not say it themselves, by key of a job."""
        return {name: self.settings[name] for name in JOB_DEFAULTS if name in self.settings}

    @property
    def own_defaults(self) -> Mapping[str, Any]:
        """What `defaults` says about jobs that are not built in, by key of a job."""
        found: Mapping[str, Any] = self.settings.get("defaults") or {}
        return found


class ParsedJobFile(NamedTuple):
    """The job of a file, or its problems."""

    id: str = ""
    """Empty if the file has none, or none that could be read."""
    place: str = ""
    """Where the id is: `jobs/backup.yaml:1`."""
    job: Job | None = None
    """None if there are problems."""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
