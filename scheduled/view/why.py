"""Why a job ran, or did not: what became of a slot, and what stands in the way of a due one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from scheduled import plan, slots
from scheduled.decision import Decision, Verdict
from scheduled.history import Row
from scheduled.model import Job, Outcome
from scheduled.plan import INSTANT
from scheduled.sky import Sky
from scheduled.slots import Schedule
from scheduled.state import Record, moment, stamped
from scheduled.view.picture import Picture
from scheduled.view.times import absolute, both, passed

DUE = "due"
NONE = "none"
"""There is no slot at or before the time asked about."""


def document(picture: Picture, job: Job, at: datetime, rows: Sequence[Row]) -> dict[str, Any]:
    """`why --json`: the newest slot at or before `at`, how it ended, and the reasons in words.

    `rows` is the history of the job, newest first. `answer` is an outcome, `due`, or `none`.
    """
    schedule = slots.of(job)
    record = picture.record(job.id)
    slot = slots.latest(schedule, at, record.anchor or picture.now)
    found = list(_rows_of(slot, schedule, record, rows)) if slot is not None else []
    answered = next((row["outcome"] for row in found if row["outcome"]), None)
    decision = plan.decide(job, record, Sky.at(picture.now), picture.late_after)
    reasons = [_told(row, picture) for row in found]
    is_open = slot is not None and answered in (None, Outcome.INTERRUPTED)
    if is_open or not found:
        reasons += _standing(picture, job, record, decision)
    note = slots.note(schedule, slot) if slot is not None else ""
    return {
        "job": job.id,
        "at": stamped(at),
        "slot": stamped(slot) if slot is not None else None,
        "answer": NONE if slot is None else answered or DUE,
        "reasons": [*reasons, *([f"clock change: {note}"] if note else [])],
        "next": stamped(decision.next) if decision.next else None,
    }


def sentences(shown: dict[str, Any], picture: Picture) -> Iterator[str]:
    """The same for a person, a sentence a line."""
    slot, after = moment(shown["slot"]), moment(shown["next"])
    if slot is None:
        yield f"{shown['job']}: no slot lies at or before that time."
    else:
        yield f"{shown['job']}: the slot of {absolute(slot, picture.zone)}: {shown['answer']}."
    for reason in shown["reasons"]:
        yield f"- {reason}"
    if after is not None:
        yield f"- the next slot: {both(after, picture.now, picture.zone)}."


def _rows_of(
    slot: datetime, schedule: Schedule, record: Record, rows: Sequence[Row]
) -> Iterator[Row]:
    """The rows that tell of one slot, newest first."""
    for row in rows:
        told = moment(row["slot"])
        if told is None:
            continue
        if row["outcome"] == Outcome.MISSED:
            anchor = record.anchor or slot
            behind = slots.count(schedule, slot - INSTANT, told, anchor)
            if slot <= told and behind <= row["missed"]:
                yield row
        elif told == slot:
            yield row


def _told(row: Row, picture: Picture) -> str:
    when = moment(row["finished_at"])
    about = " ".join(str(row["outcome"] or "began").split("_"))
    if row["run_id"]:
        about = f"attempt {row['attempt']}, run {row['run_id']}: {about}"
    why = next((text for text in (row["error"], row["reason"]) if text), "")
    late = ", as catch-up" if row["catch_up"] else ""
    more = (
        f", for {passed(row['missed'], 'older slot')} too"
        if row["run_id"] and row["missed"]
        else ""
    )
    told = f"{about}{late}{more}{f': {why}' if why else ''}"
    if row["retry_at"]:
        told += f"; to be tried again at {row['retry_at']}"
    return f"{told} ({both(when, picture.now, picture.zone)})" if when else told


def _standing(picture: Picture, job: Job, record: Record, decision: Decision) -> Iterator[str]:
    """What a tick would make of the job now."""
    if job.id in picture.running:
        yield "it is running now; another run waits until that has ended"
    elif record.open is not None:
        yield "a run began and its tick died; the next tick records it and decides anew"
    deferred = picture.entry(job.id).get("deferred")
    if isinstance(deferred, dict) and decision.is_due:
        who = f"held back by {deferred['guard']}" if deferred.get("guard") else "it said not now"
        yield f"{who}: {deferred.get('reason')}"
    if decision.verdict is Verdict.RUN and decision.slot is not None:
        yield from _way_free(picture, job, decision.slot)
    else:
        yield decision.reason or _WORDS[decision.verdict]


def _way_free(picture: Picture, job: Job, slot: datetime) -> Iterator[str]:
    others = {one.id: one for one in picture.jobs}
    blocker = plan.blocker(job, slot, others, picture.record, Sky.at(picture.now))
    if blocker is not None:
        yield f"it waits for {blocker} to succeed"
    else:
        yield "it is due, and nothing stands in its way: the next tick runs it"
    if picture.last_tick is not None and picture.now - picture.last_tick > picture.late_after:
        last = both(picture.last_tick, picture.now, picture.zone)
        yield f"no tick has come since {last}; `scheduled cron show` tells whether cron is set up"


_WORDS: dict[Verdict, str] = {
    Verdict.MEET: "it has not been seen by a tick yet",
    Verdict.REST: "not due",
}
