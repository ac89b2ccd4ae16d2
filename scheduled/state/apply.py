"""What events do to the state: one function for each kind of event.

All changes pass through `apply`, whether an event has just been recorded or is replayed from the
journal, so both lead to the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from scheduled.state import (
    cadence_entry,
    created_entries,
    gaps,
    incident_entries,
    job_entry,
    outbox_entries,
    owner_entry,
    permission_entries,
    present,
    run_counts,
    tallies,
    unreached_entry,
)
from scheduled.state.document import OUR_KEYS, JobEntry, OutboxEntry, State, problem, with_defaults
from scheduled.state.lines import Event
from scheduled.state.records import DAY
from scheduled.timing.instants import parse_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def apply(state: State, event: Event) -> None:
    """Change `state` as `event` says. An event of an unknown kind changes nothing."""
    change = CHANGES.get(event.get("event", ""))
    if change is not None:
        change(state, event)


def _entry(state: State, job: str) -> JobEntry:
    return state["jobs"].setdefault(job, {})


def _snapshot(state: State, event: kinds.Snapshot) -> None:
    # Nothing new at the start of a day; but `state rebuild` writes one, and a tick that loaded the
    # state before that would otherwise write the old one over it in the end.
    flaw = problem(event["state"])
    if flaw:
        raise ValueError(flaw)
    sections = cast("dict[str, Any]", state)
    for key, value in with_defaults(event["state"]).items():
        if key in OUR_KEYS or key not in state:
            sections[key] = value


# Jobs and boots


def _job_registered(state: State, event: kinds.JobRegistered) -> None:
    entry = _entry(state, event["job"])
    if not entry.get("schedule"):
        entry.pop("shown", None)  # its slots count from now, whatever the clock had shown before
    entry["fingerprint"] = event.get("fingerprint")
    entry["anchor"] = event.get("anchor")
    entry["watermark"] = event.get("watermark")
    entry["schedule"] = event.get("schedule")
    entry["zone"] = event.get("zone")
    job_entry.set_days(entry, event.get("days"))
    job_entry.set_meaning(entry, event.get("meaning"))
    run_counts.set_limit(entry, event.get("max_runs"))
    entry.setdefault("first_seen", event["at"])
    entry.pop("retry", None)
    entry.pop("away", None)
    entry.pop("absence", None)
    job_entry.mark_runs_ahead(entry, event["at"])
    entry["coalesced"] = 0
    entry["interruptions"] = 0
    job_entry.expire_deferral(entry)
    permission_entries.registered(entry, event)


def _days_changed(state: State, event: kinds.DaysChanged) -> None:
    job_entry.set_days(_entry(state, event["job"]), event["days"])


def _job_missing(state: State, event: kinds.JobMissing) -> None:
    entry = _entry(state, event["job"])
    coalesced = entry.get("coalesced", 0)
    entry["away"] = {"at": event["at"], "cause": event["cause"], "coalesced": coalesced}


def _job_back(state: State, event: kinds.JobBack) -> None:
    entry = _entry(state, event["job"])
    away = entry.pop("away", None)
    if away:
        entry["coalesced"] = away.get("coalesced", 0)  # no run answers for what came meanwhile
        job_entry.expire_deferral(entry)
        entry["absence"] = {"from": away["at"], "to": event["at"], "cause": away["cause"]}


def _instants_reset(state: State, event: kinds.InstantsReset) -> None:
    for change in event["reset"]:
        present.replace(state, tuple(change["path"]), change["from"], change["to"])


def _machine_booted(state: State, event: kinds.MachineBooted) -> None:
    state["boot"] = {"id": event["boot_id"], "at": event["started"]}
    for job in event["jobs"]:
        _entry(state, job)["anchor"] = event["started"]


def _watermark_reset(state: State, event: kinds.WatermarkReset) -> None:
    job_entry.correct_watermark(_entry(state, event["job"]), event["watermark"])


# Slots without a run


def _slots_missed(state: State, event: kinds.SlotsMissed) -> None:
    entry = _entry(state, event["job"])
    entry["watermark"] = event["last"]
    entry["coalesced"] = entry.get("coalesced", 0) + event["count"]
    entry["interruptions"] = 0  # they were those of a slot that is past now
    job_entry.count_not_run(entry, "missed", event["count"])
    gaps.note_missed(state, event)
    tallies.add(state, event.get("at"), "missed", event["count"])
    if event.get("capped"):
        tallies.add(state, event.get("at"), "missed_capped")  # the sum is a lower bound


def _slot_skipped(state: State, event: kinds.SlotSkipped) -> None:
    entry, slot = _entry(state, event["job"]), cast("str", event["slot"])
    if event.get("left_out"):
        job_entry.leave_out(entry, event, _noted_at(event))
        tallies.add(state, event.get("at"), "skipped", event.get("count", 1))
        return
    job_entry.answer(entry, slot, _noted_at(event))
    job_entry.set_last(entry, event)
    job_entry.cancel_retry(entry, slot)
    job_entry.count_not_run(entry, "skipped")
    gaps.note_skipped(state, event)
    tallies.add(state, event.get("at"), "skipped")


def _retry_cancelled(state: State, event: kinds.RetryCancelled) -> None:
    entry = _entry(state, event["job"])
    job_entry.raise_watermark(entry, event["slot"], _noted_at(event))
    entry.pop("retry", None)
    run_counts.count(entry, event)
    entry["interruptions"] = 0
    last = entry.get("last")
    if "seq" in event:  # version 0.1.0 left all of this as it was
        entry["coalesced"] = 0  # its attempts have answered for them
        if last and last.get("retry_at") and last.get("slot") == event["slot"]:
            last["retry_at"] = None
    if event.get("dead_letter"):
        job_entry.add_dead_letter(state, event, event.get("at"))
        job_entry.count_dead_letter(entry, event, event.get("at"))
        incident_entries.slot_settled(state, entry, event, event.get("at"))
        tallies.add_dead_letter(state, event)
        if event.get("outcome") == "interrupted":
            entry["failures"] = entry.get("failures", 0) + 1


def _noted_at(event: Mapping[str, Any]) -> str | None:
    """Return when an event was recorded; None for one of version 0.1.0, which numbered none."""
    return event.get("at") if "seq" in event else None


def _not_now(state: State, event: kinds.NotNow) -> None:
    entry = _entry(state, event["job"])
    run = job_entry.close_run(entry, event.get("run_id"))
    entry["deferrals"] = entry.get("deferrals", 0) + 1
    entry["deferred"] = job_entry.not_now(entry, event)
    job_entry.update_retry(entry, event, run)
    unreached_entry.note(state, event)
    unreached_entry.forget(state, event)


# Runs


def _run_started(state: State, event: kinds.RunStarted) -> None:
    job_entry.open_run(_entry(state, event["job"]), event)
    gaps.note_run(state, event)


def _process_started(state: State, event: kinds.ProcessStarted) -> None:
    run = job_entry.find_run(_entry(state, event["job"]), event.get("run_id"))
    if run is not None:
        run["pid"], run["pid_started"] = event["pid"], event["pid_started"]
        if "keeper" in event:
            run["keeper"], run["keeper_started"] = event["keeper"], event["keeper_started"]


def _stop_requested(state: State, event: kinds.StopRequested) -> None:
    run = job_entry.find_run(_entry(state, event["job"]), event.get("run_id"))
    if run is not None:
        run["stop"] = {"at": event["at"], "reason": event["reason"]}


def _run_ended(state: State, event: kinds.RunEnded) -> None:
    entry, slot = _entry(state, event["job"]), event.get("slot")
    run = job_entry.close_run(entry, event.get("run_id"))
    unreached_entry.forget(state, event)
    if event.get("answered") and slot:
        job_entry.answer(entry, slot, _noted_at(event), run)
    elif event["outcome"] == "interrupted" and slot and "retry_at" not in event:
        # Of version 0.1.0: `records` takes the slot to rerun from the last run.
        entry["interruptions"] = entry.get("interruptions", 0) + 1
    job_entry.set_last(entry, event)
    job_entry.update_retry(entry, event, run)
    since = event.get("finished_at") or event.get("at")
    if event.get("dead_letter"):
        job_entry.add_dead_letter(state, event, since)
    job_entry.count_dead_letter(entry, event, since)
    job_entry.count_outcome(entry, event)
    run_counts.count(entry, event)
    incident_entries.slot_settled(state, entry, event, since)
    tallies.add(state, event.get("at"), event["outcome"])
    tallies.add_dead_letter(state, event)
    _remember(state, entry, event)
    state["outbox"].extend(cast("list[OutboxEntry]", event.get("outgoing", [])))


def _remember(state: State, entry: JobEntry, event: kinds.RunEnded) -> None:
    """Keep a handler's memory with the job or in the seed's section, and the seed's `last_run`."""
    memory = event.get("memory")
    if memory is not None:
        section = event.get("section")
        if section:
            cast("dict[str, Any]", state)[section] = memory
        else:
            entry["memory"] = memory
    seed_key = event.get("seed_key")
    if seed_key and event["outcome"] == "succeeded":
        state["last_run"][seed_key] = event["local_time"]


