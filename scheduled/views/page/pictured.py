"""What all pictures of the past are made from: read once, in one order of jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from scheduled.jobs.model import Job
from scheduled.quick_classes import dataclass
from scheduled.state.gaps import KEPT
from scheduled.state.incident_entries import is_acknowledged, open_incidents
from scheduled.state.journal import Journal
from scheduled.timing.instants import parse_utc
from scheduled.views import gaps
from scheduled.views.page import cadence, looks, moments, past, timeline
from scheduled.views.page.cadence import Group
from scheduled.views.page.job_past import QUARTER, JobPast
from scheduled.views.page.past import Past, Time
from scheduled.views.page.timeline import Window
from scheduled.views.snapshot import Snapshot

EIGHT = 8
"""Quarters of an hour in a bin of the week."""


@dataclass(frozen=True)
class Pictured:
    """An installation and its last 30 days."""

    snapshot: Snapshot
    journal: Journal
    jobs: Sequence[Job]
    keep: bool = False
    """Whether what was found out about days that are over may be kept."""

    @property
    def now(self) -> datetime:
        """The instant at which pictures end."""
        return self.snapshot.now

    @property
    def zone(self) -> tzinfo:
        """The zone of all instants in them."""
        return self.snapshot.zone

    @cached_property
    def past(self) -> Past:
        """What happened. Raises StateError."""
        day_of = timeline.day_of(self.day_starts)
        bins = (lambda quarter: quarter, lambda quarter: quarter // EIGHT, day_of)
        interval = self.snapshot.cadence.interval
        return past.read(self.journal, interval, self.now, bins, keep=self.keep)

    @cached_property
    def month(self) -> Window:
        """The last 30 days."""
        end = self.now.timestamp()
        return Window(end - past.MONTH.total_seconds(), end)

    @cached_property
    def day_starts(self) -> list[float]:
        """When the days begin that begin within the last 30."""
        return timeline.day_starts(self.month, self.zone)

    @cached_property
    def gaps(self) -> list[dict[str, Any]]:
        """The times without ticks. Raises StateError."""
        kept, since = self.snapshot.state["gaps"], past.MONTH
        oldest = parse_utc(kept[0].get("to")) if kept else None
        if len(kept) < KEPT or (oldest is not None and oldest < self.now - since):
            return [gaps.row(gap) for gap in kept]  # the state knows them all
        return gaps.rows(self.journal, self.snapshot.state, self.now - since)

    @cached_property
    def groups(self) -> list[Group]:
        """The jobs in the order of all pictures."""
        return cadence.groups(self.jobs, self.past.month.jobs, self._rank, self.now)

    def _rank(self, job: str) -> int:
        """Return how little a job has to be looked at."""
        if job in self._incidents:
            return self._incidents[job]
        for rank, time in enumerate((self.past.day, self.past.week), start=2):
            counts = time.jobs[job].counts if job in time.jobs else ()
            if counts and looks.total(counts, looks.TROUBLES):
                return rank
        return 4

    @cached_property
    def _incidents(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for incident in open_incidents(self.snapshot.state).values():
            rank = int(is_acknowledged(incident, self.now))
            found[incident.job] = min(found.get(incident.job, rank), rank)
        return found

    def has_incident(self, job: str) -> bool:
        """Return whether an incident of a job is open and not acknowledged."""
        return self._incidents.get(job) == 0

    def of(self, time: Time, job: str) -> JobPast:
        """Return what a job did in a time."""
        return time.jobs.get(job) or JobPast()

    def when(self, at: float) -> str:
        """Print an instant."""
        return moments.moment(timeline.local(at, self.zone), self.now, self.zone)

    def state_of(self, job: str) -> str:
        """Return in a word why a job does not run by its schedule; empty if it does."""
        memory = self.snapshot.record(job)
        known = {each.id: each for each in self.jobs}.get(job)
        is_enabled = memory.enabled if memory.enabled is not None else known and known.enabled
        states = {
            "suspended": memory.suspended,
            "cancelled": memory.cancelled is not None,
            "disabled": known is not None and not is_enabled,
            "paused": memory.pause is not None and memory.pause.covers(self.now),
            "deferred": memory.deferral is not None,
        }
        return next((state for state, holds in states.items() if holds), "")

    def out_of_service_since(self, job: str) -> float | None:
        """Return since when a job is suspended or cancelled: then nothing is recorded of it."""
        entry = self.snapshot.entry(job)
        for key in ("suspended", "cancelled"):
            kept = entry.get(key)
            since = parse_utc(kept.get("at")) if isinstance(kept, dict) else None
            if since is not None:
                return since.timestamp()
        return None


def quarter_bounds(quarters: int, number: int) -> tuple[float, float]:
    """Return from when to when a bin of so many quarters is."""
    start = float(number * quarters * QUARTER)
    return start, start + quarters * QUARTER
