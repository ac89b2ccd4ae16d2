"""`run --dry-run`: what a tick would do now, and why the rest would not run."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from scheduled.planning.decision import Decision
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.slots import COUNT_CAP, MissedRange
from scheduled.views import wording

if TYPE_CHECKING:
    from rich.text import Text

    from scheduled.views.columns import Part


def document(decisions: Sequence[Decision], now: datetime) -> dict[str, Any]:
    """Return `run --dry-run --json`: a row a job, what is due first, in the order it would run."""
    return {
        "simulated": True,
        "at": format_utc(now),
        "decisions": [row(decision) for decision in decisions],
    }


def page(document: dict[str, Any], now: datetime, zone: tzinfo) -> "list[Part | Text]":
    """Return the same for a person; every line says that it is only simulated."""
    from rich.text import Text

    from scheduled.views import noted_rows
    from scheduled.views.format import clock_and_distance, headed
    from scheduled.views.noted_rows import Columns

    silent = ("rest", "disabled")
    rows = [entry for entry in document["decisions"] if entry["decision"] not in silent]
    if not rows:
        return [Text("Simulated: nothing is due.")]
    heading = {"SCHEDULED": headed("SCHEDULED", now, zone)}
    shown = ("SIMULATED", "JOB", "SCHEDULED")
    columns = Columns(shown, ("NOTE",), name="JOB", texts=heading)
    texts = []
    for entry in rows:
        slot = parse_utc(entry["slot"])
        when = clock_and_distance(slot, now, zone) if slot else ""
        remarks = note(entry, now, zone)
        texts.append((wording.decision(entry["decision"]), entry["job"], when, remarks))
    return [
        noted_rows.table(columns, texts),
        Text("Simulated: nothing was run, nothing was changed."),
    ]


def row(decision: Decision) -> dict[str, Any]:
    """Return what a tick would do about one job."""
    missed = _count(decision.missed) + _count(decision.too_late)
    return {
        "job": decision.job.id,
        "slot": format_utc(decision.slot),
        "decision": decision.verdict.value,
        "catch_up": decision.catch_up,
        "missed": missed,
        "missed_capped": missed >= COUNT_CAP,
        "reason": decision.reason or None,
        "next": format_utc(decision.next),
    }


def _count(missed: MissedRange | None) -> int:
    return missed.count if missed is not None else 0


def note(row: Mapping[str, Any], now: datetime, zone: tzinfo) -> str:
    """Return what a person reads beside the decision."""
    from scheduled.views.format import local_times, passed

    remarks = ["catch-up"] if row["catch_up"] else []
    if row["missed"]:
        remarks.append(f"covers {passed(row['missed'])}")
    reason = local_times(wording.printed(row["reason"] or ""), now, zone)
    if reason and reason != wording.decision(row["decision"]):
        remarks.append(reason)
    return "; ".join(remarks)