# Commands of a person


def _job_enabled(state: State, event: kinds.JobEnabled) -> None:
    entry = _entry(state, event["job"])
    entry["enabled"] = event["enabled"]
    if event["enabled"]:
        entry.pop("cancelled", None)
        entry.pop("suspended", None)
        entry["dead_in_a_row"] = 0
        run_counts.begin_anew(entry, event)


def _suspension_lifted(state: State, event: kinds.SuspensionLifted) -> None:
    entry = _entry(state, event["job"])
    entry.pop("suspended", None)
    entry["dead_in_a_row"] = 0
    entry["coalesced"] = 0  # what passed meanwhile is not caught up


def _job_paused(state: State, event: kinds.JobPaused) -> None:
    state["paused"][event["job"]] = {
        "since": event["at"],
        "until": event["until"],
        "reason": event["reason"],
    }


def _job_resumed(state: State, event: kinds.JobResumed) -> None:
    if event["job"] in state["paused"]:
        state["paused"][event["job"]]["until"] = event["until"]


def _job_deferred(state: State, event: kinds.JobDeferred) -> None:
    entry = _entry(state, event["job"])
    until = event["until"]
    if until is None:
        entry.pop("deferral", None)
        return
    reason = event["reason"]
    entry["deferral"] = {"since": event["at"], "until": until, "reason": reason}
    deferral = {"deferred_at": event["at"], "deferred_until": until, "reason": reason}
    job_entry.add_deferrals(entry, 1, [deferral])


