"""What happens to one job's entry in the state: runs, slots, retries, deferrals, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from scheduled.state.document import JobEntry, NotNowEntry, RetryEntry, RunEntry, State
from scheduled.state.present import CORRECTION
from scheduled.timing.instants import parse_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state.event_types import (
        NotNow,
        RetryCancelled,
        RunEnded,
        RunStarted,
        SlotSkipped,
    )

LOAD_GUARDS = frozenset(("max_cpu_percent", "max_memory_percent"))
"""The guards that say that the machine is under load; `idle_only` says that it is in use."""
KEPT_DEFERRALS = 20
KEPT_DURATIONS = 12
KEPT_DEAD_LETTERS = 20
"""Of each job, besides the first; the journal has the others."""
SUSPENDED_AFTER = 3
"""So many dead letters in a row took a job out of service in version 0.1.0."""

_NOT_IN_LAST = frozenset(
    (
        *("seq", "event", "job", "memory", "outgoing", "fired", "at", "section", "seed_key"),
        *("result", "circumstances", "left_out", "first", "count"),
    )
)
"""What is kept elsewhere, or in the journal alone."""


# Runs


def open_run(entry: JobEntry, event: RunStarted) -> None:
    """Add the run to those in progress, in its lane."""
    values: dict[str, Any] = {
        key: value for key, value in event.items() if key not in ("seq", "event", "job", "lane")
    }
    values["started_at"] = event["at"]
    run = cast("RunEntry", values)
    if _retries_ahead(entry, event["slot"], event["at"]):
        run["ahead"] = True
    if event.get("lane"):
        beside = entry.setdefault("beside", {})
        assert beside is not None
        beside[str(event["lane"])] = run
    else:
        entry["open"] = run


def find_run(entry: JobEntry, run_id: str | None) -> RunEntry | None:
    """Return the run in progress of that id; None if there is none."""
    if run_id is None:
        return None
    runs = [entry.get("open"), *(entry.get("beside") or {}).values()]
    return next((run for run in runs if run and run.get("run_id") == run_id), None)


def close_run(entry: JobEntry, run_id: str | None) -> RunEntry | None:
    """Remove the run from those in progress, and return it; others beside it stay."""
    closed = find_run(entry, run_id)
    if run_id is not None and (entry.get("open") or {}).get("run_id") == run_id:
        entry.pop("open")
    beside = entry.pop("beside", None) or {}
    others = {lane: run for lane, run in beside.items() if run.get("run_id") != run_id}
    if others:
        entry["beside"] = others
    return closed


def set_last(entry: JobEntry, event: RunEnded | SlotSkipped) -> None:
    """Keep how the last run or slot ended, and forget the last not now.

    A slot that is skipped does not hide how the last run ended.
    """
    last = {key: value for key, value in event.items() if key not in _NOT_IN_LAST}
    before = entry.get("last") or {}
    if event["event"] != "skipped":
        entry.pop("ran", None)
    else:
        last["outcome"] = "skipped"
        if before.get("run_id") and "seq" in event:
            entry["ran"] = before
    entry["last"] = cast("RunEntry", last)
    entry.pop("deferred", None)


def set_meaning(entry: JobEntry, fingerprint: str | None) -> None:
    """Keep what the schedule of a disabled job means; nothing where its fingerprint says it."""
    if fingerprint:
        entry["meaning"] = fingerprint
    else:
        entry.pop("meaning", None)


def set_days(entry: JobEntry, days: str | None) -> None:
    """Keep on which days the job runs; nothing for any day."""
    if days:
        entry["days"] = days
    else:
        entry.pop("days", None)


# Slots


def leave_out(entry: JobEntry, event: SlotSkipped, at: str | None) -> None:
    """Note slots on a day on which the job does not run: they cost nothing, and cover nothing."""
    raise_watermark(entry, cast("str", event["slot"]), at)
    set_last(entry, event)
    count_not_run(entry, "skipped", event.get("count", 1))


def not_now(entry: JobEntry, event: NotNow) -> NotNowEntry:
    """Return what is kept of a not now: the last one, and what it has in common with those before.

    A slot that was put off and is still unanswered belongs together with the next one.
    """
    keys = ("at", "reason", "slot", "guard", "unstarted")
    found = {key: event.get(key) for key in keys if key in event}
    kept = cast("NotNowEntry", found)
    before, slot = entry.get("deferred") or {}, event.get("slot")
    slot_before = before.get("slot")
    if slot is None or "seq" not in event:  # of version 0.1.0, which kept no more
        return kept
    answered = _seconds(entry.get("watermark") or "")
    is_unanswered = slot_before and answered < _seconds(slot_before) <= _seconds(slot)
    kept["first"] = (before.get("first") or slot_before or slot) if is_unanswered else slot
    if event.get("guard") in LOAD_GUARDS:
        is_more = is_unanswered and before.get("guard") in LOAD_GUARDS
        kept["since"] = (before.get("since") if is_more else None) or event["at"]
    if "guard" not in event:
        kept["count"] = 1 + (before.get("count", 0) if slot == slot_before else 0)
    return kept


def answer(entry: JobEntry, slot: str, at: str | None, run: RunEntry | None = None) -> None:
    """Move the watermark to a slot that `run` is done with, as was recorded `at` an instant.

    Not to one to come that a clock ahead has claimed.
    """
    if not (run and run.get("ahead") and _seconds(slot) > _seconds(at or "")):
        raise_watermark(entry, slot, at)
    entry["coalesced"] = 0
    entry["interruptions"] = 0


def raise_watermark(entry: JobEntry, slot: str, at: str | None) -> None:
    """Move the watermark forward to `slot`, never back.

    Nor does it follow the slot of a clock that was ahead: what comes due now would be passed over.
    """
    allowed = 0.0 if _retries_ahead(entry, slot, at) else CORRECTION.total_seconds()
    if at is None or _seconds(slot) <= _seconds(at) + allowed:
        # The schedule may have changed while the run went on.
        entry["watermark"] = newest(slot, entry.get("watermark"))
    expire_deferral(entry)


def correct_watermark(entry: JobEntry, watermark: str | None) -> None:
    """Set the watermark back after a clock that was ahead, and mark what that clock has claimed."""
    entry["watermark"] = watermark
    _mark_ahead(entry, _seconds(watermark or ""))


def mark_runs_ahead(entry: JobEntry, at: str) -> None:
    """Mark the runs in progress that a clock has claimed that was corrected before `at`."""
    _mark_ahead(entry, _seconds(at) + CORRECTION.total_seconds())


def _mark_ahead(entry: JobEntry, latest: float) -> None:
    """Mark the runs in progress and the retry whose slots come after `latest`.

    They may end or be tried again shortly before their slots come, when nothing else tells that
    the watermark does not stand just before these.
    """
    for item in (entry.get("open"), *(entry.get("beside") or {}).values(), entry.get("retry")):
        if item and _seconds(item.get("slot") or "") > latest:
            item["ahead"] = True


def _retries_ahead(entry: JobEntry, slot: str | None, at: str | None) -> bool:
    """Return whether the retry of `slot` was claimed by a clock that was ahead, and is to come."""
    retry: Any = entry.get("retry") or {}
    if not retry.get("ahead") or slot is None or retry.get("slot") != slot:
        return False
    return _seconds(slot) > _seconds(at or "")


def newest(instant: str, other: str | None) -> str:
    """Return the later of two instants; what cannot be read is the oldest."""
    return max(instant, other or "", key=_seconds)


def _seconds(text: str) -> float:
    instant = parse_utc(text)
    return instant.timestamp() if instant is not None else 0.0


# Retries and dead letters


def update_retry(entry: JobEntry, event: RunEnded | NotNow, run: RunEntry | None) -> None:
    """Set the next attempt that the end of `run` asks for, or cancel the one it answers."""
    retry_at, slot = event.get("retry_at"), event.get("slot")
    if retry_at and slot:
        is_put_off = event["event"] == "deferred"
        retry: RetryEntry = {
            "slot": slot,
            "retry_at": retry_at,
            "catch_up": event.get("catch_up", False),
            "missed": event.get("missed", 0),
            "attempt": event.get("attempt", 1) + (0 if is_put_off else 1),
        }
        if "interruptions" in event:  # version 0.1.0 kept no more
            retry["interruptions"] = event["interruptions"]
            retry["outcome"] = str(event.get("outcome") or "")
            retry["error"] = str(event.get("error") or event.get("reason") or "")
            retry["run_id"] = event.get("run_id", "")
        if (run or {}).get("ahead"):
            retry["ahead"] = True
        entry["retry"] = retry
        entry["interruptions"] = event.get("interruptions", 0)
    elif event.get("answered"):
        cancel_retry(entry, slot)


def cancel_retry(entry: JobEntry, slot: str | None) -> None:
    """Remove the retry of `slot`; the retry of another slot stays."""
    if slot is not None and (entry.get("retry") or {}).get("slot") == slot:
        entry.pop("retry")


def count_dead_letter(entry: JobEntry, event: RunEnded | RetryCancelled, since: str | None) -> None:
    """Count dead letters in a row; suspend the job if the last of them says so."""
    if event.get("dead_letter"):
        entry["dead_in_a_row"] = entry.get("dead_in_a_row", 0) + 1
        if "suspends" not in event:  # of version 0.1.0, which suspended every job
            if entry["dead_in_a_row"] >= SUSPENDED_AFTER:
                entry["suspended"] = {"at": since, "error": event.get("error")}
        elif event["suspends"]:
            entry["suspended"] = {
                "at": since,
                "error": event.get("error"),
                "after": entry["dead_in_a_row"],
            }
    elif event.get("outcome") == "succeeded":
        entry["dead_in_a_row"] = 0


def add_dead_letter(state: State, event: RunEnded | RetryCancelled, since: str | None) -> None:
    """Keep a slot that failed for good; of many of one job, the first and the last."""
    job = event["job"]
    entry = state["jobs"].setdefault(job, {})
    own = [letter for letter in state["dead_letter"] if letter.get("job") == job]
    if "suspends" in event or "dead_letters" in entry:  # version 0.1.0 kept all of them
        entry["dead_letters"] = entry.get("dead_letters", len(own)) + 1
    if "suspends" in event and len(own) > KEPT_DEAD_LETTERS:
        state["dead_letter"] = [letter for letter in state["dead_letter"] if letter is not own[1]]
    state["dead_letter"].append(
        {
            "job": job,
            "slot": event["slot"],
            "since": since,
            "attempts": event.get("attempt", 1),
            "error": event.get("error"),
        }
    )


# Deferrals


def expire_deferral(entry: JobEntry) -> None:
    """Remove a deferral once a slot is answered that is as late as its end."""
    until = (entry.get("deferral") or {}).get("until")
    if until is not None and _seconds(until) <= _seconds(entry.get("watermark") or ""):
        entry.pop("deferral")


def add_deferrals(entry: JobEntry, count: int, history: list[Any]) -> None:
    """Count deferrals, and keep the last of them."""
    entry["deferral_count"] = entry.get("deferral_count", 0) + count
    entry["deferral_history"] = [*entry.get("deferral_history", []), *history][-KEPT_DEFERRALS:]


# Counts


def count_outcome(entry: JobEntry, event: RunEnded) -> None:
    """Count how the run ended, and keep what is known of the last successes."""
    counts = entry.setdefault("counts", {})
    counts[event["outcome"]] = counts.get(event["outcome"], 0) + 1
    if event["outcome"] == "succeeded":
        entry["last_success"] = event["finished_at"]
        _add_duration(entry, event.get("duration_seconds"))
        slot = event.get("slot")
        if slot:
            entry["succeeded_slot"] = newest(slot, entry.get("succeeded_slot"))
        entry["failures"] = 0
        _note_circumstances(entry, event.get("circumstances"))
    elif event["outcome"] in ("failed", "timed_out") or event.get("dead_letter"):
        entry["failures"] = entry.get("failures", 0) + 1


def count_not_run(entry: JobEntry, outcome: str, number: int = 1) -> None:
    """Count slots that ended without a run."""
    counts = entry.setdefault("not_run", {})
    counts[outcome] = counts.get(outcome, 0) + number


def _note_circumstances(entry: JobEntry, news: dict[str, Any] | None) -> None:
    """Keep what has changed since the success before; None: no longer known."""
    if news:
        known = {**entry.get("circumstances", {}), **news}
        entry["circumstances"] = {key: value for key, value in known.items() if value is not None}


def _add_duration(entry: JobEntry, seconds: float | None) -> None:
    """Keep how long a success took; failed runs say nothing about the work."""
    if seconds is not None:
        entry["durations"] = [*entry.get("durations", []), seconds][-KEPT_DURATIONS:]
