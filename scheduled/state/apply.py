"""What events do to the state: every change there is, one function each.

All of them pass through `apply`, whether an event has just been recorded or is replayed from
the journal, so both lead to the same state.
"""

from collections.abc import Callable
from typing import Any

from scheduled.state.document import OUR_KEYS, problem, with_defaults
from scheduled.state.records import DAY, Event, State, hour_of
from scheduled.timing.instants import format_utc, parse_utc

KEPT_GAPS = 20
KEPT_DEFERRALS = 20
KEPT_DURATIONS = 12
SUSPENDED_AFTER = 3
"""So many dead letters in a row take a job out of service."""


def apply(state: State, event: Event) -> None:
    """Change `state` as `event` says. An event of an unknown kind changes nothing."""
    change = _CHANGES.get(event.get("event", ""))
    if change is not None:
        change(state, event)


def _snapshot(state: State, event: Event) -> None:
    # Nothing new at the start of a day; but `state rebuild` writes one, and a tick that loaded the
    # state before that would else write the old one over it in the end.
    wrong = problem(event["state"])
    if wrong:
        raise ValueError(wrong)
    for key, value in with_defaults(event["state"]).items():
        if key in OUR_KEYS or key not in state:  # what others keep in the state file is theirs
            state[key] = value


def _entry(state: State, event: Event) -> dict[str, Any]:
    entry: dict[str, Any] = state["jobs"].setdefault(event["job"], {})
    return entry


def _seen(state: State, event: Event) -> None:
    entry = _entry(state, event)
    known = ("fingerprint", "anchor", "watermark", "schedule", "zone")
    entry.update((key, event.get(key)) for key in known)
    entry.setdefault("first_seen", event["at"])
    entry.pop("retry", None)
    entry["coalesced"] = 0
    entry["interruptions"] = 0
    _expire(entry)


def _booted(state: State, event: Event) -> None:
    state["boot"] = {"id": event["boot_id"], "at": event["started"]}
    for name in event["jobs"]:
        state["jobs"].setdefault(name, {})["anchor"] = event["started"]


def _clamped(state: State, event: Event) -> None:
    _entry(state, event)["watermark"] = event["watermark"]


