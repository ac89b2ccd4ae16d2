"""All that the page is made from."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.errors import cut
from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.quick_classes import dataclass, field
from scheduled.state.incident_entries import Incident, is_acknowledged, open_incidents
from scheduled.state.journal import Journal
from scheduled.state.store import Store
from scheduled.system.masking import Mask
from scheduled.views import status
from scheduled.views.health import Finding
from scheduled.views.page import moments
from scheduled.views.page.pictured import Pictured
from scheduled.views.snapshot import Snapshot

if TYPE_CHECKING:
    from scheduled.config.load import Config

LONGEST = 400
"""Characters of a text or a line; what is longer is cut."""
DAY = timedelta(days=1)
DAYS = 30
"""How far the page looks back: so many times 24 hours, as `stats --since 30d` does."""


@dataclass(frozen=True)
class Facts:
    """An installation at one instant, with its history."""

    config: "Config"
    store: Store
    snapshot: Snapshot
    environ: Mapping[str, str] = field(default_factory=dict)
    keep: bool = False
    """Whether the sums of days that are over may be written to the cache."""
    target: Path | None = None
    """Where the page is written; None if that is not known."""
    with_output: bool = True
    """Whether the page may show what runs printed."""
    is_refreshed: bool = False
    """Whether ticks write this page anew."""
    findings: Sequence[Mapping[str, Any]] = ()
    """What `doctor` found, as JSON."""
    host: str = ""
    """The name of the machine."""

    @property
    def now(self) -> datetime:
        """The instant of the page."""
        return self.snapshot.now

    @property
    def zone(self) -> tzinfo:
        """The zone of all instants on it."""
        return self.snapshot.zone

    @property
    def journal(self) -> Journal:
        """The journal, for what the state does not remember."""
        return self.store.journal

    @property
    def oldest(self) -> datetime:
        """The beginning of the time that the page looks back on."""
        return self.now - DAYS * DAY

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs, without built-in ones that are inactive here, in the order of the files."""
        return tuple(job for job in self.snapshot.jobs if job.source != builtin.INACTIVE)

    @cached_property
    def pictured(self) -> Pictured:
        """What pictures of the past are made from."""
        return Pictured(self.snapshot, self.journal, self.jobs, self.keep)

    @cached_property
    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        return status.document(self.snapshot)

    @cached_property
    def untold(self) -> Sequence[Finding]:
        """What is wrong of which no open incident tells, worst first."""
        return status.untold(self.snapshot)

    @cached_property
    def incidents(self) -> list[Incident]:
        """The open incidents, oldest first."""
        return [*open_incidents(self.snapshot.state).values()]

    @cached_property
    def mask(self) -> Mask:
        """Hides the secrets of the environment and of all jobs."""
        variables = {f"0 {name}": value for name, value in self.environ.items()}
        for number, job in enumerate(self.snapshot.jobs, start=1):
            variables |= {f"{number} {name}": value for name, value in job.env.items()}
        return Mask(variables)

    def cut(self, text: str) -> str:
        """Return a text that anybody may have made long, without secrets and not too long."""
        return cut(self.mask.text(text), LONGEST)

    def moment(self, instant: datetime) -> str:
        """Return an instant as the page prints it."""
        return moments.moment(instant, self.now, self.zone)

    def is_enabled(self, job: Job) -> bool:
        """Return whether a job is neither disabled nor suspended."""
        return decide.is_enabled(job, self.snapshot.record(job.id))

    def is_known(self, incident: Incident) -> bool:
        """Return whether a person has acknowledged an incident."""
        return is_acknowledged(incident, self.now)
