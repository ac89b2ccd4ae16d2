"""What the state remembers, as values: jobs, runs in progress, pauses. Pure.

Everything is read leniently: what is absent or damaged is as if it had never been recorded.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from scheduled.quick_classes import NamedTuple
from scheduled.state.document import (
    AwayEntry,
    CancelledEntry,
    DeferralEntry,
    JobEntry,
    NotNowEntry,
    PauseEntry,
    RunEntry,
    State,
    StopEntry,
)
from scheduled.state.gap_entry import GapEntry
from scheduled.timing.instants import parse_utc

DAY = timedelta(hours=24)
ALL_JOBS = "*"
"""In `paused`: what holds for every job. No job can be called that."""


class Deferral(NamedTuple):
    """A person's wish that a job runs at `until`, and not before."""

    until: datetime
    reason: str = ""


class Stop(NamedTuple):
    """A request to stop a run."""

    at: datetime
    reason: str


class ActiveRun(NamedTuple):
    """A run that has started and not ended: it is in progress, or its tick died."""

    run_id: str
    slot: datetime | None
    attempt: int
    started_at: datetime
    deadline_seconds: float
    missed: int = 0
    catch_up: bool = False
    pid: int | None = None
    pid_started: int | None = None
    """The kernel's start time of `pid` in clock ticks, which tells it from a later process."""
    boot_id: str = ""
    stop: Stop | None = None
    keeper: int | None = None
    """The process that waits for it and writes how it ended."""
    keeper_started: int | None = None
    tick: int | None = None
    """The process of the tick that started it."""
    tick_started: int | None = None
    interruptions: int = 0
    """How many earlier attempts for its slot were interrupted."""
    given: dict[str, Any] | None = None
    """What it was given by hand, without secrets."""
    executor: str = ""
    """Where else it runs; empty: on this machine."""
    moved_from: str = ""
    """The day from which its slot was moved, `2026-12-25`; empty if it was not."""
    is_ahead: bool = False
    """Whether a clock that has been corrected since claimed its slot before its time."""
    mutexes: tuple[str, ...] = ()
    """Those that it was started with, by name."""


class Away(NamedTuple):
    """Since when a job is missing from the configuration, and why."""

    since: datetime
    cause: str


class Retry(NamedTuple):
    """A slot that is tried again: its next attempt, when that may start, and how the last ended."""

    slot: datetime
    attempt: int
    at: datetime
    catch_up: bool = False
    missed: int = 0
    interruptions: int = 0
    """How many of its attempts were interrupted."""
    outcome: str = "failed"
    """Empty if the last attempt did no work, but said "not now"."""
    error: str = ""
    run_id: str = ""
    is_ahead: bool = False
    """Whether a clock that has been corrected since claimed its slot before its time."""

    @property
    def is_rerun(self) -> bool:
        """Whether the last attempt was interrupted."""
        return self.outcome == "interrupted"

    def is_premature(self, now: datetime) -> bool:
        """Return whether its slot is still to come, and was claimed by a clock that was ahead."""
        return self.is_ahead and self.slot > now


class Pause(NamedTuple):
    """A time in which slots are skipped; without an end it lasts until `resume`."""

    since: datetime
    until: datetime | None
    reason: str = ""

    def covers(self, instant: datetime) -> bool:
        """Return whether the pause is in force then; it is over at `until` itself."""
        return self.since <= instant and (self.until is None or instant < self.until)


