"""What the journal says of the last 24 hours, 7 and 30 days, read once for all pictures.

The sums are made by `views/counting.py`, from the events from which `stats` makes its own, so that
they are equal. Days that are over are read once: what was found out is kept as `state/day_facts.py`
says. Only days in which one of the times begins are read each time, from there on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.state import day_facts, history
from scheduled.state.history import CLOCK_STEP, EventsOfDay
from scheduled.state.journal import Journal
from scheduled.state.lines import Event
from scheduled.timing.instants import format_utc
from scheduled.views import counting
from scheduled.views.counting import KINDS, Counts
from scheduled.views.page.past import kept_days
from scheduled.views.page.past.job_past import JobPast
from scheduled.views.page.past.kept_days import KeptDay

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
LENGTHS = (DAY, WEEK, MONTH)
BinOf = Callable[[int], int]
"""Returns the bin in which a quarter of an hour lies."""


@dataclass
class Time:
    """What happened from an instant on."""

    since: datetime
    bin_of: BinOf
    counts: Counts = field(default_factory=Counts)
    """As `stats` counts them."""
    jobs: dict[str, JobPast] = field(default_factory=lambda: defaultdict(JobPast))

    def of(self, job: str) -> JobPast:
        """Return what a job did; nothing, if it is not in the journal."""
        return self.jobs.get(job) or JobPast()

    def add_older(self, day: KeptDay) -> None:
        """Add what happened before."""
        self.counts.add_older(day.counts)
        for job, past in day.jobs.items():
            self.jobs[job].add_older(past, self.bin_of)


class Past(NamedTuple):
    """The last 24 hours, 7 days and 30 days."""

    day: Time
    week: Time
    month: Time


@dataclass
class Part:
    """What one file of the journal says of a time, as far as no shorter one has it."""

    counts: Counts = field(default_factory=Counts)
    jobs: dict[str, JobPast] = field(default_factory=lambda: defaultdict(JobPast))
    earliest: str = ""
    latest: str = ""

    def add(self, event: Event, interval: timedelta) -> None:
        """Add an event that is older than all others."""
        counting.add(self.counts, event, interval)
        row = history.row_of(event)
        if row is not None and row["outcome"] is not None:
            self.jobs[row["job"]].add(event, row)

    def closed(self) -> KeptDay:
        """Return what a file says whose events have all been added."""
        for past in self.jobs.values():
            past.close()
        return KeptDay(self.counts, self.jobs, self.earliest, self.latest)


def read(
    journal: Journal,
    interval: timedelta,
    now: datetime,
    bins: tuple[BinOf, BinOf, BinOf],
    *,
    keep: bool = False,
) -> Past:
    """Return what the journal says; of each time, `bins` says how quarters are joined.

    A start within `interval` of its slot is on time. With `keep`, what days say that are over is
    kept. Raises StateError.
    """
    times = [Time(now - length, bin_of) for length, bin_of in zip(LENGTHS, bins, strict=True)]
    reader = _Reader(journal, interval, times)
    for name in reversed(journal.names()):
        for number, day in reader.day(name, keep=keep):
            for time in times[number:]:
                time.add_older(day)
        if reader.is_done:
            break
    return Past(*times)


class _Reader:
    """Reads the files of the journal, the newest first, each to where `stats` ends as well.

    Clocks are set back, so events are not in order. For each time, reading ends at an event that is
    older than any clock explains.
    """

    def __init__(self, journal: Journal, interval: timedelta, times: Sequence[Time]) -> None:
        self._journal, self._interval, self._since = journal, interval, times[-1].since
        self._bounds = [format_utc(time.since) or "" for time in times]
        self._ends = [format_utc(time.since - CLOCK_STEP) or "" for time in times]
        self._ended = 0
        """How many of the times have ended, the shortest first."""

    @property
    def is_done(self) -> bool:
        """Whether all that follows is too old."""
        return self._ended == len(self._bounds)

    def day(self, name: str, *, keep: bool) -> Iterator[tuple[int, KeptDay]]:
        """Yield what a file says, each with the shortest time that it belongs to."""
        kept = kept_days.load(self._journal, name, self._interval, self._bounds)
        if kept is not None:
            number, day = kept
            yield max(number, self._ended), day
            self._see(day.earliest)
            return
        seen = day_facts.keepable(self._journal, name) if keep else None
        found = EventsOfDay(self._journal, name, KINDS, None, self._since)
        parts = [Part() for _ in self._bounds]
        is_dated = self._sort(found, parts)
        closed = [(number, part.closed()) for number, part in enumerate(parts) if part.latest]
        is_whole = len(closed) == 1 and (found.earliest or "") >= self._bounds[-1]
        if seen is not None and is_whole and is_dated:
            kept_days.save(self._journal, name, self._interval, seen, closed[0][1])
        yield from closed

    def _sort(self, found: EventsOfDay, parts: Sequence[Part]) -> bool:
        """Add events to the parts they belong to; return whether all say when they were."""
        is_dated, begun = True, self._ended
        for event in found:
            self._see(found.earliest)
            at = event.get("at")
            if not isinstance(at, str):
                at, is_dated = self._bounds[0], False  # `stats` counts it whenever it was
            part = parts[self._part_of(at)]
            part.add(event, self._interval)
            part.earliest, part.latest = min(part.earliest or at, at), max(part.latest, at)
        self._see(found.earliest)
        if found.is_last:
            self._ended = len(self._bounds)
        return is_dated and begun == self._ended

    def _part_of(self, at: str) -> int:
        reached = (number for number, bound in enumerate(self._bounds) if at >= bound)
        return max(next(reached, 0), self._ended)

    def _see(self, earliest: str | None) -> None:
        """Note the oldest instant that was read."""
        while not self.is_done and earliest is not None and earliest < self._ends[self._ended]:
            self._ended += 1
