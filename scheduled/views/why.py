"""Why a job ran, or did not: what became of a slot, and what holds back a due one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Job, Outcome
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.due import schedule_for
from scheduled.state.document import DeadLetterEntry
from scheduled.state.history import Row
from scheduled.state.records import JobMemory
from scheduled.timing import slot_days, slots
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.schedule import Schedule
from scheduled.timing.timezones import INSTANT
from scheduled.views import days, finished_jobs, incidents, pending, wording
from scheduled.views.format import local_times, passed
from scheduled.views.snapshot import Snapshot

DUE = "due"
RUNNING = "running"
NONE = "none"
"""There is no slot at or before the time asked about, or none that counts."""
UNKNOWN = "unknown"
"""The slot was answered for, longer ago than history is kept."""

BY_HAND = 5
"""Of so many runs by hand it tells what they were given, and how they ended."""


def document(snapshot: Snapshot, job: Job, at: datetime, rows: Sequence[Row]) -> dict[str, Any]:
    """Return `why --json`: the newest slot at or before `at`, how it ended, and why.

    `rows` is the history of the job, newest first. `answer` is an outcome, `due`, `running`,
    `unknown`, or `none`.
    """
    memory = snapshot.record(job.id)
    schedule = schedule_for(job, memory, snapshot.now)
    slot = slot_at(snapshot, job, at)
    slot_rows = list(_rows_of(slot, schedule, memory, rows)) if slot is not None else []
    decision = snapshot.decision(job)
    answer = _answer(snapshot, job, slot, slot_rows)
    moved = days.moved_away(snapshot, job, at, slot)
    reasons = [*([moved] if moved else []), *(_attempt(row, snapshot) for row in slot_rows)]
    if slot is None or answer in (DUE, RUNNING):
        reasons += pending.sentences(snapshot, job, slot, decision)
    elif answer in (NONE, UNKNOWN):
        reasons += pending.unscheduled(snapshot, job, slot, decision)
    else:
        reasons += _aftermath(snapshot, job, slot, decision, rows)
    reasons += _by_hand(snapshot, job, at, rows)
    reasons += [*finished_jobs.sentences(snapshot, job), *incidents.about(job.id, snapshot)]
    note = slots.clock_change_note(schedule, slot) if slot is not None else ""
    return {
        "job": job.id,
        "at": format_utc(at),
        "slot": format_utc(slot),
        "answer": answer,
        "reasons": [
            *pending.pause(snapshot, job),
            *reasons,
            *([f"clock change: {note}"] if note else []),
        ],
        "next": format_utc(_later(snapshot.next_run(job), snapshot.now)),
    }


def _later(instant: datetime | None, now: datetime) -> datetime | None:
    """Return when the next run is, unless that is due."""
    return instant if instant is not None and instant > now else None


def slot_at(snapshot: Snapshot, job: Job, at: datetime) -> datetime | None:
    """Return the newest slot at or before `at`; None if there is none."""
    memory = snapshot.record(job.id)
    schedule, anchor = schedule_for(job, memory, snapshot.now), memory.anchor
    slot = slots.latest(schedule, at, anchor or snapshot.now)
    left_out = days.latest_left_out(snapshot, job, at)
    return max(filter(None, (slot, left_out)), default=None)


def sentences(document: Mapping[str, Any], snapshot: Snapshot) -> Iterator[str]:
    """Yield the same for a person, a sentence a line."""
    slot, after = parse_utc(document["slot"]), parse_utc(document["next"])
    if slot is None:
        yield f"{document['job']}: no run was scheduled at or before that time."
    else:
        answer = _ANSWERS.get(document["answer"]) or wording.outcome(document["answer"])
        at = snapshot.time_offset_and_distance(slot)
        yield f"{document['job']}: the run scheduled for {at}: {answer}."
    for reason in document["reasons"]:
        printed = wording.printed(reason)
        if snapshot.is_on_screen:
            printed = local_times(printed, snapshot.now, snapshot.zone)
        yield f"- {printed}"
    if after is not None:
        yield f"- next run: {snapshot.time_and_distance(after)}."


_ANSWERS = {NONE: "not scheduled", UNKNOWN: "no longer on record"}


def _answer(snapshot: Snapshot, job: Job, slot: datetime | None, rows: Sequence[Row]) -> str:
    """Return what has become of a slot, in one word; `rows` are those about it."""
    memory = snapshot.record(job.id)
    if slot is None:
        return NONE
    if job.id in snapshot.running and any(run.slot == slot for run in memory.runs.values()):
        return RUNNING
    outcome = next((row["outcome"] for row in rows if row["outcome"]), None)
    if pending.is_pending(snapshot, job, slot):
        return DUE if outcome in (None, Outcome.INTERRUPTED) else outcome
    if outcome is not None:
        return outcome
    is_past = memory.anchor is not None and memory.anchor < slot <= snapshot.now
    return UNKNOWN if is_past and pending.is_registered(snapshot, job) else NONE


def _rows_of(
    slot: datetime, schedule: Schedule, memory: JobMemory, rows: Sequence[Row]
) -> Iterator[Row]:
    """Yield the rows about one slot, newest first."""
    for row in rows:
        row_slot = parse_utc(row["slot"])
        if row_slot is None:
            continue
        if row["outcome"] == Outcome.MISSED:
            anchor = memory.anchor or slot
            behind = slots.count(schedule, slot - INSTANT, row_slot, anchor)
            if slot <= row_slot and behind <= row["missed"]:
                yield row
        elif row_slot == slot or _is_left_out_with(slot, row_slot, row, schedule, memory):
            yield row


def _is_left_out_with(
    slot: datetime, row_slot: datetime, row: Row, schedule: Schedule, memory: JobMemory
) -> bool:
    """Return whether a slot is one of several in a row that were left out."""
    if row["run_id"] or not row["missed"] or slot > row_slot:
        return False
    other = slot_days.left_out(schedule)
    if other is None:
        return False
    behind = slots.count(other, slot - INSTANT, row_slot, memory.anchor or slot)
    return behind <= row["missed"]


def _attempt(row: Row, snapshot: Snapshot) -> str:
    why = next((text for text in (row["error"], row["reason"]) if text), "")
    ended = wording.outcome(row["outcome"])
    late = ", as catch-up" if row["catch_up"] else ""
    late += f", moved from {row['moved_from']}" if row["moved_from"] else ""
    late += f", {wording.where(row['where'])}" if row["where"] else ""
    more = f", covers {passed(row['missed'])}" if row["run_id"] and row["missed"] else ""
    if why.startswith(ended) and row["outcome"] == Outcome.TIMED_OUT:
        ended = why
        why = ""
    sentence = ": ".join(part for part in (f"{ended}{late}{more}", why) if part)
    if row["run_id"]:
        sentence = f"attempt {row['attempt']}, run {row['run_id']}: {sentence.removeprefix(', ')}"
    when = parse_utc(row["finished_at"])
    if when is None:
        return sentence
    verb = "ended" if row["run_id"] else "recorded"
    return f"{sentence}, {verb} {snapshot.time_and_distance(when)}"


def _by_hand(snapshot: Snapshot, job: Job, at: datetime, rows: Sequence[Row]) -> Iterator[str]:
    """Yield how the last run ended if that was one by hand, and those that were given something."""
    last = next((row for row in rows if row["run_id"] and row["outcome"]), None)
    if last is not None and last["slot"] is None and not last["given"]:
        ended = parse_utc(last["finished_at"])
        if ended is not None and ended <= at:
            yield f"by hand: {_attempt(last, snapshot)}"
    given = [row for row in rows if row["given"] and row["slot"] is None]
    for row in given[:BY_HAND]:
        yield f"by hand, {wording.given(row['given'])}: {_attempt(row, snapshot)}"
    if len(given) > BY_HAND:
        yield f"by hand: {len(given) - BY_HAND} earlier; `scheduled history {job.id}`"


def _aftermath(
    snapshot: Snapshot, job: Job, slot: datetime, decision: Decision, rows: Sequence[Row]
) -> Iterator[str]:
    """Yield what follows from how a slot ended: a retry, a dead letter, another run's answer."""
    memory = snapshot.record(job.id)
    if memory.retry is not None and memory.retry.slot == slot:
        attempt = f"attempt {memory.retry.attempt} of {job.max_retries + 1}"
        yield f"{attempt} is due at {snapshot.time_and_distance(memory.retry.at)}"
        if decision.next != memory.retry.at:
            yield from pending.sentences(snapshot, job, slot, decision)
    if any(_is_about(letter, job, slot) for letter in snapshot.state["dead_letter"]):
        over = "its retries are used up" if job.max_retries else "it is not tried again by itself"
        yield f"{over}; `scheduled dead-letter retry {job.id}` tries once more"
    if memory.suspended:
        yield decide.SUSPENDED
    elif decision.verdict is Verdict.DISABLED:
        yield from pending.verdict(snapshot, job, decision)
    answering = _answering(slot, schedule_of(job), memory, rows)
    if answering is not None:
        yield f"covered by the run scheduled for {snapshot.time(answering)}"


def _is_about(letter: DeadLetterEntry, job: Job, slot: datetime) -> bool:
    return letter.get("job") == job.id and parse_utc(letter.get("slot")) == slot


def _answering(
    slot: datetime, schedule: Schedule, memory: JobMemory, rows: Sequence[Row]
) -> datetime | None:
    """Return the slot of the run that answered for an older slot that had passed."""
    for row in reversed(rows):
        row_slot = parse_utc(row["slot"])
        if not row["run_id"] or row_slot is None or row_slot <= slot:
            continue
        behind = slots.count(schedule, slot - INSTANT, row_slot - INSTANT, memory.anchor or slot)
        return row_slot if behind <= row["missed"] else None
    return None
