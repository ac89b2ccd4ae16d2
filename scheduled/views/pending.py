"""How a slot that has no answer stands: what is in its way, and what a tick would do about it."""

from collections.abc import Iterator
from datetime import datetime

from scheduled.jobs.model import FirstRun, Job, Overlap
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import ActiveRun
from scheduled.timing import expression
from scheduled.timing.instants import parse_utc
from scheduled.views.format import absolute, both
from scheduled.views.snapshot import Snapshot

_OVERLAP = {
    Overlap.QUEUE: "this slot waits for its end",
    Overlap.SKIP: "the next tick leaves this slot out",
    Overlap.REPLACE: "the next tick stops it for this slot",
    Overlap.ALLOW: "the next tick starts this slot beside it",
}


def is_met(snapshot: Snapshot, job: Job) -> bool:
    """Whether a tick has seen the job with the schedule it has now."""
    return snapshot.record(job.id).fingerprint == expression.fingerprint(schedule_of(job))


def is_open(snapshot: Snapshot, job: Job, slot: datetime) -> bool:
    """Whether a slot waits for an answer."""
    record = snapshot.record(job.id)
    if not is_met(snapshot, job) or slot > snapshot.now:
        return False
    return record.watermark is None or slot > record.watermark


def sentences(
    snapshot: Snapshot, job: Job, slot: datetime | None, decision: Decision
) -> Iterator[str]:
    """What a tick would make of the job now, which has the slot open, or none at all."""
    running = snapshot.record(job.id).runs.values() if job.id in snapshot.running else ()
    if any(run.slot == slot for run in running):
        yield from (f"it has been running since {_since(run, snapshot)}" for run in running)
        return
    for run in running:
        yield f"{_named(run, snapshot)}, begun at {_since(run, snapshot)}, goes on: {_policy(job)}"
    if not running and snapshot.record(job.id).runs:
        yield "a run began and its tick died; the next tick records it and decides anew"
    if (
        slot is not None
        and decision.slot is not None
        and decision.verdict is not Verdict.CANCEL_RETRY
    ):
        yield from _neighbour(snapshot, slot, decision)
    if not running or decision.verdict is not Verdict.RUN:
        yield from _verdict(snapshot, job, decision)
    if decision.is_due:
        yield from _silence(snapshot)


def before_its_time(
    snapshot: Snapshot, job: Job, slot: datetime, decision: Decision
) -> Iterator[str]:
    """Why a slot does not count, and how the job stands now."""
    record = snapshot.record(job.id)
    first_seen = parse_utc(snapshot.entry(job.id).get("first_seen"))
    if slot > snapshot.now:
        yield "its time has not come"
    elif record.anchor is not None and slot <= record.anchor and is_met(snapshot, job):
        seen = both(record.anchor, snapshot.now, snapshot.zone)
        if first_seen is None or first_seen == record.anchor:
            yield f"no tick knew the job then: it was seen for the first time at {seen}"
        else:
            yield f"the job has had this schedule since {seen}: slots count from then on"
    yield from _verdict(snapshot, job, decision)


def _policy(job: Job) -> str:
    return f"{_OVERLAP[job.overlap]} (overlap: {job.overlap})"


def _named(run: ActiveRun, snapshot: Snapshot) -> str:
    if run.slot is None:
        return "the run by hand"
    return f"the run for the slot of {absolute(run.slot, snapshot.zone)}"


def _since(run: ActiveRun, snapshot: Snapshot) -> str:
    return both(run.started_at, snapshot.now, snapshot.zone)


def _neighbour(snapshot: Snapshot, slot: datetime, decision: Decision) -> Iterator[str]:
    """What another slot of the job, about which the next tick decides first, means for this one."""
    assert decision.slot is not None
    other = absolute(decision.slot, snapshot.zone)
    if decision.slot > slot:
        yield f"coalesced: the newer slot of {other} answers for it, too"
    elif decision.slot < slot:
        yield f"the older slot of {other} comes first"


def _verdict(snapshot: Snapshot, job: Job, decision: Decision) -> Iterator[str]:
    match decision.verdict:
        case Verdict.RUN:
            yield from _way(snapshot, job, decision)
        case Verdict.SKIP:
            yield f"the next tick skips it: {decision.reason}"
        case Verdict.CANCEL_RETRY if decision.slot is not None:
            older = absolute(decision.slot, snapshot.zone)
            yield f"the next tick calls off the retry of the slot of {older}: {decision.reason}"
        case Verdict.REGISTER:
            yield _meeting(job, decision)
        case Verdict.DISABLED if decision.reason == "disabled":
            yield f"disabled; `scheduled enable {job.id}` ends that"
        case _:
            yield decision.reason


def _meeting(job: Job, decision: Decision) -> str:
    if decision.watermark is None and job.first_run is FirstRun.NOW:
        return "no tick has seen the job yet: the first one runs it at once (first_run: now)"
    if decision.watermark is not None and decision.reason == "seen for the first time":
        return "no tick has seen the job yet: its slots count from the first one on"
    return f"{decision.reason}: slots of the new one count from the next tick on"


def _way(snapshot: Snapshot, job: Job, decision: Decision) -> Iterator[str]:
    """What keeps the next tick from running a slot that is due, if anything does."""
    assert decision.slot is not None
    others = {one.id: one for one in snapshot.jobs}
    blocker = decide.blocker(
        job, decision.slot, others, snapshot.record, SlotCache.at(snapshot.now)
    )
    held = snapshot.entry(job.id).get("deferred")
    if blocker is not None:
        yield f"it waits for {blocker} to succeed (after){_last_of(blocker, snapshot)}"
    elif isinstance(held, dict) and parse_utc(held.get("slot")) == decision.slot:
        who = "held back" if held.get("guard") else "it said not now"
        yield f"{who}: {held.get('reason')}; each tick asks again"
    elif decision.catch_up:
        yield "nothing stands in its way: the next tick catches up on it, or, with many, one after"
    else:
        yield "nothing stands in its way: the next tick runs it"


def _last_of(job: str, snapshot: Snapshot) -> str:
    last = snapshot.entry(job).get("last")
    if not isinstance(last, dict) or not last.get("outcome"):
        return ", which has not run yet"
    when = parse_utc(last.get("finished_at"))
    ended = str(last["outcome"]).replace("_", " ")
    return f"; it {ended} last{f', {both(when, snapshot.now, snapshot.zone)}' if when else ''}"


def _silence(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.last_tick is not None and snapshot.now - snapshot.last_tick > snapshot.late_after:
        last = both(snapshot.last_tick, snapshot.now, snapshot.zone)
        yield f"no tick has come since {last}; `scheduled cron show` tells whether cron is set up"