def _deferrals_imported(state: State, event: kinds.DeferralsImported) -> None:
    job_entry.add_deferrals(_entry(state, event["job"]), event["count"], event["history"])


def _skip_requested(state: State, event: kinds.SkipRequested) -> None:
    _entry(state, event["job"])["skip"] = event["slot"]


def _job_cancelled(state: State, event: kinds.JobCancelled) -> None:
    entry = _entry(state, event["job"])
    entry["cancelled"] = {"at": event["at"], "reason": event["reason"]}
    entry.pop("retry", None)
    entry.pop("deferral", None)


def _dead_letters_dropped(state: State, event: kinds.DeadLettersDropped) -> None:
    job, slot = event["job"], event.get("slot")
    state["dead_letter"] = [
        letter
        for letter in state["dead_letter"]
        if letter.get("job") != job or slot not in (None, letter.get("slot"))
    ]
    if slot is None:
        state["jobs"].get(job, {}).pop("dead_letters", None)


# Ticks


def _owner_recorded(state: State, event: kinds.OwnerRecorded) -> None:
    state["owner"] = owner_entry.recorded(event, state.get("owner", {}))


def _tick_interval_installed(state: State, event: kinds.TickIntervalInstalled) -> None:
    state["cadence"] = cadence_entry.installed(state["cadence"], event)


def _tick_ended(state: State, event: kinds.TickEnded) -> None:
    ticks = state["ticks"]
    ticks["first"] = ticks.get("first") or event["at"]
    ticks["last"] = event["at"]
    ticks["count"] = ticks.get("count", 0) + 1
    _forget_pauses(state, event["at"])


def _forget_pauses(state: State, at: str) -> None:
    """Remove pauses that ended long ago: a tick has seen the slots that came in them."""
    for job, pause in list(state["paused"].items()):
        until, now = parse_utc(pause.get("until")), parse_utc(at)
        if until is not None and now is not None and until < now - DAY:
            del state["paused"][job]


CHANGES: dict[str, Callable[[State, Any], None]] = {
    "snapshot": _snapshot,
    "seen": _job_registered,
    "days": _days_changed,
    **created_entries.CHANGES,
    "limited": run_counts.limit_changed,
    "booted": _machine_booted,
    "away": _job_missing,
    "back": _job_back,
    "in_future": _instants_reset,
    "clamped": _watermark_reset,
    "missed": _slots_missed,
    "skipped": _slot_skipped,
    "given_up": _retry_cancelled,
    "deferred": _not_now,
    "begin": _run_started,
    "spawned": _process_started,
    "told_to_stop": _stop_requested,
    "end": _run_ended,
    "incident_opened": incident_entries.opened,
    "incident_again": incident_entries.happened_again,
    "incident_reminded": incident_entries.reminded,
    "incident_told": incident_entries.told,
    "incident_closed": incident_entries.closed,
    "incident_acknowledged": incident_entries.acknowledged,
    "risk": outbox_entries.risks_found,
    "delivered": outbox_entries.messages_delivered,
    "undelivered": outbox_entries.delivery_failed,
    "subscribers": outbox_entries.subscribers_failing,
    "enabled": _job_enabled,
    "suspension_lifted": _suspension_lifted,
    "paused": _job_paused,
    "resumed": _job_resumed,
    "deferral": _job_deferred,
    "deferrals_told": _deferrals_imported,
    "skip": _skip_requested,
    "cancelled": _job_cancelled,
    "dead_letter_dropped": _dead_letters_dropped,
    "permission": permission_entries.checked,
    "owner": _owner_recorded,
    "cadence": _tick_interval_installed,
    "gap": gaps.add,
    "tick": _tick_ended,
}
"""By the word that stands in the journal."""