class JobMemory(NamedTuple):
    """What is remembered about one job."""

    fingerprint: str = ""
    schedule: tuple[str, str] | None = None
    """The schedule the watermark belongs to, and its zone; None if an older version wrote it."""
    days: str = ""
    """The days on which it runs, as `timing.day_rule` writes them; empty: any day."""
    max_runs: int | None = None
    """Its limit of runs as of the last tick; None: it has none."""
    run_count: int = 0
    """How many slots have been run of those that count for the limit."""
    meaning: str = ""
    """The fingerprint of its schedule, if `fingerprint` is another word; else empty."""
    away: Away | None = None
    """None if the last tick found it in the configuration."""
    absence: GapEntry | None = None
    """When it was missing last."""
    anchor: datetime | None = None
    watermark: datetime | None = None
    shown: datetime | None = None
    """What the clock had shown when it was set back while the job was known; None if it was not."""
    coalesced: int = 0
    """Missed slots that the next run answers for."""
    enabled: bool | None = None
    """What a person said with `enable` or `disable`; None leaves it to the configuration."""
    runs: Mapping[int, ActiveRun] = MappingProxyType({})
    """The runs in progress by lane: 0, and others where runs of the job may overlap."""
    not_now: tuple[datetime | None, str] | None = None
    """The slot that was last put off, and the guard that did, '' if it was the action itself; None
    once a run has ended."""
    retry: Retry | None = None
    pause: Pause | None = None
    """The job's own, or the one of all jobs."""
    deferral: Deferral | None = None
    cancelled: str | None = None
    """Why the job was cancelled; None if it was not."""
    skip: datetime | None = None
    """A slot that a person wants skipped."""
    suspended: bool = False
    """Whether too many dead letters in a row have taken the job out of service."""
    dead_in_a_row: int = 0
    """How many dead letters there were since the last success."""
    last_success: datetime | None = None
    succeeded_slot: datetime | None = None
    """The newest slot a run succeeded for."""

    @property
    def open(self) -> ActiveRun | None:
        """The run in progress where there is one at a time."""
        return self.runs.get(0)

    def run(self, run_id: str) -> ActiveRun | None:
        """Return the run of that id, if it is in progress."""
        return next((run for run in self.runs.values() if run.run_id == run_id), None)


def job_memory(state: State, job: str) -> JobMemory:
    """Return what the state remembers about a job; an empty memory for one never seen."""
    entry = state["jobs"].get(job)
    if not isinstance(entry, dict):
        return JobMemory(pause=_pause_of(state, job))
    return JobMemory(
        fingerprint=entry.get("fingerprint") or "",
        schedule=_schedule(entry),
        days=entry.get("days") or "",
        max_runs=entry.get("max_runs"),
        run_count=entry.get("runs", 0),
        meaning=entry.get("meaning") or "",
        away=_away(entry.get("away")),
        absence=entry.get("absence"),
        anchor=parse_utc(entry.get("anchor")),
        watermark=parse_utc(entry.get("watermark")),
        shown=parse_utc(entry.get("shown")),
        coalesced=entry.get("coalesced", 0),
        enabled=entry.get("enabled"),
        runs=_runs(entry),
        not_now=_not_now(entry.get("deferred")),
        retry=_retry(entry) or _interrupted_slot(entry),
        pause=_pause_of(state, job),
        deferral=_deferral(entry.get("deferral")),
        cancelled=_reason(entry.get("cancelled")),
        skip=parse_utc(entry.get("skip")),
        suspended=bool(entry.get("suspended")),
        dead_in_a_row=entry.get("dead_in_a_row", 0),
        last_success=parse_utc(entry.get("last_success")),
        succeeded_slot=parse_utc(entry.get("succeeded_slot")),
    )


def active_runs(state: State) -> list[tuple[str, int]]:
    """Return the runs that have started and not ended, each as its job and its lane."""
    return [
        (job, lane)
        for job, entry in state["jobs"].items()
        if entry.get("open") or entry.get("beside")
        for lane in _runs(entry)
    ]


def runs_by_executor(state: State) -> dict[str, list[str]]:
    """Return the runs that have started elsewhere and not ended: their ids, by executor."""
    found: dict[str, list[str]] = {}
    for entry in state["jobs"].values():
        for run in (entry.get("open"), *(entry.get("beside") or {}).values()):
            if run and (where := run.get("where")):
                found.setdefault(str(where.get("executor")), []).append(run.get("run_id", ""))
    return found


def end_of_last_gap(state: State) -> datetime | None:
    """Return since when ticks have come without a gap; None if no gap is on record."""
    return parse_utc(state["gaps"][-1].get("to")) if state["gaps"] else None


def handler_memory(state: State, job: str, section: str) -> dict[str, Any]:
    """Return what the job's handler asked to remember; `section` is its key in the seed's state."""
    sections: Mapping[str, Any] = state
    memory = sections.get(section) if section else state["jobs"].get(job, {}).get("memory")
    return memory if isinstance(memory, dict) else {}


def pauses(state: State) -> dict[str, Pause]:
    """Return the pauses on record, over or not, by job; ALL_JOBS for the one of all."""
    read = {name: _pause(entry) for name, entry in state["paused"].items()}
    return {name: pause for name, pause in read.items() if pause is not None}


def _runs(entry: JobEntry) -> Mapping[int, ActiveRun]:
    if "open" not in entry and "beside" not in entry:
        return {}  # as of nearly every job, whenever it is asked
    lanes = {0: entry.get("open")}
    lanes |= {int(lane): run for lane, run in (entry.get("beside") or {}).items()}
    runs = {lane: _run(run) for lane, run in lanes.items()}
    return {lane: run for lane, run in runs.items() if run is not None}


