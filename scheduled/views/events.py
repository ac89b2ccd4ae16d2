"""The journal's events by the names that others know: `scheduled events`. Pure.

The words on disk are older than these names. An event that means nothing outside has none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from scheduled.notify.subscription import EVENTS
from scheduled.planning.decide import REMOVED
from scheduled.planning.incidents import OF_JOBS, is_recovery
from scheduled.state import history
from scheduled.state.journal import Event

STATUS, STATS, HEALTH = "scheduler.task.status", "scheduler.stats", "scheduler.health"
STARTUP = "startup"
CREATED, DELETED = "scheduler.task.create", "scheduler.task.delete"
STARTED, FINISHED, FAILED, RECOVERED = (
    "job_started",
    "job_finished",
    "job_failed",
    "job_recovered",
)
_NAMES: Mapping[str, str] = {
    "seen": CREATED,
    "back": CREATED,
    "away": DELETED,
    "enabled": STATUS,
    "suspension_lifted": STATUS,
    "paused": STATUS,
    "resumed": STATUS,
    "deferral": STATUS,
    "skip": STATUS,
    "cancelled": STATUS,
    "deferred": STATUS,
    "skipped": STATUS,
    "missed": STATUS,
    "given_up": STATUS,
    "begin": STARTED,
    "risk": "data_loss_risk",
    "gap": HEALTH,
    "incident_opened": "incident_opened",
    "incident_reminded": "incident_reminded",
    "incident_acknowledged": "incident_acknowledged",
    "incident_closed": "incident_closed",
}
"""The names of events that have one name only."""
_LEFT_OUT = frozenset(
    (
        *("seq", "event", "at", "memory", "section", "seed_key", "fired", "circumstances"),
        *("outgoing", "has_message", "messages"),
    )
)
"""What is nobody else's business: numbers, handlers' memory, messages that wait."""
NAMES = frozenset((*_NAMES.values(), STARTUP, STATS, FINISHED, FAILED, RECOVERED))
KNOWN = NAMES | frozenset(EVENTS)
"""These, and those that the shipped jobs fire; handlers of others may fire more."""


def named(event: Event) -> list[dict[str, Any]]:
    """Return what an event of the journal is called outside, with its data; [] for nothing.

    What a handler has fired comes before the end of its run.
    """
    data = {key: value for key, value in event.items() if key not in _LEFT_OUT}
    return [
        {
            "seq": event.get("seq"),
            "at": _instant(name, event),
            "event": name,
            "kind": event.get("event"),
            "job": event.get("job") or _job_of_case(event),
            "data": about,
        }
        for name, about in (*_fired(event), *((name, data) for name in _names(event)))
    ]


def _names(event: Event) -> Iterator[str]:
    kind = event.get("event", "")
    if kind == "seen" and event.get("fingerprint") == REMOVED:
        yield DELETED
    elif kind == "tick":
        yield from (STARTUP, STATS) if "started" in event else (STATS,)
    elif kind == "end":
        row = history.row_of(event)
        if row is not None:
            yield FAILED if history.is_failure(row) else FINISHED
    elif kind in _NAMES:
        yield _NAMES[kind]
    if kind == "incident_closed" and is_recovery(str(event.get("case")), event.get("reason", "")):
        yield RECOVERED


def _instant(name: str, event: Event) -> Any:
    """Return when it happened: the start of a tick is told with its end."""
    started = event.get("started")
    return started if name == STARTUP and isinstance(started, str) else event.get("at")


def _fired(event: Event) -> Iterator[tuple[str, Any]]:
    fired = event.get("fired")
    for entry in fired if isinstance(fired, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("event"), str):
            yield entry["event"], entry.get("data") or {}


def _job_of_case(event: Event) -> str | None:
    """Return the job that an incident is about: only its first event names it."""
    case = event.get("case")
    kind, _, subject = case.partition(": ") if isinstance(case, str) else ("", "", "")
    return subject if subject and kind in OF_JOBS else None


Wanted = Callable[[Mapping[str, Any]], bool]


def wanted(names: Iterable[str], job: str | None) -> Wanted:
    """Return what tells whether an event is among these names, all of none, and of the job."""
    known = frozenset(names)
    return lambda event: (not known or event["event"] in known) and job in (None, event["job"])
