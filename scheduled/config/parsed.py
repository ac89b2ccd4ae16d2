"""What files say once they are checked: the configuration's, before the places are settled, and
each job file's, and what the files of handler folders offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduled.jobs.model import Job


@dataclass(frozen=True)
class Handler:
    """A function that a file in a handler folder offers."""

    name: str
    """What jobs call it; its own job, if it has one, is called the same."""
    target: str
    """What `loader` calls it."""
    place: str
    """Where it stands: `handlers/photos.py:12`."""
    about: str = ""
    """What it does, in a line."""
    job: Job | None = None
    claims: bool = False
    """Whether it was to be a job, and something is wrong with that."""


@dataclass(frozen=True)
class ParsedConfig:
    """Settings and jobs; the shipped jobs are among them."""

    timezone: str
    """Of jobs that have none of their own: as configured, else the machine's."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The keys that are set, without `jobs`."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each of them stands."""
    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the jobs that were left out."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The ids of those jobs, each with its place: no other job may step into theirs."""
    handlers: tuple[Handler, ...] = ()
    """Those of the handler folders, as they were when the jobs were checked."""

    @property
    def targets(self) -> dict[str, str]:
        """What `loader` calls each handler of a handler folder, by the name jobs call it."""
        return {one.name: one.target for one in self.handlers}


@dataclass(frozen=True)
class ParsedJobFile:
    """What came of one job file."""

    id: str = ""
    """Empty where the file has none, or none that could be read."""
    place: str = ""
    """Where the id stands: `jobs/backup.yaml:1`."""
    job: Job | None = None
    """None if something is wrong with the file."""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