def _run(entry: RunEntry | None) -> ActiveRun | None:
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
        keeper=entry.get("keeper"),
        keeper_started=entry.get("keeper_started"),
        tick=entry.get("tick"),
        tick_started=entry.get("tick_started"),
        interruptions=entry.get("interruptions", 0),
        given=entry.get("given"),
        executor=str((entry.get("where") or {}).get("executor") or ""),
        moved_from=entry.get("moved_from", ""),
        is_ahead=bool(entry.get("ahead")),
        mutexes=tuple(entry.get("mutexes") or ()),
    )


def _stop(entry: StopEntry | None) -> Stop | None:
    at = parse_utc(entry.get("at")) if isinstance(entry, dict) else None
    return Stop(at, _reason(entry) or "") if at is not None else None


def _not_now(entry: NotNowEntry | None) -> tuple[datetime | None, str] | None:
    if not isinstance(entry, dict):
        return None
    guard = entry.get("guard")
    return parse_utc(entry.get("slot")), guard if isinstance(guard, str) else ""


def _retry(job: JobEntry) -> Retry | None:
    entry = job.get("retry")
    if not isinstance(entry, dict):
        return None
    slot, at = parse_utc(entry.get("slot")), parse_utc(entry.get("retry_at"))
    if slot is None or at is None:
        return None
    # An entry of an earlier version has no run; the last one was it, unless one by hand followed.
    last = job.get("last") or {}
    run = entry if "run_id" in entry else last if last.get("slot") == entry.get("slot") else {}
    return Retry(
        slot,
        entry.get("attempt", 1),
        at,
        entry.get("catch_up", False),
        entry.get("missed", 0),
        entry.get("interruptions", 0),
        run.get("outcome", "failed") or "",
        run.get("error") or "",
        run.get("run_id") or "",
        bool(entry.get("ahead")),
    )


def _interrupted_slot(entry: JobEntry) -> Retry | None:
    """Return the slot to rerun of a state by an earlier version, which kept only the count."""
    last = entry.get("last") or {}
    if not entry.get("interruptions") or last.get("outcome") != "interrupted":
        return None  # as of nearly every job
    slot, at = parse_utc(last.get("slot")), parse_utc(last.get("started_at"))
    watermark = parse_utc(entry.get("watermark"))
    if slot is None or at is None or last.get("answered") or (watermark and slot <= watermark):
        return None
    return Retry(
        slot,
        last.get("attempt", 1) + 1,
        at,
        last.get("catch_up", False),
        last.get("missed", 0),
        entry.get("interruptions", 0),
        "interrupted",
        last.get("error") or "",
        last.get("run_id") or "",
    )


def _away(entry: AwayEntry | None) -> Away | None:
    since = parse_utc(entry.get("at")) if entry else None
    return Away(since, str(entry.get("cause"))) if entry and since is not None else None


def _deferral(entry: DeferralEntry | None) -> Deferral | None:
    until = parse_utc(entry.get("until")) if isinstance(entry, dict) else None
    return Deferral(until, _reason(entry) or "") if until is not None else None


def _pause_of(state: State, job: str) -> Pause | None:
    paused = state["paused"]
    if not paused:
        return None
    pauses = [*filter(None, (_pause(paused.get(job)), _pause(paused.get(ALL_JOBS))))]
    return _joined(*pauses) if len(pauses) > 1 else next(iter(pauses), None)


def _joined(own: Pause, of_all: Pause) -> Pause:
    """Return two pauses as one; if there is time between them, the later one."""
    first, second = sorted((own, of_all), key=lambda pause: pause.since)
    if first.until is not None and first.until < second.since:
        return second
    if first.until is None or (second.until is not None and second.until <= first.until):
        return first
    return second._replace(since=first.since)


def _pause(entry: PauseEntry | None) -> Pause | None:
    since = parse_utc(entry.get("since")) if isinstance(entry, dict) else None
    if entry is None or since is None:
        return None
    return Pause(since, parse_utc(entry.get("until")), _reason(entry) or "")


def _reason(entry: CancelledEntry | DeferralEntry | PauseEntry | StopEntry | None) -> str | None:
    return str(entry.get("reason") or "") if isinstance(entry, dict) else None


def _schedule(entry: JobEntry) -> tuple[str, str] | None:
    text, zone = entry.get("schedule"), entry.get("zone")
    return (text, zone) if text and zone else None
