"""What is remembered: a JSON document, computed from the journal's events and nothing else.

The journal is the truth and the state its checkpoint, so everything that changes the state is
an event and passes through `apply`. Keys that are not ours are kept as they are.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

VERSION = 1

State = dict[str, Any]
Event = dict[str, Any]

KEPT_GAPS = 20
DAY = timedelta(hours=24)


def empty() -> State:
    """The state of a first tick: the seed's keys with nothing in them, and ours."""
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
        "tallies": {},
        "ticks": {"first": None, "last": None, "count": 0},
    }


_NUMBERS = ("coalesced", "interruptions", "failures", "deferrals")
_OBJECTS = ("open", "last", "deferred", "memory")
_TEXTS = ("fingerprint", "anchor", "watermark", "last_success", "first_seen")
_OF_A_RUN = {"run_id": str, "boot_id": str, "attempt": int, "missed": int, "timeout": int | float}


def problem(document: Any) -> str:
    """Why a document is no state; empty if it is one.

    Everything the engine counts with is looked at, for others can write to the file, too: one
    wrong entry must not stop every tick to come. Keys that are not ours may hold anything.
    """
    if not isinstance(document, dict):
        return "not a JSON object"
    if not isinstance(document.get("version", VERSION), int):
        return "its version is no number"
    for key, value in empty().items():
        if key in document and not isinstance(document[key], type(value)):
            return f"{key} is not what it should be"
    return next(_misshapen(document), "")


def _misshapen(document: State) -> Iterator[str]:
    """What in the sections has the wrong shape, a sentence each."""
    for name, entry in document.get("jobs", {}).items():
        if not isinstance(entry, dict):
            yield f"jobs.{name} is no object"
            continue
        wrong = [key for key in entry if not _fits(key, entry[key])]
        yield from (f"jobs.{name}.{key} is not what it should be" for key in wrong)
    for message in document.get("outbox", []):
        if not isinstance(message, dict) or not isinstance(message.get("id"), str):
            yield "the outbox holds what is no message"
    for place in ("gaps", "dead_letter"):
        if not all(isinstance(one, dict) for one in document.get(place, [])):
            yield f"{place} holds what is no object"
    if not all(map(_is_tally, document.get("tallies", {}).values())):
        yield "tallies holds what is no count"
    if type(document.get("ticks", {}).get("count", 0)) is not int:
        yield "ticks.count is no number"


def _fits(key: str, value: Any) -> bool:
    if key in _NUMBERS:
        return type(value) is int
    if key == "counts":
        return _is_tally(value)
    if key == "open" and isinstance(value, dict):
        return all(isinstance(value[name], _OF_A_RUN[name]) for name in _OF_A_RUN if name in value)
    if key in _OBJECTS:
        return value is None or isinstance(value, dict)
    return key not in _TEXTS or value is None or isinstance(value, str)


def _is_tally(value: Any) -> bool:
    return isinstance(value, dict) and all(type(count) is int for count in value.values())


def stamped(moment: datetime) -> str:
    """An instant as it stands in state and journal: UTC, `Z`, microseconds only if there are."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(text: str | None) -> datetime | None:
    """The instant that `stamped` wrote; None for None and for what is no instant."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Open:
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


@dataclass(frozen=True)
class Record:
    """What is remembered about one job."""

    fingerprint: str = ""
    anchor: datetime | None = None
    watermark: datetime | None = None
    coalesced: int = 0
    """Slots that passed unanswered and wait for the next run to answer for them."""
    interruptions: int = 0
    """How often the run for the slot now due was interrupted."""
    enabled: bool | None = None
    """What a person said with `enable` or `disable`; None leaves it to the configuration."""
    open: Open | None = None
    last_success: datetime | None = None


def record(state: State, job: str) -> Record:
    """What the state remembers about a job; an empty Record for one never seen."""
    entry = state["jobs"].get(job)
    if not isinstance(entry, dict):
        return Record()
    return Record(
        fingerprint=entry.get("fingerprint", ""),
        anchor=moment(entry.get("anchor")),
        watermark=moment(entry.get("watermark")),
        coalesced=entry.get("coalesced", 0),
        interruptions=entry.get("interruptions", 0),
        enabled=entry.get("enabled"),
        open=_open(entry.get("open")),
        last_success=moment(entry.get("last_success")),
    )


def memory(state: State, job: str, section: str) -> dict[str, Any]:
    """What the job's handler asked to remember; `section` is its key in the seed's state."""
    kept = state.get(section) if section else state["jobs"].get(job, {}).get("memory")
    return kept if isinstance(kept, dict) else {}


def outcomes_of_a_day(state: State, now: datetime) -> Counter[str]:
    """How many slots and runs ended how in the last 24 hours, to the hour."""
    oldest = _hour(stamped(now - DAY))
    counted: Counter[str] = Counter()
    for hour, tally in state["tallies"].items():
        if hour > oldest:
            counted.update(tally)
    return counted


def apply(state: State, event: Event) -> None:
    """Change `state` as `event` says. An event of an unknown kind changes nothing."""
    change = _CHANGES.get(event.get("event", ""))
    if change is not None:
        change(state, event)


def _open(entry: Any) -> Open | None:
    if not isinstance(entry, dict):
        return None
    started = moment(entry.get("started_at"))
    if started is None:
        return None
    return Open(
        run_id=entry.get("run_id", ""),
        slot=moment(entry.get("slot")),
        attempt=entry.get("attempt", 1),
        started_at=started,
        deadline_seconds=entry.get("timeout", 0.0),
        missed=entry.get("missed", 0),
        catch_up=entry.get("catch_up", False),
        pid=entry.get("pid"),
        pid_started=entry.get("pid_started"),
        boot_id=entry.get("boot_id", ""),
    )


