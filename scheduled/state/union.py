"""The union of two states of which it is not known which is newer. Pure.

Each knows what the other has lost. A slot that either has answered is answered, so that none runs
again. Of settings that differ the more cautious one counts: paused, disabled, the later deferral.
"""

import copy
from collections.abc import Iterator
from typing import Any, cast

from scheduled.state.document import JobEntry, State
from scheduled.state.records import ALL_JOBS
from scheduled.timing.instants import parse_utc

_LATER = ("watermark", "anchor", "last_success", "succeeded_slot")


def union(ours: State, other: State) -> tuple[State, list[str]]:
    """Return what either state knows, and a sentence for each setting that was in doubt."""
    state = copy.deepcopy(ours)
    doubts: list[str] = []
    for job, theirs in other["jobs"].items():
        entry = state["jobs"].get(job)
        if entry is None:
            state["jobs"][job] = copy.deepcopy(theirs)
        else:
            doubts += [f"{job}: {doubt}" for doubt in _join(entry, copy.deepcopy(theirs))]
    doubts += _join_pauses(state, other)
    _join_lists(state, other)
    return state, doubts


def _join(entry: JobEntry, theirs: JobEntry) -> Iterator[str]:
    """Add to a job's entry what the other knows; yield what was decided in doubt."""
    answered = {"ours": entry.get("watermark"), "theirs": theirs.get("watermark")}
    is_newer = _time(answered["theirs"]) > _time(answered["ours"])
    _join_runs(entry, theirs)
    ours: dict[str, Any] = cast("dict[str, Any]", entry)
    for key in _LATER:
        ours[key] = max(ours.get(key), cast("dict[str, Any]", theirs).get(key), key=_time)
    for key in ("last", "memory", "failures", "dead_in_a_row", "circumstances") if is_newer else ():
        if key in theirs:
            ours[key] = cast("dict[str, Any]", theirs)[key]
    if "runs" in theirs:  # of a limited number of runs, none is made twice
        entry["runs"] = max(entry.get("runs", 0), theirs["runs"])
    retries = [retry for retry in (entry.get("retry"), theirs.get("retry")) if retry]
    entry.pop("retry", None)
    for retry in sorted(retries, key=lambda retry: retry.get("attempt", 1)):
        if _time(retry.get("slot")) > _time(entry.get("watermark")):
            entry["retry"] = retry
    yield from _join_settings(entry, theirs)


def _join_runs(entry: JobEntry, theirs: JobEntry) -> None:
    """Add runs in progress of which ours knows nothing; none whose slot is answered for."""
    run = theirs.get("open")
    ended = (entry.get("last") or {}).get("run_id")
    if entry.get("open") or not run or run.get("run_id") == ended:
        return
    slot = run.get("slot")
    if slot is None or _time(slot) > _time(entry.get("watermark")):
        entry["open"] = run


def _join_settings(entry: JobEntry, theirs: JobEntry) -> Iterator[str]:
    if entry.get("enabled") != theirs.get("enabled"):
        entry["enabled"] = False not in (entry.get("enabled"), theirs.get("enabled"))
        yield "enabled or disabled is not certain; it is " + (
            "enabled" if entry["enabled"] else "disabled; `scheduled enable` changes that"
        )
    for key, what in (("cancelled", "cancelled"), ("suspended", "suspended")):
        if not entry.get(key) and theirs.get(key):
            cast("dict[str, Any]", entry)[key] = cast("dict[str, Any]", theirs)[key]
            yield f"whether it is {what} is not certain; it is {what}"
    deferral = theirs.get("deferral") or {}
    if _time(deferral.get("until")) > _time((entry.get("deferral") or {}).get("until")):
        entry["deferral"] = deferral
        yield f"until when it is deferred is not certain; it is {deferral.get('until')}"
    if not entry.get("skip") and theirs.get("skip"):
        entry["skip"] = theirs["skip"]


def _join_pauses(state: State, other: State) -> Iterator[str]:
    for job, theirs in other["paused"].items():
        ours = state["paused"].get(job)
        if ours == theirs:
            continue
        if ours is None or _end(theirs.get("until")) > _end(ours.get("until")):
            state["paused"][job] = copy.deepcopy(theirs)
        until = state["paused"][job].get("until")
        name = "all jobs" if job == ALL_JOBS else job
        yield f"{name}: until when it is paused is not certain; it is {until or 'until resumed'}"


def _join_lists(state: State, other: State) -> None:
    """Add dead letters, messages and gaps; a message may be delivered twice, which is harmless."""
    known = {(letter.get("job"), letter.get("slot")) for letter in state["dead_letter"]}
    state["dead_letter"] += [
        letter
        for letter in other["dead_letter"]
        if (letter.get("job"), letter.get("slot")) not in known
    ]
    for case, incident in other["incidents"].items():
        state["incidents"].setdefault(case, copy.deepcopy(incident))
    for case, incident in state["incidents"].items():
        if case not in other["incidents"] or not other["incidents"][case].get("acknowledged"):
            incident.pop("acknowledged", None)  # told once too often rather than never
    waiting = {message.get("id") for message in state["outbox"]}
    state["outbox"] += [message for message in other["outbox"] if message.get("id") not in waiting]
    if other["ticks"].get("count", 0) > state["ticks"].get("count", 0):
        state["ticks"] = copy.deepcopy(other["ticks"])


def _time(text: str | None) -> float:
    instant = parse_utc(text) if text else None
    return instant.timestamp() if instant is not None else float("-inf")


def _end(until: str | None) -> float:
    return _time(until) if until is not None else float("inf")
