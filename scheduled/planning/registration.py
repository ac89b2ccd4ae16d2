"""Meeting jobs: what is put on record when a tick first sees one, or finds it changed.

Nothing fires by that, whatever somebody edited: a job that is met counts from now on.
"""

from collections.abc import Collection, Iterable

from scheduled.errors import ScheduleError
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import active_runs, decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import Sky
from scheduled.state import events, records
from scheduled.state.records import Event, Record, State
from scheduled.timing import slots
from scheduled.timing.instants import stamped
from scheduled.timing.slots import Missed

CHANGED = "its schedule was changed"
"""Why slots of the schedule before are no longer answered for."""
REMOVED = "removed from the configuration"
"""The same of a job that is gone, and its fingerprint from then on: no schedule has it."""


def registered(decisions: Iterable[Decision], state: State, above: Sky) -> list[Event]:
    """The events that make the engine know new, changed and disabled jobs, and wrong clocks."""
    return [event for decision in decisions for event in _met(decision, state, above)]


def partings(jobs: Collection[str], state: State, above: Sky) -> list[Event]:
    """The events that make the engine forget the schedules of jobs that are not in `jobs`.

    Not to be asked while a job may be missing for a mistake in its file.
    """
    gone = (name for name in state["jobs"] if name not in jobs)
    return [event for name in gone for event in parting(name, state, above)]


def parting(job: str, state: State, above: Sky) -> list[Event]:
    """The events that make the engine forget the schedule of a job; none if there is none.

    Put back, the job is met anew, and does not fire for what passed meanwhile.
    """
    if state["jobs"].get(job, {}).get("fingerprint") in (None, "", REMOVED):
        return []
    now, record = stamped(above.now), records.record(state, job)
    seen = {"event": "seen", "job": job, "anchor": now, "fingerprint": REMOVED}
    seen["watermark"] = stamped(decide.counted_from(record, above.now))
    is_off = record.enabled is False or record.suspended or record.fingerprint == decide.PUT_OUT
    return [*_left_behind(job, record, above, decide.PUT_OUT if is_off else REMOVED), seen]


def _met(decision: Decision, state: State, above: Sky) -> list[Event]:
    job, record = decision.job, records.record(state, decision.job.id)
    watermark = stamped(decision.watermark) if decision.watermark else None
    match decision.verdict:
        case Verdict.CLAMP:
            return [{"event": "clamped", "job": job.id, "watermark": watermark}]
        case Verdict.MEET:
            fingerprint = slots.fingerprint(schedule_of(job))
            seen = _seen(job, above, fingerprint=fingerprint, watermark=watermark)
            away = record.fingerprint in (decide.PUT_OUT, REMOVED)
            cause = record.fingerprint if away else CHANGED
            return [*_left_behind(job.id, record, above, cause), seen]
        case Verdict.DISABLED if decide.is_put_out(job, record):
            # Enabled again it is met anew: it does not fire for what passed meanwhile.
            watermark = stamped(decide.counted_from(record, above.now))
            seen = _seen(job, above, fingerprint=decide.PUT_OUT, watermark=watermark)
            return [*_left_behind(job.id, record, above, decide.PUT_OUT), seen]
    return []


def _seen(job: Job, above: Sky, *, fingerprint: str, watermark: str | None) -> Event:
    schedule = schedule_of(job)
    return {
        "event": "seen",
        "job": job.id,
        "anchor": stamped(above.now),
        "fingerprint": fingerprint,
        "watermark": watermark,
        "schedule": schedule.text,
        "zone": schedule.zone,
    }


def _left_behind(job: str, record: Record, above: Sky, cause: str) -> list[Event]:
    """What the schedule it had until now still owed: these slots end here, on record."""
    recorded: list[Event] = []
    if record.retry is not None:
        recorded = [events.given_up(job, record.retry.slot, cause)]
    until = record.deferral.until if record.deferral else None
    if until is not None and until <= above.now:
        recorded += events.missed(job, Missed(until, until, 1), cause)
    since = active_runs.taken_up(record) or record.anchor
    if record.schedule is None or since is None:
        return recorded
    try:
        schedule = slots.parse(*record.schedule)
    except ScheduleError:
        return recorded  # written by a version that could read more than this one
    anchor = record.anchor if slots.is_anchored(schedule) else None
    stretch = above.stretch(schedule, since, above.now, anchor)
    return [*recorded, *events.missed(job, stretch, cause)]
