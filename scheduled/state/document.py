"""The state's JSON document, declared once.

A type checker holds all code that reads or writes a key to these declarations, and `problem` holds
a file to them. Keys that are not declared here are somebody else's: they hold anything, and stay.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypedDict, cast

from scheduled.state.cadence_entry import CadenceEntry
from scheduled.state.gap_entry import GapEntry
from scheduled.state.incident_entry import IncidentEntry
from scheduled.state.not_permitted_entry import NotPermittedEntry
from scheduled.state.owner_entry import OwnerEntry
from scheduled.state.type_check import Check, check_of, checks_of
from scheduled.state.unreached_entry import UnreachedEntry

VERSION = 2
"""The format of state and journal. 1 is that of version 0.1.0: no numbers and no checksums."""


class StopEntry(TypedDict, total=False):
    """A request to stop a run."""

    at: str
    reason: str


class RunEntry(TypedDict, total=False):
    """A run in progress, or how the last run or slot ended."""

    at: str
    run_id: str
    slot: str | None
    attempt: int
    catch_up: bool
    missed: int
    timeout: float
    boot_id: str
    started_at: str | None
    pid: int | None
    pid_started: int | None
    keeper: int
    keeper_started: int
    tick: int
    tick_started: int
    stop: StopEntry | None
    given: dict[str, Any]
    mutexes: list[str]
    where: dict[str, Any]
    moved_from: str
    finished_at: str | None
    reason: str | None
    outcome: str | None
    answered: bool
    retry_at: str | None
    dead_letter: bool
    duration_seconds: float | None
    error: str | None
    exit_code: int | None
    cpu_seconds: float | None
    max_rss_bytes: int | None
    by_hand: bool
    trouble: str
    interruptions: int
    suspends: bool
    ahead: bool


class RetryEntry(TypedDict, total=False):
    """A slot that is tried again: when, and how its last attempt ended.

    It is `ahead` if the clock that claimed its slot was, and has been corrected since.
    """

    slot: str | None
    retry_at: str | None
    catch_up: bool
    missed: int
    attempt: int
    interruptions: int
    outcome: str
    error: str | None
    run_id: str
    ahead: bool


class NotNowEntry(TypedDict, total=False):
    """The last time that a guard, or the run itself, said not now.

    `first` is the first of the unanswered slots it was said to, `count` how often runs for `slot`
    have said it. Version 0.1.0 left both out. `since` is from when on the load of the machine has
    kept the job waiting. If `unstarted`, the machine lacked something instead, or its executor took
    no run in time.
    """

    at: str
    reason: str | None
    slot: str | None
    guard: str
    first: str
    count: int
    since: str
    unstarted: bool


class DeferralEntry(TypedDict, total=False):
    """A person's wish that a job runs at `until` and not before, expressed at `since`."""

    since: str
    until: str | None
    reason: str | None


class CancelledEntry(TypedDict, total=False):
    """When and why a job was cancelled."""

    at: str
    reason: str | None


class SuspendedEntry(TypedDict, total=False):
    """When a job was suspended, and the error of its last dead letter.

    Version 0.1.0 suspended jobs by itself and left out after how many dead letters.
    """

    at: str | None
    error: str | None
    after: int


class AwayEntry(TypedDict, total=False):
    """Since when a job is missing from the configuration, and why."""

    at: str
    cause: str
    coalesced: int


class JobEntry(TypedDict, total=False):
    """One job, below `jobs`."""

    fingerprint: str | None
    anchor: str | None
    watermark: str | None
    shown: str | None
    schedule: str | None
    zone: str | None
    days: str
    max_runs: int
    runs: int
    meaning: str
    created: dict[str, str]
    away: AwayEntry | None
    absence: GapEntry | None
    first_seen: str | None
    coalesced: int
    interruptions: int
    enabled: bool | None
    open: RunEntry | None
    beside: dict[str, RunEntry] | None
    last: RunEntry | None
    ran: RunEntry | None
    retry: RetryEntry | None
    deferred: NotNowEntry | None
    deferrals: int
    deferral: DeferralEntry | None
    deferral_count: int
    deferral_history: list[Any]
    cancelled: CancelledEntry | None
    suspended: SuspendedEntry | None
    dead_in_a_row: int
    dead_letters: int
    skip: str | None
    counts: dict[str, int]
    not_run: dict[str, int]
    missed_in_gaps: int
    failures: int
    durations: list[float]
    last_success: str | None
    succeeded_slot: str | None
    settled: str
    failing_since: str | None
    circumstances: dict[str, Any]
    memory: dict[str, Any] | None
    refused: NotPermittedEntry | None
    checked: bool
    as_before: str


class PauseEntry(TypedDict, total=False):
    """A pause, below `paused`."""

    since: str | None
    until: str | None
    reason: str | None


class DeadLetterEntry(TypedDict, total=False):
    """A slot whose retries are used up."""

    job: str
    slot: str | None
    since: str | None
    attempts: int
    error: str | None


class OutboxEntry(TypedDict, total=False):
    """What the outbox itself keeps of a waiting message; the rest belongs to `notify.message`."""

    id: str
    failures: int
    problem: str
    retry_at: str | None
    reached: list[str]


class BootEntry(TypedDict, total=False):
    """The boot that was last seen."""

    id: str
    at: str


class RefusedEntry(TypedDict, total=False):
    """How often something that a person gave was refused."""

    schedules: int


