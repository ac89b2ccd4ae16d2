"""The times without ticks: when, why, and what they cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from scheduled.planning.decision import Verdict
from scheduled.state import history
from scheduled.state.document import State
from scheduled.state.journal import Journal
from scheduled.state.records import DAY
from scheduled.timing.instants import parse_utc
from scheduled.views import wording
from scheduled.views.format import absolute, clock, counted, headed, span

if TYPE_CHECKING:
    from rich.text import Text

    from scheduled.jobs.model import Job
    from scheduled.views.columns import Part
    from scheduled.views.snapshot import Snapshot

NAMED = 3
"""So many jobs are named at most."""
COSTS = ("run", "missed", "coalesced")


def rows(
    journal: Journal, state: State, since: datetime | None = None, limit: int = 0
) -> list[dict[str, Any]]:
    """Return the gaps on record that ended after `since`, newest first; 0 stands for all.

    The state keeps the last ones, the snapshots in the journal those before. Raises StateError.
    """
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for gap in _all(journal, state, since):
        end = parse_utc(gap.get("to"))
        if end is not None and (since is None or end >= since):
            # The first that is met is the newest record of it, and knows most of its cost.
            found.setdefault((gap.get("from"), gap.get("to")), row(gap))
    newest_first = sorted(found.values(), key=lambda gap: str(gap["to"]), reverse=True)
    return newest_first[: limit or None]


def _all(journal: Journal, state: State, since: datetime | None) -> Iterator[Mapping[str, Any]]:
    yield from reversed(state["gaps"])
    for event in history.events(journal, ("snapshot", "gap"), since=since):
        if event["event"] == "gap":
            yield event
            continue
        whole = event.get("state")
        gaps = whole.get("gaps") if isinstance(whole, dict) else None
        for gap in reversed(gaps if isinstance(gaps, list) else []):
            if isinstance(gap, dict):
                yield gap


def row(gap: Mapping[str, Any]) -> dict[str, Any]:
    """Return a gap with its length and its cost; null where nobody counted."""
    start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
    length = abs((end - start).total_seconds()) if start and end else None
    run, missed, coalesced = (_count(gap, key) for key in COSTS)
    return {
        "from": gap.get("from"),
        "to": gap.get("to"),
        "cause": gap.get("cause"),
        "seconds": length,
        "slots": None if run is None or missed is None else run + missed,
        "run": run,
        "missed": missed,
        "coalesced": coalesced,
        "not_run": None if missed is None or coalesced is None else missed - coalesced,
        "capped": gap.get("capped") is True,
    }


def _count(gap: Mapping[str, Any], key: str) -> int | None:
    value = gap.get(key)
    return value if isinstance(value, int) else None


def when(gap: Mapping[str, Any], zone: tzinfo, now: datetime | None = None) -> str:
    """Return when a gap was: `2026-11-20 22:10+01:00 to 2026-11-21 07:02+01:00, 8 h 52 min`.

    For who reads it at once, at `now`, it is `Fri 20 Nov 22:10 to 07:02, 8 h 52 min`.
    """
    start, end = parse_utc(gap.get("from")), parse_utc(gap.get("to"))
    if start is None or end is None:
        return "unknown"
    length = span(abs((end - start).total_seconds()))
    if now is None:
        return f"{absolute(start, zone)} to {absolute(end, zone)}, {length}"
    first, last = clock(start, now, zone), clock(end, now, zone)
    if start.astimezone(zone).date() == end.astimezone(zone).date():
        last = last.rpartition(" ")[2]
    return f"{first} to {last}, {length}"


def cause(gap: Mapping[str, Any]) -> str:
    """Return why there was no tick, in printed words."""
    return wording.printed(str(gap.get("cause")))


def cost(gap: Mapping[str, Any]) -> str:
    """Return what a gap cost: `9 runs due, 3 caught up, 6 not run`; empty if unknown.

    And the runs that are still pending, where a row of `with_pending` names them.
    """
    return "; ".join(filter(None, (_counted(gap), _waiting(gap.get("pending") or ()))))


def _counted(gap: Mapping[str, Any]) -> str:
    told = row(gap)
    if told["slots"] is None:
        return ""
    if not told["slots"]:
        return "no run missed"  # one that came due in it may be pending, which is not on record
    least = " or more" if told["capped"] else ""
    due = f"{counted(told['slots'], 'run').replace(' ', f'{least} ', 1)} due"
    parts = [
        f"{told[key]} {words}"
        for key, words in (
            ("run", "caught up"),
            ("coalesced", "covered by a later run"),
            ("not_run", "not run"),
        )
        if told[key]
    ]
    return ", ".join((due, *parts))


def sentences(found: Iterable[Mapping[str, Any]], snapshot: "Snapshot") -> list[str]:
    """Return all of each gap on a line, with the runs that are still pending."""
    now = snapshot.now if snapshot.is_on_screen else None
    lines = []
    for gap in with_pending(map(row, found), snapshot):
        costs = cost(gap)
        line = f"{when(gap, snapshot.zone, now)}, {cause(gap)}"
        lines.append(f"{line}: {costs}" if costs else line)
    return lines


def with_pending(rows: Iterable[dict[str, Any]], snapshot: "Snapshot") -> list[dict[str, Any]]:
    """Return gaps with the jobs of which a run that came due in them is still pending."""
    waiting = [(job.id, span) for job in snapshot.jobs for span in _pending(job, snapshot)]
    found = []
    for gap in rows:
        start, end = parse_utc(gap["from"]), parse_utc(gap["to"])
        jobs = [
            job
            for job, (first, last) in waiting
            if start is not None and end is not None and first <= end and last > start
        ]
        found.append({**gap, "pending": [*dict.fromkeys(jobs)]})
    return found


def _pending(job: "Job", snapshot: "Snapshot") -> Iterator[tuple[datetime, datetime]]:
    """Yield the run that a job waits to start, and those that it will answer for, as a time."""
    watermark = snapshot.record(job.id).watermark
    if watermark is None:
        return
    decision = snapshot.decision(job)
    if decision.slot is None or decision.slot <= watermark:
        return
    if decision.verdict in (Verdict.RUN, Verdict.WAIT, Verdict.OVER_BUDGET):
        yield decision.slot, decision.slot
        if decision.missed is not None:
            yield decision.missed.first, decision.missed.last


def _waiting(jobs: Sequence[str]) -> str:
    if len(jobs) > NAMED:
        return f"runs of {len(jobs)} jobs still pending"
    names = " and ".join(filter(None, (", ".join(jobs[:-1]), *jobs[-1:])))
    return f"{'a run' if len(jobs) == 1 else 'runs'} of {names} still pending" if jobs else ""


def away(snapshot: "Snapshot") -> list[str]:
    """Return a sentence for each gap that ended in the last day, newest first."""
    recent = [
        gap
        for gap in reversed(snapshot.state["gaps"])
        if (end := parse_utc(gap.get("to"))) and timedelta(0) <= snapshot.now - end <= DAY
    ]
    return sentences(recent, snapshot) if recent else []


def page(gaps: Sequence[Mapping[str, Any]], now: datetime, zone: tzinfo) -> Iterable["Part | Text"]:
    """Return the page made from `history --gaps --json`."""
    from rich.text import Text

    from scheduled.views import noted_rows
    from scheduled.views.noted_rows import Columns

    if not gaps:
        return [Text("No gaps recorded.")]
    head = headed("GAP", now, zone)
    rows = (
        (when(gap, zone, now), ": ".join(filter(None, (cause(gap), cost(gap))))) for gap in gaps
    )
    return [noted_rows.table(Columns((head,), ("CAUSE AND COST",), name=head), rows)]
