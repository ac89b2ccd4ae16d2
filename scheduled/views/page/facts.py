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
from scheduled.state.gaps import KEPT
from scheduled.state.incident_entries import Incident, is_acknowledged, open_incidents
from scheduled.state.journal import Journal
from scheduled.state.store import Store
from scheduled.system.masking import Mask
from scheduled.timing.instants import parse_utc
from scheduled.views import attention, gaps, status
from scheduled.views.attention import Item
from scheduled.views.page import moments
from scheduled.views.page.past import looks, times
from scheduled.views.page.past.times import MONTH, Past
from scheduled.views.page.pictures import cadence, timeline
from scheduled.views.page.pictures.cadence import Group
from scheduled.views.page.pictures.timeline import Window
from scheduled.views.snapshot import Snapshot

if TYPE_CHECKING:
    from scheduled.config.load import Config

LONGEST = 400
"""Characters of a text or a line; what is longer is cut."""
DAY = timedelta(days=1)
QUARTERS_OF_WEEK = 8
"""Quarters of an hour in a bin of the week."""


@dataclass(frozen=True)
class Facts:
    """An installation at one instant, with its history."""

    config: "Config"
    store: Store
    snapshot: Snapshot
    environ: Mapping[str, str] = field(default_factory=dict)
    keep: bool = False
    """Whether what was found out about days that are over may be kept."""
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
        """The instant of the page, at which its pictures end."""
        return self.snapshot.now

    @property
    def zone(self) -> tzinfo:
        """The zone of all instants on it."""
        return self.snapshot.zone

    @property
    def journal(self) -> Journal:
        """The journal, for what the state does not remember."""
        return self.store.journal

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs, without built-in ones that are inactive here, in the order of the files."""
        return tuple(job for job in self.snapshot.jobs if job.source != builtin.INACTIVE)

    @cached_property
    def _by_name(self) -> Mapping[str, Job]:
        return {job.id: job for job in self.jobs}

    def job(self, name: str) -> Job | None:
        """Return a job; None if it is no longer configured, or inactive here."""
        return self._by_name.get(name)

    @cached_property
    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        return status.document(self.snapshot)

    @cached_property
    def needs(self) -> list[Item]:
        """What `status` says that needs a person; what one knows of comes last."""
        return attention.items({**self.status, "findings": self.findings}, self.snapshot)

    @cached_property
    def incidents(self) -> list[Incident]:
        """The open incidents, oldest first."""
        return [*open_incidents(self.snapshot.state).values()]

    @property
    def oldest(self) -> datetime:
        """The beginning of the time that the page looks back on."""
        return self.now - MONTH

    @cached_property
    def month(self) -> Window:
        """The last 30 days: so many times 24 hours, as `stats --since 30d` has them."""
        return Window(self.oldest.timestamp(), self.now.timestamp())

    @cached_property
    def day_starts(self) -> list[float]:
        """When the days begin that begin within the last 30."""
        return timeline.day_starts(self.month, self.zone)

    @cached_property
    def past(self) -> Past:
        """What happened in it, read once for all pictures. Raises StateError."""
        day_of = timeline.day_of(self.day_starts)
        bins = (lambda quarter: quarter, lambda quarter: quarter // QUARTERS_OF_WEEK, day_of)
        interval = self.snapshot.cadence.interval
        return times.read(self.journal, interval, self.now, bins, keep=self.keep)

    @cached_property
    def gaps(self) -> list[dict[str, Any]]:
        """The times without ticks. Raises StateError."""
        kept = self.snapshot.state["gaps"]
        oldest = parse_utc(kept[0].get("to")) if kept else None
        if len(kept) < KEPT or (oldest is not None and oldest < self.oldest):
            rows = [gaps.row(gap) for gap in kept]  # the state knows them all
        else:
            rows = gaps.rows(self.journal, self.snapshot.state, self.oldest)
        return gaps.with_pending(rows, self.snapshot)

    @cached_property
    def groups(self) -> list[Group]:
        """The jobs in the order of all pictures. Raises StateError."""
        return cadence.groups(self.jobs, self.past.month.jobs, self._rank, self.now)

    def _rank(self, job: str) -> int:
        """Return how little a job has to be looked at."""
        if job in self._ranks_of_incidents:
            return self._ranks_of_incidents[job]
        for rank, time in enumerate((self.past.day, self.past.week), start=2):
            if looks.total(time.of(job).counts, looks.TROUBLES):
                return rank
        return 4

    @cached_property
    def _ranks_of_incidents(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for incident in self.incidents:
            rank = int(self.is_known(incident))
            found[incident.job] = min(found.get(incident.job, rank), rank)
        return found

    def has_incident(self, job: str) -> bool:
        """Return whether an incident of a job is open and not acknowledged."""
        return self._ranks_of_incidents.get(job) == 0

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

    def when(self, at: float) -> str:
        """Return an instant of a picture as the page prints it."""
        return self.moment(timeline.local(at, self.zone))

    def is_enabled(self, job: Job) -> bool:
        """Return whether a job is neither disabled nor suspended."""
        return decide.is_enabled(job, self.snapshot.record(job.id))

    def is_known(self, incident: Incident) -> bool:
        """Return whether a person has acknowledged an incident."""
        return is_acknowledged(incident, self.now)