class TicksEntry(TypedDict, total=False):
    """The ticks that ran."""

    first: str | None
    last: str | None
    count: int


class State(TypedDict):
    """The document."""

    version: int
    owner: NotRequired[OwnerEntry]
    """Absent from a state that 0.1.0 wrote, until its root is known."""
    last_run: dict[str, Any]
    memory_rollover: dict[str, Any]
    mail_cleanup: dict[str, Any]
    health_check: dict[str, Any]
    jobs: dict[str, JobEntry]
    paused: dict[str, PauseEntry]
    dead_letter: list[DeadLetterEntry]
    incidents: dict[str, IncidentEntry]
    closed_incidents: NotRequired[list[IncidentEntry]]
    """The last ones; absent until one has ended."""
    outbox: list[OutboxEntry]
    subscribers: NotRequired[dict[str, str]]
    """Those that could not be told last, with the reason; absent until there is one."""
    unreached: NotRequired[dict[str, UnreachedEntry]]
    """By place; absent until there was one."""
    gaps: list[GapEntry]
    boot: BootEntry
    cadence: CadenceEntry
    refused: RefusedEntry
    tallies: dict[str, dict[str, int]]
    ticks: TicksEntry


OUR_KEYS = frozenset(State.__annotations__)
"""The keys of a state that are ours; any other is somebody else's."""
FILE_KEYS = frozenset({"program", "journal", "seq", "crc"})
"""The keys of the file that say how it stands to the journal, and belong to no state."""


def empty() -> State:
    """Return the state of a first tick."""
    return {
        "version": VERSION,
        "last_run": {"hourly": None, "daily_report": None},
        "memory_rollover": {"notified_files": [], "last_check": None},
        "mail_cleanup": {
            "last_run": None,
            "stats": {"auto_opened_total": 0, "auto_closed_total": 0},
        },
        "health_check": {
            "last_run": None,
            "last_status": {"healthy": 0, "warnings": 0, "errors": 0},
        },
        "jobs": {},
        "paused": {},
        "dead_letter": [],
        "incidents": {},
        "outbox": [],
        "gaps": [],
        "boot": {},
        "cadence": {},
        "refused": {"schedules": 0},
        "tallies": {},
        "ticks": {"first": None, "last": None, "count": 0},
    }


def with_defaults(document: Any) -> State:
    """Return `document` with every key of a state; an empty state if it cannot be used as one."""
    return empty() if problem(document) else completed(document)


def completed(document: Mapping[str, Any]) -> State:
    """Do what `with_defaults` does with a document that has been found usable."""
    state: dict[str, Any] = {**empty(), **document, "version": VERSION}
    for key in FILE_KEYS:
        state.pop(key, None)
    for section, default in empty().items():
        if isinstance(default, dict):
            state[section] = default | state[section]
    return cast("State", state)


def with_foreign_keys(state: State, before: Any) -> State:
    """Return `state` with all that somebody else put into the state file `before`.

    These are whole keys, and names in the sections whose names the seed fixed.
    """
    if not isinstance(before, dict):
        return state
    ours = OUR_KEYS | FILE_KEYS
    foreign = {key: value for key, value in before.items() if key not in ours}
    whole: dict[str, Any] = {**state, **foreign}
    for section, default in empty().items():
        if isinstance(default, dict) and default and isinstance(before.get(section), dict):
            added = {key: value for key, value in before[section].items() if key not in default}
            whole[section] = added | whole[section]
    return cast("State", whole)


_LANE = r"[0-9]{1,4}"
_JOB: dict[str, Check] = checks_of(JobEntry)
_fits_job = check_of(JobEntry)
_SECTIONS: dict[str, Check] = {
    key: check_of(kind) for key, kind in State.__annotations__.items() if key != "jobs"
}


def problem(document: Any) -> str:
    """Return what makes `document` unusable as a state, or ''.

    Others can write to the file, too: one wrong value must not stop every tick to come.
    """
    if not isinstance(document, dict):
        return "not a JSON object"
    return next(_problems(document), "")


def _problems(document: dict[str, Any]) -> Iterator[str]:
    for section, fits in _SECTIONS.items():
        if section in document and not fits(document[section]):
            yield f"{section} is invalid"
    jobs = document.get("jobs", {})
    if not isinstance(jobs, dict):
        yield "jobs is invalid"
        return
    for name, entry in jobs.items():
        if "/" in name or name in ("", ".", ".."):
            yield f"jobs: {name!r} is not a valid job id"
        if not _fits_job(entry) or entry.get("beside"):  # else there are none
            yield from _job_problems(name, entry)
    if not all(message.get("id") for message in document.get("outbox", [])):
        yield "outbox is invalid: a message without an id"
    if not all(seconds > 0 for seconds in _intervals(document.get("cadence", {}))):
        yield "cadence is invalid"


def _job_problems(name: str, entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"jobs.{name} is invalid"
        return
    for key, value in entry.items():
        fits = _JOB.get(key)
        if fits is not None and not fits(value):
            yield f"jobs.{name}.{key} is invalid"
    if not all(re.fullmatch(_LANE, lane) for lane in entry.get("beside") or ()):
        yield f"jobs.{name}.beside is invalid"


def _intervals(cadence: CadenceEntry) -> Iterator[float]:
    spans = (cadence.get("seconds"), cadence.get("before"))
    yield from (seconds for seconds in spans if seconds is not None)
    yield from cadence.get("installed", {}).values()
