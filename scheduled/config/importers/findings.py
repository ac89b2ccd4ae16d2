"""What is found in a file of another scheduler, whichever it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SourceKind(StrEnum):
    """Whose file it is."""

    CRONTAB = "crontab"
    GPTME = "gptme"  # config/scheduler.yaml
    AICO = "aico"  # core.yaml, or whatever holds its sections `scheduler` and `tasks`
    CIRIS = "ciris"  # its scheduled tasks as JSON


@dataclass(frozen=True)
class Deferrals:
    """How often a job was put off elsewhere, and when and why, as the state keeps it."""

    count: int = 0
    history: tuple[Mapping[str, str | None], ...] = ()
    """`deferred_at`, `deferred_until`, `reason`; oldest first."""


@dataclass(frozen=True)
class ImportedJob:
    """A job in the making."""

    line: int
    """Where it stands; 1 is the first line."""
    text: str
    """What stands there, for people to recognise it by."""
    fields: Mapping[str, Any]
    """Keys of our configuration with their values."""
    is_named: bool = True
    """Whether the id is its own; one that was made up may be changed where it is taken."""
    deferrals: Deferrals = Deferrals()


@dataclass(frozen=True)
class LeftOut:
    """Something that cannot become a job or a setting of ours."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Findings:
    """All that is in a file."""

    kind: SourceKind
    wanted: tuple[ImportedJob, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys of scheduled.yaml with their values."""
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What is different from now on, a sentence each; of the file as a whole."""
