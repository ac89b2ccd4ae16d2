"""`simulate`: what the ticks of a period, future or past, would do."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Job, Outcome
from scheduled.jobs.schedule import schedule_of
from scheduled.state.history import Row
from scheduled.timing import slots
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.timing.tick_times import TickTimeline
from scheduled.timing.timezones import zone_info
from scheduled.views import wording
from scheduled.views.format import (
    MONTHS,
    WEEKDAYS,
    WITHIN_A_YEAR,
    clock,
    counted,
    headed,
    offset,
    passed,
    span,
)

if TYPE_CHECKING:
    from rich.text import Text

    from scheduled.views.columns import Part
    from scheduled.views.noted_rows import NotedRows

REMEMBERED = "remembered"
FRESH = "fresh"
_DECISIONS = {Outcome.SUCCEEDED: "run", Outcome.SKIPPED: "skip"}
"""What a tick decides by itself. The other outcomes happen to it, and keep their words."""


def document(
    timeline: TickTimeline, shown_from: datetime, memory: str, runs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return `simulate --json`; `memory` is `remembered` or `fresh`, `runs` are those of `run`."""
    return {
        "from": format_utc(shown_from),
        "to": format_utc(timeline.end),
        "tick_seconds": timeline.step.total_seconds(),
        "outages": [
            {"from": format_utc(outage.start), "to": format_utc(outage.end)}
            for outage in timeline.outages
        ],
        "memory": memory,
        "runs": list(runs),
    }


def run(row: Row, at: datetime, job: Job | None) -> dict[str, Any]:
    """Return what the tick `at` does with a slot of a job, or with a range of missed ones.

    Without a `job`, which may be configured no longer, there is no local time to tell.
    """
    slot = parse_utc(row["slot"])
    outcome = Outcome(row["outcome"] or Outcome.INTERRUPTED)
    return {
        "job": row["job"],
        "slot": row["slot"],
        "at": format_utc(at),
        "decision": _DECISIONS.get(outcome, outcome.value),
        "catch_up": row["catch_up"],
        "missed": row["missed"],
        "missed_capped": row["missed_capped"],
        "reason": row["reason"],
        "local": slot.astimezone(zone_info(job.timezone)).isoformat() if slot and job else None,
        "note": slots.clock_change_note(schedule_of(job), slot) if slot and job else "",
    }


def page(document: Mapping[str, Any], zone: tzinfo) -> "Iterator[Part | Text]":
    """Yield the same for a person: how it was done, a table a day, and the totals."""
    from rich.text import Text

    now = _local(document["from"], zone)
    for sentence in _premises(document, now, zone):
        yield Text(sentence)
    width = max((len(row["job"]) for row in document["runs"]), default=0)
    for day, rows in itertools.groupby(
        document["runs"], lambda row: _local(row["at"], zone).date()
    ):
        midnight = datetime.combine(day, datetime.min.time())
        yield Text(f"\n{_day(day, now)}{_clock_change(midnight, zone)}", "bold")
        yield _table([*rows], now, zone, width)
    yield Text(f"\n{_totals(document['runs'])} Nothing was run, nothing was written.")


def _premises(document: Mapping[str, Any], now: datetime, zone: tzinfo) -> Iterator[str]:
    end, step = clock(_local(document["to"], zone), now, zone), span(document["tick_seconds"])
    yield f"Simulated: a tick every {step} from {_day(now.date(), now)} {now:%H:%M} up to {end}."
    for outage in document["outages"]:
        silent = [clock(_local(outage[key], zone), now, zone) for key in ("from", "to")]
        yield f"No ticks from {silent[0]} up to {silent[1]}."
    if document["memory"] == FRESH:
        yield "It lies in the past: nothing is remembered, the first tick sees every job anew."


def _clock_change(midnight: datetime, zone: tzinfo) -> str:
    before, after = (
        there.replace(tzinfo=zone).strftime("%z")
        for there in (midnight, midnight + timedelta(days=1))
    )
    return "" if before == after else f", clock change: {before} to {after}"


def _day(day: date, now: datetime) -> str:
    """`Sat 21 Nov`, or `2028-02-29` for a far one."""
    if abs(day - now.date()) > WITHIN_A_YEAR:
        return f"{day}"
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def _table(
    rows: Sequence[Mapping[str, Any]], now: datetime, zone: tzinfo, width: int
) -> "NotedRows":
    from scheduled.views import noted_rows
    from scheduled.views.noted_rows import Columns

    shown, least = ("AT", "JOB", "SCHEDULED", "DECISION"), {"JOB": width}
    texts_above = {"AT": headed("AT", now, zone)}
    columns = Columns(
        shown, ("NOTE",), name="JOB", shed=("SCHEDULED",), texts=texts_above, least=least
    )
    texts = []
    for row in rows:
        at = _local(row["at"], zone)
        slot = _time(_local(row["slot"], zone), at, now) if row["slot"] else "by hand"
        texts.append(
            (_time(at, at, now), row["job"], slot, wording.decision(row["decision"]), _note(row))
        )
    return noted_rows.table(columns, texts)


def _time(moment: datetime, at: datetime, now: datetime) -> str:
    """Return an instant below the heading of the day of `at`, with an offset that is not now's."""
    day = f"{_day(moment.date(), now)} " if moment.date() != at.date() else ""
    beside = offset(moment) if moment.utcoffset() != now.utcoffset() else ""
    return f"{day}{moment:%H:%M}{beside}"


def _note(row: Mapping[str, Any]) -> str:
    if row["decision"] == Outcome.MISSED:
        remarks = [passed(row["missed"], "run")]
    elif row["missed"]:
        remarks = [f"covers {passed(row['missed'])}"]
    else:
        remarks = ["catch-up"] if row["catch_up"] else []
    return "; ".join(
        [*remarks, *(wording.printed(text) for text in (row["reason"], row["note"]) if text)]
    )


def _totals(runs: Sequence[Mapping[str, Any]]) -> str:
    ran = sum(row["decision"] == "run" for row in runs)
    skipped = sum(row["decision"] == "skip" for row in runs)
    missed = sum(row["missed"] for row in runs if row["decision"] == Outcome.MISSED)
    return f"{counted(ran, 'run')}, {skipped} skipped, {passed(missed, 'run')} missed."


def _local(text: str, zone: tzinfo) -> datetime:
    instant = parse_utc(text)
    assert instant is not None
    return instant.astimezone(zone)
