"""What the journal adds up to: runs and how they ended, durations, delays, errors. Per job and all.

The one place where events are counted; `stats`, `telemetry` and `metrics` print its sums. Events
are taken one at a time, newest first, and forgotten: what is kept grows with the number of jobs,
not of runs.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from scheduled.jobs.model import Outcome
from scheduled.quick_classes import dataclass, field
from scheduled.state import history
from scheduled.state.heartbeat import Cause
from scheduled.state.journal import Event
from scheduled.timing.instants import parse_utc

EXECUTED = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.INTERRUPTED)
"""The outcomes of what was started; `skipped` and `missed` never ran."""
NEWEST = 20
"""Of so many runs, the newest ones, the rolling mean is taken."""
CATEGORIES = 100
"""Of errors or reasons; what would be one more is `other`."""
OTHER = "other"
REQUESTS = frozenset(
    (
        *("tick", "deferral", "cancelled", "enabled", "paused", "resumed", "skip"),
        *("dead_letter_dropped", "schedule_refused", "incident_acknowledged", "cadence"),
    )
)
"""Each is one command that is on record: a full tick, or what a person changed."""
WITHOUT_MISSED_TICKS = frozenset((Cause.FORWARD, Cause.BACK, Cause.BROKEN, Cause.LOCKED))
"""Causes of gaps in which no time passed, or ticks came all the same."""
KINDS = REQUESTS | {"end", "skipped", "missed", "deferred", "given_up", "gap"}
"""The events that count for something."""
_EXCEPTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,60}(?:Error|Exception|Exit|Interrupt))\b")


@dataclass
class Tally:
    """What one job, or all of them, have come to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """By outcome. A range of missed slots counts as many as it has."""
    missed_capped: bool = False
    """Whether there may have been more missed slots than that."""
    by_hand: int = 0
    retries: int = 0
    catch_up: int = 0
    dead_letters: int = 0
    guards: Counter[str] = field(default_factory=Counter)
    """How often a guard said not now."""
    not_now: int = 0
    """How often a run itself said so."""
    deferred: int = 0
    """How often a person has deferred it."""
    deferral_reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """By category."""
    timed: int = 0
    """How many durations are known."""
    seconds: float = 0.0
    least: float | None = None
    peak: float | None = None
    newest: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0
    scheduled: int = 0
    """How many first attempts were started for a slot."""
    on_time: int = 0
    """Of these, within one tick interval."""
    delay_seconds: float = 0.0
    delay_peak: float = 0.0

    def add_older(self, older: "Tally") -> None:
        """Add what came before: where order matters, this counts as the newer."""
        for counter, other in (
            (self.outcomes, older.outcomes),
            (self.guards, older.guards),
            (self.deferral_reasons, older.deferral_reasons),
            (self.errors, older.errors),
        ):
            for name, count in other.items():
                bump(counter, name, count)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(older, name))
        for name in _MOST:
            setattr(self, name, max(getattr(self, name), getattr(older, name)))
        self.least = min(_known(self.least, older.least), default=None)
        self.peak = max(_known(self.peak, older.peak), default=None)
        self.newest = [*self.newest, *older.newest][:NEWEST]

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return sum(self.outcomes[outcome] for outcome in EXECUTED)

    @property
    def failures(self) -> int:
        """How many runs failed or timed out."""
        return self.outcomes[Outcome.FAILED] + self.outcomes[Outcome.TIMED_OUT]

    @property
    def mean(self) -> float | None:
        """The mean duration in seconds; None if none is known."""
        return self.seconds / self.timed if self.timed else None

    @property
    def rolling_mean(self) -> float | None:
        """The mean duration of the newest runs."""
        return sum(self.newest) / len(self.newest) if self.newest else None

    @property
    def deferrals(self) -> int:
        """How often it was put off, by whomever."""
        return self.deferred + self.not_now + sum(self.guards.values())


@dataclass
class Counts:
    """What a time has come to."""

    total: Tally = field(default_factory=Tally)
    jobs: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    requests: int = 0
    refused: int = 0
    """Requests that ended with 2 or more."""
    refused_schedules: int = 0
    cancelled: int = 0
    gaps: int = 0
    missed_ticks: int = 0

    def add_older(self, older: "Counts") -> None:
        """Add what an earlier time has come to."""
        self.total.add_older(older.total)
        for job, tally in older.jobs.items():
            self.jobs[job].add_older(tally)
        for name in COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(older, name))


COUNTERS = ("requests", "refused", "refused_schedules", "cancelled", "gaps", "missed_ticks")
"""What is counted of no job."""
_SUMS = (
    *("by_hand", "retries", "catch_up", "dead_letters", "not_now", "deferred", "timed", "seconds"),
    *("cpu_seconds", "scheduled", "on_time", "delay_seconds"),
)
_MOST = ("missed_capped", "max_rss_bytes", "delay_peak")


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def rate(part: float, whole: float) -> float:
    """Return a share with three decimals; 0 of nothing."""
    return round(part / whole, 3) if whole else 0.0


