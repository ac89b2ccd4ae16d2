"""Why a job ran, or did not: what became of a slot, and what stands in the way of a due one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Job, Outcome
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.planning.decide import INSTANT
from scheduled.planning.decision import Decision
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.history import Row
from scheduled.state.records import JobMemory
from scheduled.timing import slots
from scheduled.timing.expression import Schedule
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.views import pending
from scheduled.views.format import absolute, both, passed
from scheduled.views.snapshot import Snapshot

DUE = "due"
RUNNING = "running"
NONE = "none"
"""There is no slot at or before the time asked about, or none that counts."""
UNKNOWN = "unknown"
"""The slot was answered for, longer ago than history is kept."""


def document(snapshot: Snapshot, job: Job, at: datetime, rows: Sequence[Row]) -> dict[str, Any]:
    """`why --json`: the newest slot at or before `at`, how it ended, and the reasons in words.

    `rows` is the history of the job, newest first. `answer` is an outcome, `due`, `running`,
    `unknown`, or `none`.
    """
    schedule = schedule_of(job)
    record = snapshot.record(job.id)
    slot = slots.latest(schedule, at, record.anchor or snapshot.now)
    found = list(_rows_of(slot, schedule, record, rows)) if slot is not None else []
    decision = decide.decide(job, record, SlotCache.at(snapshot.now), snapshot.late_after)
    answer = _answer(snapshot, job, slot, found)
    reasons = [_told(row, snapshot) for row in found]
    if slot is None or answer in (DUE, RUNNING):
        reasons += pending.sentences(snapshot, job, slot, decision)
    elif answer in (NONE, UNKNOWN):
        reasons += pending.before_its_time(snapshot, job, slot, decision)
    else:
        reasons += _aftermath(snapshot, job, slot, decision, rows)
    note = slots.clock_change_note(schedule, slot) if slot is not None else ""
    return {
        "job": job.id,
        "at": format_utc(at),
        "slot": format_utc(slot),
        "answer": answer,
        "reasons": [*reasons, *([f"clock change: {note}"] if note else [])],
        "next": format_utc(decision.next),
    }


def sentences(shown: dict[str, Any], snapshot: Snapshot) -> Iterator[str]:
    """The same for a person, a sentence a line."""
    slot, after = parse_utc(shown["slot"]), parse_utc(shown["next"])
    if slot is None:
        yield f"{shown['job']}: no slot lies at or before that time."
    else:
        told = _ANSWERS.get(shown["answer"], shown["answer"].replace("_", " "))
        yield f"{shown['job']}: the slot of {absolute(slot, snapshot.zone)}: {told}."
    for reason in shown["reasons"]:
        yield f"- {reason}"
    if after is not None:
        yield f"- the next start: {both(after, snapshot.now, snapshot.zone)}."


_ANSWERS = {NONE: "it does not count", UNKNOWN: "not on record any more"}


def _answer(snapshot: Snapshot, job: Job, slot: datetime | None, found: Sequence[Row]) -> str:
    """What has become of a slot, in one word; `found` are the rows that tell of it."""
    record = snapshot.record(job.id)
    if slot is None:
        return NONE
    if job.id in snapshot.running and any(run.slot == slot for run in record.runs.values()):
        return RUNNING
    outcome = next((row["outcome"] for row in found if row["outcome"]), None)
    if pending.is_open(snapshot, job, slot):
        return DUE if outcome in (None, Outcome.INTERRUPTED) else outcome
    if outcome is not None:
        return outcome
    is_past = record.anchor is not None and record.anchor < slot <= snapshot.now
    return UNKNOWN if is_past and pending.is_met(snapshot, job) else NONE


def _rows_of(
    slot: datetime, schedule: Schedule, record: JobMemory, rows: Sequence[Row]
) -> Iterator[Row]:
    """The rows that tell of one slot, newest first."""
    for row in rows:
        told = parse_utc(row["slot"])
        if told is None:
            continue
        if row["outcome"] == Outcome.MISSED:
            anchor = record.anchor or slot
            behind = slots.count(schedule, slot - INSTANT, told, anchor)
            if slot <= told and behind <= row["missed"]:
                yield row
        elif told == slot:
            yield row


def _told(row: Row, snapshot: Snapshot) -> str:
    why = next((text for text in (row["error"], row["reason"]) if text), "")
    ended = " ".join(str(row["outcome"] or "").split("_"))
    late = ", as catch-up" if row["catch_up"] else ""
    more = (
        f", for {passed(row['missed'], 'older slot')} too"
        if row["run_id"] and row["missed"]
        else ""
    )
    told = ": ".join(one for one in (f"{ended}{late}{more}", why) if one)
    if row["run_id"]:
        told = f"attempt {row['attempt']}, run {row['run_id']}: {told.removeprefix(', ')}"
    when = parse_utc(row["finished_at"])
    return f"{told} ({both(when, snapshot.now, snapshot.zone)})" if when else told


def _aftermath(
    snapshot: Snapshot, job: Job, slot: datetime, decision: Decision, rows: Sequence[Row]
) -> Iterator[str]:
    """What follows from how a slot ended: a retry, a dead letter, another run's answer."""
    record = snapshot.record(job.id)
    if record.retry is not None and record.retry.slot == slot:
        attempt = f"attempt {record.retry.attempt} of {job.max_retries + 1}"
        yield f"{attempt} is due at {both(record.retry.at, snapshot.now, snapshot.zone)}"
        if decision.next != record.retry.at:
            yield from pending.sentences(snapshot, job, slot, decision)
    if any(_is_about(letter, job, slot) for letter in snapshot.state["dead_letter"]):
        yield f"its retries are used up; `scheduled dead-letter retry {job.id}` tries once more"
    if record.suspended:
        yield decide.SUSPENDED
    answering = _answering(slot, schedule_of(job), record, rows)
    if answering is not None:
        when = absolute(answering, snapshot.zone)
        yield f"coalesced: the run for the slot of {when} answered for it, too"


def _is_about(letter: dict[str, Any], job: Job, slot: datetime) -> bool:
    return letter.get("job") == job.id and parse_utc(letter.get("slot")) == slot


def _answering(
    slot: datetime, schedule: Schedule, record: JobMemory, rows: Sequence[Row]
) -> datetime | None:
    """The slot of the run that answered for an older slot that had passed."""
    for row in reversed(rows):
        told = parse_utc(row["slot"])
        if not row["run_id"] or told is None or told <= slot:
            continue
        behind = slots.count(schedule, slot - INSTANT, told - INSTANT, record.anchor or slot)
        return told if behind <= row["missed"] else None
    return None
