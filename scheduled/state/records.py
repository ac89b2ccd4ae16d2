"""What is remembered: a JSON document, computed from the journal's events and nothing else.

The journal is the truth and the state its checkpoint, so everything that changes the state is
an event (`scheduled.state.apply`). Keys that are not ours are kept as they are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scheduled.state import document
from scheduled.timing.instants import format_utc, parse_utc

State = document.State
Event = dict[str, Any]

DAY = timedelta(hours=24)
ALL_JOBS = "*"
"""In `paused`: what holds for every job. No job can be called that."""


@dataclass(frozen=True)
class Deferral:
    """Somebody's word that a job is to run at `until`, and not before."""

    until: datetime
    reason: str = ""


@dataclass(frozen=True)
class Stop:
    """Somebody's word that a run is to end before it is done."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class ActiveRun:
    """A run that began and has not ended: it runs now, or its tick died."""

    run_id: str
    slot: datetime | None
    attempt: int
    started_at: datetime
    deadline_seconds: float
    missed: int = 0
    catch_up: bool = False
    pid: int | None = None
    pid_started: int | None = None
    """The kernel's start time of `pid` in clock ticks, which tells it from a later namesake."""
    boot_id: str = ""
    stop: Stop | None = None


@dataclass(frozen=True)
class Retry:
    """A failed slot that is tried again: its next attempt, and when that may start."""

    slot: datetime
    attempt: int
    at: datetime
    catch_up: bool = False
    missed: int = 0


@dataclass(frozen=True)
class Pause:
    """A time in which slots pass on purpose; without an end it lasts until `resume`."""

    since: datetime
    until: datetime | None
    reason: str = ""

    def covers(self, instant: datetime) -> bool:
        """Whether the pause is in force then; it is over at `until` itself."""
        return self.since <= instant and (self.until is None or instant < self.until)


@dataclass(frozen=True)
class JobMemory:
    """What is remembered about one job."""

    fingerprint: str = ""
    schedule: tuple[str, str] | None = None
    """The schedule the watermark belongs to, and its zone; None if an older version met it."""
    anchor: datetime | None = None
    watermark: datetime | None = None
    coalesced: int = 0
    """Slots that passed unanswered and wait for the next run to answer for them."""
    interruptions: int = 0
    """How often the run for the slot now due was interrupted."""
    enabled: bool | None = None
    """What a person said with `enable` or `disable`; None leaves it to the configuration."""
    runs: Mapping[int, ActiveRun] = field(default_factory=dict)
    """What is under way, by lane: 0, and others where runs of the job may go on side by side."""
    not_now: tuple[datetime | None, str] | None = None
    """The slot that a guard last held back, and the guard; None once a run has ended."""
    retry: Retry | None = None
    pause: Pause | None = None
    """The job's own, or the one of all jobs."""
    deferral: Deferral | None = None
    cancelled: str | None = None
    """Why the job was cancelled; None if it was not."""
    skip: datetime | None = None
    """A slot that somebody asked to leave out."""
    suspended: bool = False
    """Whether too many dead letters in a row have taken the job out of service."""
    last_success: datetime | None = None
    succeeded_slot: datetime | None = None
    """The newest slot a run succeeded for."""

    @property
    def open(self) -> ActiveRun | None:
        """The run under way where there is one at a time."""
        return self.runs.get(0)

    def run(self, run_id: str) -> ActiveRun | None:
        """The run of that id, if it is under way."""
        return next((one for one in self.runs.values() if one.run_id == run_id), None)


def job_memory(state: State, job: str) -> JobMemory:
    """What the state remembers about a job; an empty Record for one never seen."""
    entry = state["jobs"].get(job)
    if not isinstance(entry, dict):
        return JobMemory(pause=_pause_of(state, job))
    return JobMemory(
        fingerprint=entry.get("fingerprint") or "",
        schedule=_schedule(entry),
        anchor=parse_utc(entry.get("anchor")),
        watermark=parse_utc(entry.get("watermark")),
        coalesced=entry.get("coalesced", 0),
        interruptions=entry.get("interruptions", 0),
        enabled=entry.get("enabled"),
        runs=_runs(entry),
        not_now=_not_now(entry.get("deferred")),
        retry=_retry(entry.get("retry")),
        pause=_pause_of(state, job),
        deferral=_deferral(entry.get("deferral")),
        cancelled=_reason(entry.get("cancelled")),
        skip=parse_utc(entry.get("skip")),
        suspended=bool(entry.get("suspended")),
        last_success=parse_utc(entry.get("last_success")),
        succeeded_slot=parse_utc(entry.get("succeeded_slot")),
    )


