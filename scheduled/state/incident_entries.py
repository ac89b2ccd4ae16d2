"""The incidents that the state remembers: as values, and what events change about them.

Open ones stand under their case, of which there is one at most. Those of 0.1.0 and its followers,
which only knew `data_loss_risk`, have neither an id nor counts; they are read as what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from zlib import crc32

from scheduled.quick_classes import NamedTuple
from scheduled.timing.instants import format_utc, parse_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import incident_event_types as kinds
    from scheduled.state.document import JobEntry, OutboxEntry, State
    from scheduled.state.event_types import RetryCancelled, RunEnded
    from scheduled.state.incident_entry import IncidentEntry

KEPT_CLOSED = 100
KEPT_SETTLED = 39
"""So many slots are looked back on: 2N-1 of the largest `alert_after`."""
FAILED, SUCCEEDED = "f", "s"
"""How a slot ended, in `settled` of a job."""
RISK = "data_loss_risk"
"""The kind of all incidents before they had one of their own."""
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


class Incident(NamedTuple):
    """An incident, open or closed."""

    id: str
    case: str
    kind: str
    job: str
    """'' if it is about no job."""
    since: datetime
    times: int
    """How often it went wrong."""
    last_at: datetime
    told_at: datetime
    """When a person was told last: by the first message, or by a reminder."""
    reminders: int = 0
    first_error: str = ""
    last_error: str = ""
    changed: tuple[str, ...] = ()
    """What has changed since the last success, a sentence each."""
    acknowledged_at: datetime | None = None
    acknowledged_until: datetime | None = None
    """None: until its end."""
    reopened: bool = False
    """Whether the same had ended less than a day before."""
    tags: tuple[str, ...] = ()
    """Those of the job when it opened, and how important it was: both as channels were told."""
    priority: str = ""
    has_message: bool = False
    """Whether there is a channel that was told of it or is to be; else it was only printed."""
    closed_at: datetime | None = None
    end: str = ""
    """Why it ended."""


def is_acknowledged(incident: Incident, now: datetime) -> bool:
    """Return whether a person has silenced it: until an instant, or until its end."""
    if incident.acknowledged_at is None:
        return False
    return incident.acknowledged_until is None or now < incident.acknowledged_until


def open_incidents(state: State) -> dict[str, Incident]:
    """Return the open incidents by case, oldest first."""
    return {case: incident(case, entry) for case, entry in state["incidents"].items()}


def closed_incidents(state: State) -> list[Incident]:
    """Return the closed incidents that are remembered, oldest first."""
    return [incident(entry.get("case", ""), entry) for entry in state.get("closed_incidents", [])]


def incident(case: str, entry: IncidentEntry) -> Incident:
    """Return an incident as a value; what is absent is as if it had never been recorded."""
    since = parse_utc(entry.get("since")) or _NEVER
    last_at = parse_utc(entry.get("last_at")) or since
    acknowledged = entry.get("acknowledged") or {}
    kind = entry.get("kind") or RISK
    return Incident(
        id=entry.get("id") or new_id(case, format_utc(since)),
        case=case,
        kind="disk" if kind == RISK else kind,
        job=entry.get("job") or "",
        since=since,
        times=entry.get("count", 1),
        last_at=last_at,
        told_at=parse_utc(entry.get("told_at")) or last_at,
        reminders=entry.get("reminders", 0),
        first_error=entry.get("first_error") or "",
        last_error=entry.get("last_error") or entry.get("first_error") or "",
        changed=tuple(entry.get("changed") or ()),
        acknowledged_at=parse_utc(acknowledged.get("at")),
        acknowledged_until=parse_utc(acknowledged.get("until")),
        reopened=bool(entry.get("reopened")),
        tags=tuple(entry.get("tags") or ()),
        priority=entry.get("priority") or "",
        has_message=bool(entry.get("has_message", "id" not in entry)),
        closed_at=parse_utc(entry.get("closed_at")),
        end=entry.get("end") or "",
    )


def new_id(case: str, at: str) -> str:
    """Return the id of an incident that opens `at` an instant: eight hexadecimal digits."""
    return f"{crc32(f'{case} {at}'.encode('utf-8', 'surrogatepass')):08x}"


# What events change


def opened(state: State, event: kinds.IncidentOpened) -> None:
    at = event["at"]
    entry: IncidentEntry = {
        "id": event["id"],
        "kind": event["kind"],
        "since": event.get("since") or at,
        "count": event.get("count", 1),
        "last_at": at,
        "told_at": at,
        "first_error": event.get("error", ""),
        "last_error": event.get("error", ""),
    }
    for key in ("job", "changed", "reopened", "tags", "priority"):
        if event.get(key):
            cast("dict[str, Any]", entry)[key] = event[key]
    state["incidents"][event["case"]] = entry
    _post(state, entry, event)


def happened_again(state: State, event: kinds.IncidentAgain) -> None:
    entry = state["incidents"].get(event["case"])
    if entry is not None:
        _count(entry, event["at"], event.get("error"))


def reminded(state: State, event: kinds.IncidentReminded) -> None:
    entry = state["incidents"].get(event["case"])
    if entry is not None:
        entry["told_at"] = event["at"]
        entry["reminders"] = entry.get("reminders", 0) + 1
        if event.get("error"):
            entry["last_error"] = event["error"]
        _post(state, entry, event)


def told(state: State, event: kinds.IncidentTold) -> None:
    entry = state["incidents"].get(event["case"])
    if entry is not None:
        _post(state, entry, event)


def closed(state: State, event: kinds.IncidentClosed) -> None:
    case = event["case"]
    entry = state["incidents"].pop(case, None)
    if entry is not None:
        known = incident(case, entry)
        whole: IncidentEntry = {
            **entry,
            "case": case,
            "id": known.id,
            "kind": known.kind,
            "closed_at": event["at"],
            "end": event.get("reason", ""),
        }
        whole.pop("waiting", None)
        past = state.get("closed_incidents", [])
        state["closed_incidents"] = [*past, whole][-KEPT_CLOSED:]
        _post(state, entry, event)


def acknowledged(state: State, event: kinds.IncidentAcknowledged) -> None:
    entry = state["incidents"].get(event["case"])
    if entry is not None:
        entry["acknowledged"] = {"at": event["at"], "until": event.get("until")}


def _post(state: State, entry: IncidentEntry, event: Mapping[str, Any]) -> None:
    outgoing = event.get("outgoing") or []
    if outgoing or event.get("has_message"):
        entry["has_message"] = True
        ids = [*(message["id"] for message in outgoing), *event.get("messages", ())]
        entry["waiting"] = [*dict.fromkeys((*entry.get("waiting", ()), *ids))]
    state["outbox"].extend(cast("list[OutboxEntry]", outgoing))


def message_accepted(state: State, ident: str) -> None:
    """Note that a channel has taken a message, if only for some."""
    for entry in state["incidents"].values():
        if ident in entry.get("waiting", ()):
            entry["accepted"] = True


def messages_left(state: State, ids: set[str], *, are_accepted: bool) -> None:
    """Note what became of messages that are in the outbox no longer.

    An open incident all messages of which were given up counts as one that was only printed.
    """
    for entry in state["incidents"].values():
        waiting = entry.get("waiting")
        if not waiting or ids.isdisjoint(waiting):
            continue
        entry["waiting"] = [ident for ident in waiting if ident not in ids]
        if are_accepted:
            entry["accepted"] = True
        elif not entry["waiting"] and not entry.get("accepted"):
            entry["has_message"] = False


def _count(entry: IncidentEntry, at: str, error: str | None) -> None:
    entry["count"] = entry.get("count", 1) + 1
    entry["last_at"] = at
    if error:
        entry["last_error"] = error


# What the end of a slot changes


def slot_settled(
    state: State, job: JobEntry, event: RunEnded | RetryCancelled, at: str | None
) -> None:
    """Note how a slot ended: whether a job is failing follows from the last of them."""
    if "seq" not in event:  # of version 0.1.0, which kept no incidents
        return
    if event.get("dead_letter"):
        _settle(job, FAILED)
        job.setdefault("failing_since", at)
        entry = state["incidents"].get(f"failing: {event['job']}")
        if entry is not None and at is not None:
            _count(entry, at, event.get("error"))
    elif event.get("outcome") == "succeeded":
        _settle(job, SUCCEEDED)
        job.pop("failing_since", None)


def _settle(job: JobEntry, how: str) -> None:
    """Append to what is kept; successes before the first failure say nothing."""
    kept = (job.get("settled", "") + how)[-KEPT_SETTLED:].lstrip(SUCCEEDED)
    if kept:
        job["settled"] = kept
    else:
        job.pop("settled", None)