def _entry(state: State, event: Event) -> dict[str, Any]:
    entry: dict[str, Any] = state["jobs"].setdefault(event["job"], {})
    return entry


def _seen(state: State, event: Event) -> None:
    # An interval keeps its anchor as long as the interval itself is the same; the event decides.
    entry = _entry(state, event)
    entry.update(
        fingerprint=event["fingerprint"], anchor=event["anchor"], watermark=event["watermark"]
    )
    entry.setdefault("first_seen", event["at"])
    entry["coalesced"] = 0
    entry["interruptions"] = 0


def _clamped(state: State, event: Event) -> None:
    _entry(state, event)["watermark"] = event["watermark"]


def _missed(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["watermark"] = event["last"]
    entry["coalesced"] = entry.get("coalesced", 0) + event["count"]
    entry["interruptions"] = 0  # they were those of a slot that is past now
    _tally(state, event, "missed", event["count"])


def _skipped(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["watermark"] = event["slot"]
    entry["coalesced"] = 0
    entry["interruptions"] = 0
    entry["last"] = _row(event, outcome="skipped")
    _tally(state, event, "skipped")


def _begin(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["open"] = {key: value for key, value in event.items() if key not in ("event", "job")}
    entry["open"]["started_at"] = event["at"]


def _spawned(state: State, event: Event) -> None:
    entry = _entry(state, event)
    if entry.get("open", {}).get("run_id") == event["run_id"]:
        entry["open"].update(pid=event["pid"], pid_started=event["pid_started"])


def _end(state: State, event: Event) -> None:
    entry = _entry(state, event)
    if (entry.get("open") or {}).get("run_id") == event["run_id"]:
        entry.pop("open")
    if event.get("answered") and event.get("slot"):
        # Never backwards: the schedule may have changed while the run went on.
        entry["watermark"] = max(event["slot"], entry.get("watermark") or "", key=_sortable)
        entry["coalesced"] = 0
        entry["interruptions"] = 0
    elif event["outcome"] == "interrupted" and event.get("slot"):
        entry["interruptions"] = entry.get("interruptions", 0) + 1
    entry["last"] = _row(event)
    entry.pop("deferred", None)
    _count(entry, event)
    _tally(state, event, event["outcome"])
    _remember(state, entry, event)
    state["outbox"].extend(event.get("outgoing", []))


def _sortable(text: str) -> float:
    instant = moment(text)
    return instant.timestamp() if instant is not None else 0.0


def _deferred(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry.pop("open", None)
    entry["deferrals"] = entry.get("deferrals", 0) + 1
    entry["deferred"] = {"at": event["at"], "reason": event["reason"]}


def _row(event: Event, **more: Any) -> dict[str, Any]:
    left_out = ("event", "job", "memory", "outgoing", "at", "section", "seed_key", "result")
    return {key: value for key, value in event.items() if key not in left_out} | more


def _count(entry: dict[str, Any], event: Event) -> None:
    counts = entry.setdefault("counts", {})
    counts[event["outcome"]] = counts.get(event["outcome"], 0) + 1
    if event["outcome"] == "succeeded":
        entry["last_success"] = event["finished_at"]
        entry["failures"] = 0
    elif event["outcome"] in ("failed", "timed_out"):
        entry["failures"] = entry.get("failures", 0) + 1


def _tally(state: State, event: Event, outcome: str, count: int = 1) -> None:
    when = moment(event.get("at"))
    if when is None:
        return
    hour, tallies = _hour(stamped(when)), state["tallies"]
    if hour not in tallies:
        oldest = _hour(stamped(when - 2 * DAY))
        state["tallies"] = tallies = {one: tallies[one] for one in tallies if one > oldest}
    tally = tallies.setdefault(hour, {})
    tally[outcome] = tally.get(outcome, 0) + count


def _hour(instant: str) -> str:
    return instant[:13]  # 2026-11-21T12


def _remember(state: State, entry: dict[str, Any], event: Event) -> None:
    if event.get("memory") is not None:
        if event.get("section"):
            state[event["section"]] = event["memory"]
        else:
            entry["memory"] = event["memory"]
    if event.get("seed_key") and event["outcome"] == "succeeded":
        state["last_run"][event["seed_key"]] = event["local_time"]


def _enabled(state: State, event: Event) -> None:
    _entry(state, event)["enabled"] = event["enabled"]


def _delivered(state: State, event: Event) -> None:
    gone = set(event["ids"])
    state["outbox"] = [one for one in state["outbox"] if one.get("id") not in gone]


def _undelivered(state: State, event: Event) -> None:
    for waiting in state["outbox"]:
        if waiting.get("id") == event["id"]:
            waiting["failures"] = waiting.get("failures", 0) + 1
            waiting["problem"] = event["problem"]
            waiting["retry_at"] = event["retry_at"]


def _gap(state: State, event: Event) -> None:
    gap = {key: event[key] for key in ("from", "to", "cause")}
    state["gaps"] = [*state["gaps"], gap][-KEPT_GAPS:]


def _tick(state: State, event: Event) -> None:
    ticks = state["ticks"]
    ticks["first"] = ticks.get("first") or event["at"]
    ticks["last"] = event["at"]
    ticks["count"] = ticks.get("count", 0) + 1


_CHANGES: dict[str, Callable[[State, Event], None]] = {
    "seen": _seen,
    "clamped": _clamped,
    "missed": _missed,
    "skipped": _skipped,
    "begin": _begin,
    "spawned": _spawned,
    "end": _end,
    "deferred": _deferred,
    "enabled": _enabled,
    "delivered": _delivered,
    "undelivered": _undelivered,
    "gap": _gap,
    "tick": _tick,
}