def active_runs(state: State) -> list[tuple[str, int]]:
    """The runs that began and have not ended, each as its job and its lane."""
    entries = state["jobs"].items()
    return [
        (job, lane)
        for job, entry in entries
        if entry.get("open") or entry.get("beside")
        for lane in _runs(entry)
    ]


def end_of_last_gap(state: State) -> datetime | None:
    """Since when ticks have come without a gap; None if no gap is on record."""
    return parse_utc(state["gaps"][-1].get("to")) if state["gaps"] else None


def handler_memory(state: State, job: str, section: str) -> dict[str, Any]:
    """What the job's handler asked to remember; `section` is its key in the seed's state."""
    kept = state.get(section) if section else state["jobs"].get(job, {}).get("memory")
    return kept if isinstance(kept, dict) else {}


def hour_of(instant: str) -> str:
    """The hour of an instant as `format_utc` writes it: the key of its tally."""
    return instant[:13]  # 2026-11-21T12


def count_outcomes(state: State, now: datetime) -> Counter[str]:
    """How many slots and runs ended how in the last 24 hours, to the hour."""
    oldest = hour_of(format_utc(now - DAY))
    counted: Counter[str] = Counter()
    for hour, tally in state["tallies"].items():
        if hour > oldest:
            counted.update(tally)
    return counted


def _runs(entry: dict[str, Any]) -> dict[int, ActiveRun]:
    if "open" not in entry and "beside" not in entry:
        return {}  # as of nearly every job, whenever it is asked
    lanes = {0: entry.get("open")}
    lanes |= {int(lane): one for lane, one in (entry.get("beside") or {}).items()}
    found = {lane: _open(one) for lane, one in lanes.items()}
    return {lane: one for lane, one in found.items() if one is not None}


def _not_now(entry: Any) -> tuple[datetime | None, str] | None:
    guard = entry.get("guard") if isinstance(entry, dict) else None
    return (parse_utc(entry.get("slot")), guard) if isinstance(guard, str) else None


def _open(entry: Any) -> ActiveRun | None:
    if not isinstance(entry, dict):
        return None
    started = parse_utc(entry.get("started_at"))
    if started is None:
        return None
    return ActiveRun(
        run_id=entry.get("run_id", ""),
        slot=parse_utc(entry.get("slot")),
        attempt=entry.get("attempt", 1),
        started_at=started,
        deadline_seconds=entry.get("timeout", 0.0),
        missed=entry.get("missed", 0),
        catch_up=entry.get("catch_up", False),
        pid=entry.get("pid"),
        pid_started=entry.get("pid_started"),
        boot_id=entry.get("boot_id", ""),
        stop=_stop(entry.get("stop")),
    )


def _deferral(entry: Any) -> Deferral | None:
    until = parse_utc(entry.get("until")) if isinstance(entry, dict) else None
    return Deferral(until, _reason(entry) or "") if until is not None else None


def _reason(entry: Any) -> str | None:
    return str(entry.get("reason") or "") if isinstance(entry, dict) else None


def _stop(entry: Any) -> Stop | None:
    at = parse_utc(entry.get("at")) if isinstance(entry, dict) else None
    return Stop(at, str(entry.get("reason") or "")) if at is not None else None


def _schedule(entry: dict[str, Any]) -> tuple[str, str] | None:
    text, zone = entry.get("schedule"), entry.get("zone")
    return (text, zone) if text and zone else None


def _retry(entry: Any) -> Retry | None:
    if not isinstance(entry, dict):
        return None
    slot, at = parse_utc(entry.get("slot")), parse_utc(entry.get("retry_at"))
    if slot is None or at is None:
        return None
    missed, catch_up = entry.get("missed", 0), entry.get("catch_up", False)
    return Retry(slot, entry.get("attempt", 1), at, catch_up, missed)


def pauses(state: State) -> dict[str, Pause]:
    """The pauses on record, over or not, by job; ALL_JOBS for the one of all."""
    found = {name: _pause(entry) for name, entry in state["paused"].items()}
    return {name: pause for name, pause in found.items() if pause is not None}


def _pause_of(state: State, job: str) -> Pause | None:
    paused = state["paused"]
    return _pause(paused.get(job)) or _pause(paused.get(ALL_JOBS)) if paused else None


def _pause(entry: Any) -> Pause | None:
    since = parse_utc(entry.get("since")) if isinstance(entry, dict) else None
    if since is None:
        return None
    return Pause(since, parse_utc(entry.get("until")), str(entry.get("reason") or ""))