def _missed(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["watermark"] = event["last"]
    entry["coalesced"] = entry.get("coalesced", 0) + event["count"]
    entry["interruptions"] = 0  # they were those of a slot that is past now
    _tally(state, event, "missed", event["count"])
    if event.get("capped"):
        _tally(state, event, "missed_capped")  # so that nobody takes the sum for exact


def _skipped(state: State, event: Event) -> None:
    entry = _entry(state, event)
    _answer(entry, event["slot"])
    entry["last"] = _row(event, outcome="skipped")
    entry.pop("deferred", None)
    _call_off(entry, event["slot"])
    _tally(state, event, "skipped")


def _begin(state: State, event: Event) -> None:
    entry = _entry(state, event)
    opened = {key: value for key, value in event.items() if key not in ("event", "job", "lane")}
    opened["started_at"] = event["at"]
    if event.get("lane"):
        entry.setdefault("beside", {})[str(event["lane"])] = opened
    else:
        entry["open"] = opened


def _spawned(state: State, event: Event) -> None:
    for opened in _opened(_entry(state, event), event):
        opened.update(pid=event["pid"], pid_started=event["pid_started"])


def _told_to_stop(state: State, event: Event) -> None:
    for opened in _opened(_entry(state, event), event):
        opened["stop"] = {"at": event["at"], "reason": event["reason"]}


def _opened(entry: dict[str, Any], event: Event) -> list[dict[str, Any]]:
    """The run under way that an event is about; empty where it is no longer that."""
    under_way = [entry.get("open") or {}, *entry.get("beside", {}).values()]
    return [one for one in under_way if one.get("run_id") == event.get("run_id") is not None]


def _close(entry: dict[str, Any], event: Event) -> None:
    """The run of an event is no longer under way; others beside it are."""
    run_id = event.get("run_id")
    if (entry.get("open") or {}).get("run_id") == run_id is not None:
        entry.pop("open")
    beside = entry.pop("beside", {})
    others = {lane: one for lane, one in beside.items() if one.get("run_id") != run_id}
    if others:
        entry["beside"] = others


def _end(state: State, event: Event) -> None:
    entry = _entry(state, event)
    _close(entry, event)
    if event.get("answered") and event.get("slot"):
        _answer(entry, event["slot"])
    elif event["outcome"] == "interrupted" and event.get("slot"):
        entry["interruptions"] = entry.get("interruptions", 0) + 1
    entry["last"] = _row(event)
    entry.pop("deferred", None)
    _try_again(entry, event)
    _bury(state, entry, event)
    _count(entry, event)
    _tally(state, event, event["outcome"])
    _remember(state, entry, event)
    state["outbox"].extend(event.get("outgoing", []))


def _answer(entry: dict[str, Any], slot: str) -> None:
    """A slot has its answer, and with it a deferral that was to start by then."""
    # Never backwards: the schedule may have changed while the run went on.
    entry["watermark"] = max(slot, entry.get("watermark") or "", key=_sortable)
    entry["coalesced"] = 0
    entry["interruptions"] = 0
    _expire(entry)


def _expire(entry: dict[str, Any]) -> None:
    """A deferral has had its run when a slot is answered for that is as late as its end."""
    until = (entry.get("deferral") or {}).get("until")
    if until is not None and _sortable(until) <= _sortable(entry.get("watermark") or ""):
        entry.pop("deferral")


def _try_again(entry: dict[str, Any], event: Event) -> None:
    if event.get("retry_at"):
        kept = ("slot", "retry_at", "catch_up", "missed")
        entry["retry"] = {key: event[key] for key in kept} | {"attempt": event["attempt"] + 1}
        entry["interruptions"] = 0
    elif event.get("answered"):
        _call_off(entry, event.get("slot"))


def _call_off(entry: dict[str, Any], slot: str | None) -> None:
    """A slot that is answered for is not tried again; the retry of another one stays."""
    if (entry.get("retry") or {}).get("slot") == slot is not None:
        entry.pop("retry")


def _bury(state: State, entry: dict[str, Any], event: Event) -> None:
    """Keep count of slots whose retries are used up, and of how many came in a row."""
    if event.get("dead_letter"):
        letter = {"job": event["job"], "slot": event["slot"], "since": event["finished_at"]}
        letter |= {"attempts": event["attempt"], "error": event["error"]}
        state["dead_letter"].append(letter)
        entry["dead_in_a_row"] = entry.get("dead_in_a_row", 0) + 1
        if entry["dead_in_a_row"] >= SUSPENDED_AFTER:
            entry["suspended"] = {"at": event["finished_at"], "error": event["error"]}
    elif event["outcome"] == "succeeded":
        entry["dead_in_a_row"] = 0


def _given_up(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry.pop("retry", None)
    entry["watermark"] = max(event["slot"], entry.get("watermark") or "", key=_sortable)
    _expire(entry)


def _dropped(state: State, event: Event) -> None:
    state["dead_letter"] = [
        one
        for one in state["dead_letter"]
        if one.get("job") != event["job"] or event.get("slot", one.get("slot")) != one.get("slot")
    ]


def _sortable(text: str) -> float:
    instant = parse_utc(text)
    return instant.timestamp() if instant is not None else 0.0


def _deferred(state: State, event: Event) -> None:
    entry = _entry(state, event)
    _close(entry, event)
    entry["deferrals"] = entry.get("deferrals", 0) + 1
    kept = ("at", "reason", "slot", "guard")
    entry["deferred"] = {key: event[key] for key in kept if key in event}


def _row(event: Event, **more: Any) -> dict[str, Any]:
    left_out = ("event", "job", "memory", "outgoing", "at", "section", "seed_key", "result")
    return {key: value for key, value in event.items() if key not in left_out} | more


def _count(entry: dict[str, Any], event: Event) -> None:
    counts = entry.setdefault("counts", {})
    counts[event["outcome"]] = counts.get(event["outcome"], 0) + 1
    if event["outcome"] == "succeeded":
        entry["last_success"] = event["finished_at"]
        _time(entry, event)
        if event.get("slot"):
            newest = max(event["slot"], entry.get("succeeded_slot") or "", key=_sortable)
            entry["succeeded_slot"] = newest
        entry["failures"] = 0
    elif event["outcome"] in ("failed", "timed_out"):
        entry["failures"] = entry.get("failures", 0) + 1


def _time(entry: dict[str, Any], event: Event) -> None:
    """Keep how long it took; failed runs are left out, they say nothing about the work."""
    seconds = event.get("duration_seconds")
    if seconds is not None:
        entry["durations"] = [*entry.get("durations", []), seconds][-KEPT_DURATIONS:]


def _tally(state: State, event: Event, outcome: str, count: int = 1) -> None:
    when = parse_utc(event.get("at"))
    if when is None:
        return
    hour, tallies = hour_of(format_utc(when)), state["tallies"]
    if hour not in tallies:
        oldest = hour_of(format_utc(when - 2 * DAY))
        state["tallies"] = tallies = {one: tallies[one] for one in tallies if one > oldest}
    tally = tallies.setdefault(hour, {})
    tally[outcome] = tally.get(outcome, 0) + count


def _remember(state: State, entry: dict[str, Any], event: Event) -> None:
    if event.get("memory") is not None:
        if event.get("section"):
            state[event["section"]] = event["memory"]
        else:
            entry["memory"] = event["memory"]
    if event.get("seed_key") and event["outcome"] == "succeeded":
        state["last_run"][event["seed_key"]] = event["local_time"]


def _deferral(state: State, event: Event) -> None:
    entry = _entry(state, event)
    if event["until"] is None:
        entry.pop("deferral", None)
        return
    entry["deferral"] = {"until": event["until"], "reason": event["reason"]}
    entry["deferral_count"] = entry.get("deferral_count", 0) + 1
    told = {"deferred_at": event["at"], "deferred_until": event["until"]}
    history = [*entry.get("deferral_history", []), told | {"reason": event["reason"]}]
    entry["deferral_history"] = history[-KEPT_DEFERRALS:]


def _deferrals_told(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["deferral_count"] = entry.get("deferral_count", 0) + event["count"]
    history = [*entry.get("deferral_history", []), *event["history"]]
    entry["deferral_history"] = history[-KEPT_DEFERRALS:]


def _schedule_refused(state: State, _event: Event) -> None:
    state["refused"]["schedules"] += 1


def _cancelled(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["cancelled"] = {"at": event["at"], "reason": event["reason"]}
    entry.pop("retry", None)
    entry.pop("deferral", None)


def _enabled(state: State, event: Event) -> None:
    entry = _entry(state, event)
    entry["enabled"] = event["enabled"]
    if event["enabled"]:
        entry.pop("cancelled", None)
        entry.pop("suspended", None)
        entry["dead_in_a_row"] = 0


def _paused(state: State, event: Event) -> None:
    pause = {"since": event["at"], "until": event["until"], "reason": event["reason"]}
    state["paused"][event["job"]] = pause


def _resumed(state: State, event: Event) -> None:
    if event["job"] in state["paused"]:
        state["paused"][event["job"]]["until"] = event["until"]


def _skip(state: State, event: Event) -> None:
    _entry(state, event)["skip"] = event["slot"]


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


def _cadence(state: State, event: Event) -> None:
    kept = state["cadence"]
    installed = {**kept.get("installed", {}), event["by"]: event["seconds"]}
    installed = {by: seconds for by, seconds in installed.items() if seconds is not None}
    # Of several that call, the one that does so most often sets what is to be expected.
    seconds = min(installed.values(), default=None)
    if seconds == kept.get("seconds"):
        state["cadence"] = {**kept, "installed": installed}
        return
    change = {"seconds": seconds, "since": event["at"], "before": kept.get("seconds")}
    state["cadence"] = {**change, "installed": installed}


def _tick(state: State, event: Event) -> None:
    ticks = state["ticks"]
    ticks["first"] = ticks.get("first") or event["at"]
    ticks["last"] = event["at"]
    ticks["count"] = ticks.get("count", 0) + 1
    _forget_pauses(state, event)


def _forget_pauses(state: State, event: Event) -> None:
    """Let go of the pauses that ended long ago: a tick has seen the slots that came in them."""
    for name, entry in list(state["paused"].items()):
        until, now = parse_utc(entry.get("until")), parse_utc(event["at"])
        if until is not None and now is not None and until < now - DAY:
            del state["paused"][name]


_CHANGES: dict[str, Callable[[State, Event], None]] = {
    "snapshot": _snapshot,
    "seen": _seen,
    "clamped": _clamped,
    "missed": _missed,
    "skipped": _skipped,
    "begin": _begin,
    "spawned": _spawned,
    "told_to_stop": _told_to_stop,
    "end": _end,
    "deferred": _deferred,
    "given_up": _given_up,
    "dead_letter_dropped": _dropped,
    "deferral": _deferral,
    "deferrals_told": _deferrals_told,
    "schedule_refused": _schedule_refused,
    "cancelled": _cancelled,
    "enabled": _enabled,
    "paused": _paused,
    "resumed": _resumed,
    "skip": _skip,
    "delivered": _delivered,
    "undelivered": _undelivered,
    "gap": _gap,
    "booted": _booted,
    "cadence": _cadence,
    "tick": _tick,
}
