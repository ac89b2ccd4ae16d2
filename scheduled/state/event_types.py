"""What each event of the journal holds, declared once: for those who build and who apply them.

The words on disk are older than the names here, and stay. Instants are text, ISO 8601 in UTC.
"""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from scheduled.state.document import State

Event = Mapping[str, Any]
"""Any event, those of other versions of the program among them."""


class Recorded(TypedDict):
    """What every event has once it is recorded."""

    at: NotRequired[str]


# Jobs and boots


class JobRegistered(Recorded):
    event: Literal["seen"]
    job: str
    anchor: str
    fingerprint: str
    watermark: str | None
    schedule: NotRequired[str]
    zone: NotRequired[str]
    level: NotRequired[str]
    days: NotRequired[str]
    max_runs: NotRequired[int]
    meaning: NotRequired[str]
    """The fingerprint of its schedule, where another word stands in the place of that."""


class LimitChanged(Recorded):
    event: Literal["limited"]
    job: str
    max_runs: int | None
    continues: NotRequired[bool]


class DaysChanged(Recorded):
    event: Literal["days"]
    job: str
    days: str


class JobMissing(Recorded):
    event: Literal["away"]
    job: str
    cause: str


class JobBack(Recorded):
    event: Literal["back"]
    job: str


class WatermarkReset(Recorded):
    event: Literal["clamped"]
    job: str
    watermark: str | None


class InstantsReset(Recorded):
    event: Literal["in_future"]
    reset: list[dict[str, Any]]


class MachineBooted(Recorded):
    event: Literal["booted"]
    boot_id: str
    started: str
    jobs: list[str]


# Slots without a run


class SlotsMissed(Recorded):
    event: Literal["missed"]
    job: str
    first: str
    last: str
    count: int
    cause: str
    capped: NotRequired[bool]


class SlotSkipped(Recorded):
    """With a `count`, several slots of one day, `slot` the last; `left_out`: on a day off."""

    event: Literal["skipped"]
    job: str
    slot: str | None
    reason: str
    left_out: NotRequired[bool]
    first: NotRequired[str]
    count: NotRequired[int]


class RetryCancelled(Recorded):
    """How the last attempt ended is left out by earlier versions."""

    event: Literal["given_up"]
    job: str
    slot: str
    reason: str
    run_id: NotRequired[str]
    attempt: NotRequired[int]
    outcome: NotRequired[str]
    error: NotRequired[str]
    missed: NotRequired[int]
    dead_letter: NotRequired[bool]
    suspends: NotRequired[bool]


class NotNow(Recorded):
    """What a guard says has a `guard`; what a run says has its `run_id` and all that follows."""

    event: Literal["deferred"]
    job: str
    slot: str | None
    reason: str
    guard: NotRequired[str]
    run_id: NotRequired[str]
    attempt: NotRequired[int]
    catch_up: NotRequired[bool]
    missed: NotRequired[int]
    moved_from: NotRequired[str]
    started_at: NotRequired[str]
    finished_at: NotRequired[str]
    fired: NotRequired[list[dict[str, Any]]]
    outgoing: NotRequired[list[dict[str, Any]]]
    trouble: NotRequired[str]
    retry_at: NotRequired[str]
    interruptions: NotRequired[int]
    where: NotRequired[dict[str, Any]]
    unstarted: NotRequired[bool]
    """Whether nothing was started, as the machine lacked something for it."""
    unreached: NotRequired[str]
    """The place elsewhere that took no run, see `Job.place`."""
    reached: NotRequired[str]
    """The place that has taken it, and none before."""


# Runs


class RunStarted(Recorded):
    event: Literal["begin"]
    job: str
    run_id: str
    slot: str | None
    attempt: int
    catch_up: bool
    missed: int
    timeout: float
    boot_id: str
    lane: NotRequired[int]
    tick: NotRequired[int]
    tick_started: NotRequired[int]
    interruptions: NotRequired[int]
    permission: NotRequired[str]
    """What it may do, in words."""
    given: NotRequired[dict[str, Any]]
    """What it was given by hand, without secrets."""
    moved_from: NotRequired[str]
    """The day from which its slot was moved."""
    mutexes: NotRequired[list[str]]
    """The mutexes that it has."""
    where: NotRequired[dict[str, Any]]
    """Where else it runs: its `executor`, and once that is known the place."""


class ProcessStarted(Recorded):
    event: Literal["spawned"]
    job: str
    run_id: str
    pid: int
    pid_started: int | None
    keeper: NotRequired[int]
    keeper_started: NotRequired[int]


