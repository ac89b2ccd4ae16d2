"""What an importer found in a file of another scheduler."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from scheduled.quick_classes import dataclass, field


class SourceKind(StrEnum):
    """The scheduler a file belongs to."""

    CRONTAB = "crontab"
    ANACRON = "anacron"  # anacrontab
    GPTME = "gptme"  # config/scheduler.yaml
    AICO = "aico"  # core.yaml, or another file with its sections `scheduler` and `tasks`
    CIRIS = "ciris"  # its scheduled tasks as JSON
    AIPASS = "aipass"  # `.daemon/*.json` of its branches
    SYSTEMD = "systemd"  # a timer with its service
    OPENCLAW = "openclaw"  # its `cron/jobs.json`
    HERMES = "hermes"  # its `cron/jobs.json`
    KUBERNETES = "kubernetes"  # manifests with CronJobs
    OFELIA = "ofelia"  # its INI file, or labels of containers


@dataclass(frozen=True)
class Deferrals:
    """How often the other scheduler deferred a job, when and why, as the state stores it."""

    count: int = 0
    history: tuple[Mapping[str, str | None], ...] = ()
    """`deferred_at`, `deferred_until`, `reason`; oldest first."""


@dataclass(frozen=True)
class ImportedJob:
    """A job to create."""

    line: int
    """Its line in the file, counted from 1."""
    text: str
    """Its text in the file, by which people recognise it."""
    fields: Mapping[str, Any]
    """Keys of a job file with their values."""
    is_named: bool = True
    """Whether the file has this id; one that was made up is changed if it is taken."""
    deferrals: Deferrals = Deferrals()
    file: str = ""
    """Its file, where there may be several."""
    lacks: str = ""
    """What a built-in job lacks to do its work, and what its runs do until then."""
    note: str = ""
    """What is not kept of it, or is to be known before it is enabled."""
    anchor: datetime | None = None
    """An instant that its interval is counted from; None: when it is imported."""


@dataclass(frozen=True)
class LeftOut:
    """A part of the file that cannot become a job or a setting."""

    line: int
    text: str
    reason: str
    file: str = ""
    """As for a job."""


@dataclass(frozen=True)
class Findings:
    """The content of a file."""

    kind: SourceKind
    jobs: tuple[ImportedJob, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys of scheduled.yaml with their values."""
    changes: tuple[ImportedJob, ...] = ()
    """Built-in jobs that are wanted, as scheduled.yaml is to have them."""
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What changes for the file as a whole, a sentence each."""