def count(
    events: Iterable[Event],
    interval: timedelta,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Counts:
    """Return what `events`, newest first, add up to; of jobs, only those that are `wanted`.

    A start within `interval` of its slot is on time.
    """
    counts = Counts()
    for event in events:
        add(counts, event, interval, wanted)
    return counts


def add(
    counts: Counts,
    event: Event,
    interval: timedelta,
    wanted: Callable[[str], bool] = lambda _: True,
) -> None:
    """Count an event, which is older than all that were counted before."""
    kind = event["event"]
    if kind in REQUESTS:
        _count_request(counts, event)
    if kind == "gap":
        _count_gap(counts, event, interval)
    change, job = _ADDING.get(kind), event.get("job")
    if change is not None and isinstance(job, str) and wanted(job):
        change((counts.total, counts.jobs[job]), event, interval)


def _count_request(counts: Counts, event: Event) -> None:
    counts.requests += 1
    code = event.get("code", 0)
    is_refused_schedule = event["event"] == "schedule_refused"
    counts.refused_schedules += is_refused_schedule
    counts.refused += is_refused_schedule or (isinstance(code, int) and code >= 2)
    counts.cancelled += event["event"] == "cancelled"


def _count_gap(counts: Counts, event: Event, interval: timedelta) -> None:
    counts.gaps += 1
    if event.get("cause") in WITHOUT_MISSED_TICKS:
        return
    start, end = parse_utc(event.get("from")), parse_utc(event.get("to"))
    if start is not None and end is not None and end > start:
        counts.missed_ticks += max(int((end - start) / interval) - 1, 0)


def _add_end(tallies: Sequence[Tally], event: Event, interval: timedelta) -> None:
    row = history.row_of(event)
    if row is None or row["outcome"] is None:
        return
    error = category(event) if row["outcome"] != Outcome.SUCCEEDED else None
    cpu, rss = _amount(event, "cpu_seconds"), int(_amount(event, "max_rss_bytes"))
    delay = _delay(row) if row["attempt"] == 1 else None
    for tally in tallies:
        tally.outcomes[row["outcome"]] += 1
        tally.by_hand += event.get("by_hand") is True
        tally.retries += row["attempt"] > 1
        tally.catch_up += row["catch_up"]
        tally.dead_letters += event.get("dead_letter") is True
        if error is not None:
            bump(tally.errors, error)
        _add_duration(tally, row["duration_seconds"])
        tally.cpu_seconds += cpu
        tally.max_rss_bytes = max(tally.max_rss_bytes, rss)
        if delay is not None:
            _add_delay(tally, delay, interval.total_seconds())


def _delay(row: history.Row) -> float | None:
    """Return how many seconds after its slot a run started."""
    slot, started = parse_utc(row["slot"]), parse_utc(row["started_at"])
    if slot is None or started is None:
        return None
    return max((started - slot).total_seconds(), 0.0)


def _add_duration(tally: Tally, seconds: float | None) -> None:
    if seconds is None:
        return
    tally.timed += 1
    tally.seconds += seconds
    tally.least = seconds if tally.least is None else min(tally.least, seconds)
    tally.peak = seconds if tally.peak is None else max(tally.peak, seconds)
    if len(tally.newest) < NEWEST:
        tally.newest.append(seconds)


def _add_delay(tally: Tally, delay: float, interval: float) -> None:
    tally.scheduled += 1
    tally.on_time += delay <= interval
    tally.delay_seconds += delay
    tally.delay_peak = max(tally.delay_peak, delay)


def _add_skipped(tallies: Sequence[Tally], _event: Event, _interval: timedelta) -> None:
    for tally in tallies:
        tally.outcomes[Outcome.SKIPPED] += 1


def _add_missed(tallies: Sequence[Tally], event: Event, _interval: timedelta) -> None:
    row = history.row_of(event)
    if row is None:
        return
    for tally in tallies:
        tally.outcomes[Outcome.MISSED] += row["missed"]
        tally.missed_capped |= row["missed_capped"]


def _add_given_up(tallies: Sequence[Tally], event: Event, _interval: timedelta) -> None:
    for tally in tallies:
        tally.dead_letters += event.get("dead_letter") is True


def _add_not_now(tallies: Sequence[Tally], event: Event, _interval: timedelta) -> None:
    guard = event.get("guard")
    for tally in tallies:
        if isinstance(guard, str):
            bump(tally.guards, guard)
        else:
            tally.not_now += 1
        bump(tally.deferral_reasons, str(event.get("reason") or "no reason given"))


def _add_deferral(tallies: Sequence[Tally], event: Event, _interval: timedelta) -> None:
    for tally in tallies if event.get("until") is not None else ():
        tally.deferred += 1
        bump(tally.deferral_reasons, str(event.get("reason") or "no reason given"))


def bump(counter: Counter[str], name: str, count: int = 1) -> None:
    """Count a name, as `other` if there are too many different ones."""
    counter[name if name in counter or len(counter) < CATEGORIES else OTHER] += count


def category(event: Mapping[str, Any]) -> str:
    """Return what kind of error ended a run: `exit code 3`, `timed out`, `ValueError`."""
    outcome, code = event.get("outcome"), event.get("exit_code")
    if outcome in (Outcome.TIMED_OUT, Outcome.INTERRUPTED):
        return str(outcome).replace("_", " ")
    exception = _EXCEPTION.match(str(event.get("error") or ""))
    if exception is not None:
        return exception[1]
    return f"exit code {code}" if isinstance(code, int) and code else OTHER


def _amount(event: Event, key: str) -> float:
    value = event.get(key)
    return value if isinstance(value, int | float) else 0.0


_ADDING: dict[str, Callable[[Sequence[Tally], Event, timedelta], None]] = {
    "end": _add_end,
    "skipped": _add_skipped,
    "missed": _add_missed,
    "given_up": _add_given_up,
    "deferred": _add_not_now,
    "deferral": _add_deferral,
}