class StopRequested(Recorded):
    event: Literal["told_to_stop"]
    job: str
    run_id: str
    reason: str


class RunEnded(Recorded):
    """An interrupted run has only what its start told; the rest is of a run whose end was seen."""

    event: Literal["end"]
    job: str
    run_id: str
    slot: str | None
    attempt: int
    catch_up: bool
    missed: int
    started_at: str
    finished_at: str | None
    reason: str
    outcome: str
    answered: bool
    duration_seconds: float | None
    error: str
    by_hand: bool
    retry_at: NotRequired[str | None]
    reached: NotRequired[str]
    dead_letter: NotRequired[bool]
    suspends: NotRequired[bool]
    interruptions: NotRequired[int]
    moved_from: NotRequired[str]
    result: NotRequired[Any]
    exit_code: NotRequired[int | None]
    cpu_seconds: NotRequired[float | None]
    max_rss_bytes: NotRequired[int | None]
    memory: NotRequired[dict[str, Any]]
    section: NotRequired[str]
    seed_key: NotRequired[str]
    local_time: NotRequired[str]
    fired: NotRequired[list[dict[str, Any]]]
    outgoing: NotRequired[list[dict[str, Any]]]
    trouble: NotRequired[str]
    circumstances: NotRequired[dict[str, Any]]
    given: NotRequired[dict[str, Any]]
    where: NotRequired[dict[str, Any]]


# Messages


class RisksFound(Recorded):
    event: Literal["risk"]
    told: list[str]
    over: list[str]
    outgoing: list[dict[str, Any]]


class MessagesDelivered(Recorded):
    event: Literal["delivered"]
    ids: list[str]
    given_up: NotRequired[str]
    """Why they were given up; absent where they were delivered."""


class SubscribersFailing(Recorded):
    event: Literal["subscribers"]
    failing: dict[str, str]
    """By name, with the reason of each; empty where all work again."""


class DeliveryFailed(Recorded):
    event: Literal["undelivered"]
    id: str
    problem: str
    retry_at: str
    reached: NotRequired[list[str]]
    """Who has got it, if others have not."""


# Commands of a person


class JobEnabled(Recorded):
    event: Literal["enabled"]
    job: str
    enabled: bool
    anew: NotRequired[bool]
    """Whether it had used up its `max_runs`, which are counted anew."""


class SuspensionLifted(Recorded):
    event: Literal["suspension_lifted"]
    job: str


class JobPaused(Recorded):
    event: Literal["paused"]
    job: str
    until: str | None
    reason: str


class JobResumed(Recorded):
    event: Literal["resumed"]
    job: str
    until: str


class JobDeferred(Recorded):
    """Without `until`, the end of a deferral."""

    event: Literal["deferral"]
    job: str
    until: str | None
    reason: NotRequired[str]


class DeferralsImported(Recorded):
    event: Literal["deferrals_told"]
    job: str
    count: int
    history: list[Any]


class SkipRequested(Recorded):
    event: Literal["skip"]
    job: str
    slot: str


class JobCancelled(Recorded):
    event: Literal["cancelled"]
    job: str
    reason: str


class DeadLettersDropped(Recorded):
    """Without `slot`, all of the job's."""

    event: Literal["dead_letter_dropped"]
    job: str
    slot: NotRequired[str]


class Permission(Recorded):
    """A check of a job, or of a run, that did not simply permit it."""

    event: Literal["permission"]
    job: str
    verdict: Literal["refused", "as_before", "confined"]
    reason: str
    run_id: NotRequired[str]
    definition: NotRequired[str]


# Ticks


class OwnerRecorded(Recorded):
    event: Literal["owner"]
    root: str
    host: str
    name: NotRequired[str]  # what people call the host, where its id does not say it


class TickIntervalInstalled(Recorded):
    event: Literal["cadence"]
    by: str
    seconds: float | None


GapExplained = TypedDict(
    "GapExplained",
    {"event": Literal["gap"], "at": NotRequired[str], "from": str, "to": str, "cause": str},
)


class TickEnded(Recorded):
    """Version 0.1.0 left out the exit code, and so do ticks that end with 0."""

    event: Literal["tick"]
    ran: NotRequired[int]
    code: NotRequired[int]
    started: NotRequired[str]
    """When it began; a simulated tick has none."""


class Snapshot(Recorded):
    event: Literal["snapshot"]
    state: State
