"""Why a slot is still pending: what holds it back, and what a tick would do about it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduled.jobs.model import Job, Overlap
from scheduled.planning import decide, mutexes, pausing, standing
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.standing import Standing
from scheduled.state import history
from scheduled.state.records import ActiveRun
from scheduled.timing.instants import parse_utc
from scheduled.views import starts
from scheduled.views.snapshot import Snapshot

_OVERLAP = {
    Overlap.QUEUE: "this run waits for its end",
    Overlap.SKIP: "the next tick skips this run",
    Overlap.REPLACE: "the next tick stops it and starts this run",
    Overlap.ALLOW: "the next tick starts this run beside it",
}
_NOTHING = "nothing holds it back"


def is_registered(snapshot: Snapshot, job: Job) -> bool:
    """Return whether a tick has seen the job with the schedule it has now."""
    return standing.is_registered(job, snapshot.record(job.id))


def is_pending(snapshot: Snapshot, job: Job, slot: datetime) -> bool:
    """Return whether a slot has neither run nor been skipped or missed."""
    memory = snapshot.record(job.id)
    if not is_registered(snapshot, job) or slot > snapshot.now:
        return False
    return memory.watermark is None or slot > memory.watermark


def sentences(
    snapshot: Snapshot, job: Job, slot: datetime | None, decision: Decision
) -> Iterator[str]:
    """Yield what a tick would do about the job now, whose slot is pending, if there is one."""
    running = snapshot.record(job.id).runs.values() if job.id in snapshot.running else ()
    if any(run.slot == slot for run in running):
        yield from (f"it has been running since {_since(run, snapshot)}" for run in running)
        return
    for run in running:
        name, since = _run_name(run, snapshot), _since(run, snapshot)
        yield f"{name}, started at {since}, goes on: {_policy(job)}"
    if not running and snapshot.record(job.id).runs:
        if snapshot.other_host:
            yield f"a run is {history.IN_PROGRESS_ON.format(host=snapshot.other_host)}"
        else:
            yield "a run started and its tick died; the next tick records this and decides again"
    if (
        slot is not None
        and decision.slot is not None
        and decision.verdict is not Verdict.CANCEL_RETRY
    ):
        yield from _other_slot(snapshot, slot, decision)
    if not running or decision.verdict is not Verdict.RUN:
        yield from verdict(snapshot, job, decision)
    if decision.is_due:
        yield from _silence(snapshot)


def pause(snapshot: Snapshot, job: Job) -> Iterator[str]:
    """Yield that the job is paused, and what ends that; nothing if it is not."""
    memory = snapshot.record(job.id)
    if memory.pause is not None and memory.pause.covers(snapshot.now):
        pauses = pausing.in_force(job.id, snapshot.state, snapshot.now)
        yield f"{decide.pause_text(memory.pause)}; {pausing.resuming(pauses)}"


def obstacles(snapshot: Snapshot, job: Job, decision: Decision) -> Iterator[str]:
    """Yield what keeps a run from starting that is due; nothing if the next tick runs it."""
    if job.id in snapshot.running:
        yield f"a run goes on: {_OVERLAP[job.overlap]}"
        return
    for sentence in _obstacle(snapshot, job, decision):
        if not sentence.startswith(_NOTHING):
            yield sentence


def unscheduled(snapshot: Snapshot, job: Job, slot: datetime, decision: Decision) -> Iterator[str]:
    """Yield why a slot is not scheduled, and what a tick would do about the job now."""
    memory = snapshot.record(job.id)
    first_seen = parse_utc(snapshot.entry(job.id).get("first_seen"))
    if slot > snapshot.now:
        yield "its time has not come"
        for reason in starts.skip_reasons(snapshot, job, slot):
            yield f"it will be skipped: {reason}"
    elif memory.anchor is not None and slot <= memory.anchor and is_registered(snapshot, job):
        seen = snapshot.time_and_distance(memory.anchor)
        if first_seen is None or first_seen == memory.anchor:
            yield f"no tick knew the job then: it was seen for the first time at {seen}"
        else:
            yield f"the job has had this schedule since {seen}: earlier times do not count"
    yield from verdict(snapshot, job, decision)


def _policy(job: Job) -> str:
    return f"{_OVERLAP[job.overlap]} (overlap: {job.overlap})"


def _run_name(run: ActiveRun, snapshot: Snapshot) -> str:
    if run.slot is None:
        return "the run by hand"
    return f"the run scheduled for {snapshot.time(run.slot)}"


def _since(run: ActiveRun, snapshot: Snapshot) -> str:
    return snapshot.time_and_distance(run.started_at)


def _other_slot(snapshot: Snapshot, slot: datetime, decision: Decision) -> Iterator[str]:
    """Yield what another slot of the job, which the next tick decides first, means for this one."""
    assert decision.slot is not None
    other = snapshot.time(decision.slot)
    if decision.slot > slot:
        yield f"covered by the newer run scheduled for {other}"
    elif decision.slot < slot:
        yield f"the older run scheduled for {other} comes first"


def verdict(snapshot: Snapshot, job: Job, decision: Decision) -> Iterator[str]:
    """Yield what a tick would do about the job now; nothing where `pause` says it."""
    match decision.verdict:
        case Verdict.RUN:
            yield from _obstacle(snapshot, job, decision)
        case Verdict.SKIP:
            yield f"the next tick skips it: {decision.reason}"
        case Verdict.CANCEL_RETRY if decision.slot is not None:
            run = f"the run scheduled for {snapshot.time(decision.slot)}"
            yield f"the next tick cancels the retry of {run}: {decision.reason}"
        case Verdict.REGISTER:
            yield _registration(decision)
        case Verdict.PAUSED if any(pause(snapshot, job)):
            return
        case Verdict.DISABLED if decision.reason == "disabled":
            yield f"disabled; `scheduled enable {job.id}` ends that"
        case _:
            yield decision.reason


def _registration(decision: Decision) -> str:
    if decision.watermark is None:
        return "no tick has seen the job yet: the first one runs it at once (first_run: now)"
    if decision.reason == standing.WHY[Standing.NEW]:
        return "no tick has seen the job yet: its schedule applies from the first one on"
    if decision.reason == standing.WHY[Standing.EDITED]:
        return f"{decision.reason}: the new one applies from the next tick on"
    return f"{decision.reason}: the next tick records it"


def _obstacle(snapshot: Snapshot, job: Job, decision: Decision) -> Iterator[str]:
    """Yield what keeps the next tick from running a slot that is due, if anything does."""
    assert decision.slot is not None
    others = {other.id: other for other in snapshot.jobs}
    blocker = decide.blocker(job, decision.slot, others, snapshot.record, snapshot.slots)
    not_now = snapshot.entry(job.id).get("deferred")
    if blocker is not None:
        yield f"it waits for {blocker} to succeed (after){_last_run_of(blocker, snapshot)}"
    elif (held := snapshot.mutex(job)) is not None:
        yield f"it {mutexes.reason(*held)}{_since_of(held, snapshot)}"
    elif lack := snapshot.lack_of_place(job):
        yield f"it waits for a place at the executor {job.executor}, which {lack}"
    elif isinstance(not_now, dict) and parse_utc(not_now.get("slot")) == decision.slot:
        if not_now.get("guard") in ("after", mutexes.GUARD):
            yield f"{_NOTHING} any more: the next tick runs it"
            return
        yield _put_off(not_now)
    elif decision.catch_up:
        yield f"{_NOTHING}: the next tick, or a later one, catches up on it"
    else:
        yield f"{_NOTHING}: the next tick runs it"


def _since_of(held: tuple[str, Sequence[str]], snapshot: Snapshot) -> str:
    name, _ = held
    start = min(run.started_at for _, run in mutexes.holders(name, snapshot.active_runs()))
    return f" since {snapshot.time_and_distance(start)}"


def _put_off(not_now: Mapping[str, Any]) -> str:
    reason = not_now.get("reason")
    if not_now.get("unstarted"):
        return f"it could not be started: {reason}; each tick tries again"
    source = "a guard prevents it" if not_now.get("guard") else "the job said not now"
    return f"{source}: {reason}; each tick asks again"


def _last_run_of(job: str, snapshot: Snapshot) -> str:
    if job in snapshot.running:
        return ", which is running"
    last = snapshot.entry(job).get("last")
    if not isinstance(last, dict) or not last.get("outcome"):
        return ", which has not run yet"
    when = parse_utc(last.get("finished_at"))
    ended = str(last["outcome"]).replace("_", " ")
    return f"; it {ended} last{f', {snapshot.time_and_distance(when)}' if when else ''}"


def _silence(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.last_tick is not None and snapshot.now - snapshot.last_tick > snapshot.late_after:
        last = snapshot.time_and_distance(snapshot.last_tick)
        yield f"no tick has come since {last}; `scheduled cron show` tells whether cron is set up"
