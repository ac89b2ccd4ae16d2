"""What a configuration file says once it is checked, before the places are settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduled.model import Job


@dataclass(frozen=True)
class Draft:
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
