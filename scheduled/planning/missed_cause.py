"""Why slots were missed, by what is remembered of the time in which they passed (pure)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning.decide import PAUSED_CAUSE
from scheduled.planning.decision import Decision
from scheduled.planning.slot_cache import SlotCache
from scheduled.planning.standing import as_decided
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import JobEntry
from scheduled.state.events import NO_TICK
from scheduled.state.gap_entry import GapEntry
from scheduled.state.records import JobMemory
from scheduled.timing import window
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import MissedRange, is_anchored
from scheduled.timing.timezones import INSTANT

STILL_RUNNING = "still running"
_TIMES = ("once", "twice", "three times", "four times", "five times", "six times")


class Span(NamedTuple):
    """A time in which no slot could start, both ends included, and why."""

    start: datetime
    end: datetime
    cause: str


def by_cause(
    decision: Decision,
    memory: JobMemory,
    entry: JobEntry,
    gaps: Iterable[GapEntry],
    slots: SlotCache,
) -> list[tuple[MissedRange, str]]:
    """Return the slots before the one decided about that nothing will run for, by their causes.

    Neighbours with the same cause are one range. `entry` is the job's in the state.
    """
    missed = decision.missed
    if missed is None:
        return []
    if decision.cause:
        return [(missed, decision.cause)]
    job = as_decided(decision.job, memory)
    schedule = schedule_of(job)
    anchor = memory.anchor if is_anchored(schedule) else None
    spans = [*_spans(job, memory, entry, gaps, slots.now)]
    before = missed.first - INSTANT
    edges = {edge for span in spans for edge in (span.start - INSTANT, span.end)}
    inner = sorted(edge for edge in edges if before < edge < missed.last)
    if not inner:
        return [(missed, _cause(job, missed.last, spans))]
    found: list[tuple[MissedRange, str]] = []
    for after, until in pairwise((before, *inner, missed.last)):
        part = slots.missed_range(schedule, after, until, anchor)
        if part is None:
            continue
        cause = _cause(job, part.last, spans)
        if found and found[-1][1] == cause:
            part = _joined(found.pop()[0], part)
        found.append((part, cause))
    return found


def _joined(range_: MissedRange, after: MissedRange) -> MissedRange:
    count = range_.count + after.count
    return MissedRange(range_.first, after.last, count, range_.capped or after.capped)


def _cause(job: Job, slot: datetime, spans: Iterable[Span]) -> str:
    for span in spans:
        if span.start <= slot <= span.end:
            return span.cause
    if job.window and window.next_opening(job.window, job.timezone, slot + start_delay(job)):
        return window.closed(job.window)
    return NO_TICK


def _spans(
    job: Job, memory: JobMemory, entry: JobEntry, gaps: Iterable[GapEntry], now: datetime
) -> Iterator[Span]:
    """Yield when no slot of a job could start, the reason that tells most first."""
    put_off = [*_put_off(entry)]
    delay = start_delay(job)
    running = [
        Span(start - delay, end - delay, STILL_RUNNING) for start, end in _runs(memory, entry, now)
    ]
    is_by_guard = "guard" in (entry.get("deferred") or {})
    yield from (*running, *put_off) if is_by_guard else (*put_off, *running)
    if memory.pause is not None:
        yield Span(memory.pause.since, (memory.pause.until or now) - INSTANT, PAUSED_CAUSE)
    # The newest gap first.
    for gap in reversed([*gaps, *([memory.absence] if memory.absence else [])]):
        begin, back = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
        if begin is not None and back is not None:
            yield Span(begin - delay, back - delay, str(gap.get("cause")))


def _put_off(entry: JobEntry) -> Iterator[Span]:
    """Yield the slots that a guard, or the action itself, has put off since the last run."""
    not_now = entry.get("deferred") or {}
    newest = parse_utc(not_now.get("slot"))
    if newest is None:
        return
    reason = not_now.get("reason") or "no reason given"
    if "guard" in not_now:
        cause = f"held back: {reason}"
    else:
        cause = f"put off {_times(not_now.get('count', 1))}: {reason}"
    yield Span(parse_utc(not_now.get("first")) or newest, newest, cause)


def _times(count: int) -> str:
    return _TIMES[count - 1] if 0 < count <= len(_TIMES) else f"{count} times"


def _runs(memory: JobMemory, entry: JobEntry, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when the runs in progress, and the last one, were running."""
    yield from ((run.started_at, now) for run in memory.runs.values())
    last = entry.get("last") or {}
    started, finished = parse_utc(last.get("started_at")), parse_utc(last.get("finished_at"))
    if started is not None and finished is not None:
        yield started, finished
