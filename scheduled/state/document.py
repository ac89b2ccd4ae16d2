"""The shape of the state's document: what an empty one holds, and what makes one unusable. Pure."""

import re
from collections.abc import Iterator
from typing import Any

VERSION = 1

State = dict[str, Any]


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
        "boot": {},
        "cadence": {},
        "refused": {"schedules": 0},
        "tallies": {},
        "ticks": {"first": None, "last": None, "count": 0},
    }


OUR_KEYS = frozenset(empty())
"""The keys of a state that are ours; any other is somebody else's."""


def with_defaults(document: Any) -> State:
    """A state with every key we count on; keys of others stay. Empty for what is no state."""
    if problem(document):
        return empty()
    whole: State = empty() | document
    for section, value in empty().items():
        if isinstance(value, dict):
            whole[section] = value | whole[section]
    return whole


def with_foreign_keys(replayed: State, before: Any) -> State:
    """`replayed` with all that somebody else put into the state file `before`.

    That is whole keys, and names in the sections whose names the seed fixed.
    """
    if not isinstance(before, dict):
        return replayed
    theirs = {key: value for key, value in before.items() if key not in OUR_KEYS}
    whole = replayed | theirs
    for section, fixed in empty().items():
        if isinstance(fixed, dict) and fixed and isinstance(before.get(section), dict):
            added = {key: one for key, one in before[section].items() if key not in fixed}
            whole[section] = added | replayed[section]
    return whole


_NUMBERS = ("coalesced", "interruptions", "failures", "deferrals", "deferral_count")
_OBJECTS = ("open", "beside", "last", "deferred", "memory", "deferral", "cancelled")
_TEXTS = ("fingerprint", "anchor", "watermark", "schedule", "zone", "last_success", "first_seen")
_LANE = re.compile(r"[0-9]{1,4}")
_OF_A_RUN = {
    "run_id": str,
    "boot_id": str,
    "attempt": int,
    "missed": int,
    "timeout": int | float,
    "pid": int | None,
    "pid_started": int | None,
    **dict.fromkeys(("outcome", "error", "reason", "started_at", "finished_at"), str | None),
}


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
        if "/" in name or name in ("", ".", ".."):
            yield f"jobs holds {name!r}, which is no job"
        wrong = [key for key in entry if not _fits(key, entry[key])]
        yield from (f"jobs.{name}.{key} is not what it should be" for key in wrong)
    for message in document.get("outbox", []):
        if not isinstance(message, dict) or not _is_waiting(message):
            yield "the outbox holds what is no message"
    for place in ("gaps", "dead_letter"):
        if not all(isinstance(one, dict) for one in document.get(place, [])):
            yield f"{place} holds what is no object"
    if not all(map(_is_tally, document.get("tallies", {}).values())):
        yield "tallies holds what is no count"
    yield from _miscounted(document)


def _miscounted(document: State) -> Iterator[str]:
    """What about the ticks themselves has the wrong shape."""
    if not _is_cadence(document.get("cadence", {})):
        yield "cadence holds what is no time"
    if type(document.get("ticks", {}).get("count", 0)) is not int:
        yield "ticks.count is no number"
    if not _is_tally(document.get("refused", {})):
        yield "refused holds what is no count"


def _fits(key: str, value: Any) -> bool:
    if key in _NUMBERS:
        return type(value) is int
    if key == "enabled":
        return value is None or isinstance(value, bool)
    if key == "counts":
        return _is_tally(value)
    if key == "durations":
        return isinstance(value, list) and all(type(one) in (int, float) for one in value)
    if key == "deferral_history":
        return isinstance(value, list)
    if key in ("open", "last") and isinstance(value, dict):
        return all(isinstance(value[name], _OF_A_RUN[name]) for name in _OF_A_RUN if name in value)
    if key == "beside" and isinstance(value, dict):
        return all(
            _LANE.fullmatch(lane) and isinstance(one, dict) and _fits("open", one)
            for lane, one in value.items()
        )
    if key in _OBJECTS:
        return value is None or isinstance(value, dict)
    return key not in _TEXTS or value is None or isinstance(value, str)


def _is_waiting(message: dict[str, Any]) -> bool:
    id_ = message.get("id")
    return isinstance(id_, str) and id_ != "" and type(message.get("failures", 0)) is int


def _is_tally(value: Any) -> bool:
    return isinstance(value, dict) and all(type(count) is int for count in value.values())


def _is_cadence(kept: dict[str, Any]) -> bool:
    installed = kept.get("installed", {})
    if not isinstance(installed, dict):
        return False
    spans = [kept[name] for name in ("seconds", "before") if kept.get(name) is not None]
    return all(type(one) in (int, float) and one > 0 for one in (*spans, *installed.values()))
