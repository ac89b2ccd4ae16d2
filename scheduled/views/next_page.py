"""The page of `next`: several runs of one job, or the next run of each."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from rich.text import Text

from scheduled.timing.instants import parse_utc
from scheduled.timing.timezones import zone_info
from scheduled.views import tables, wording
from scheduled.views.columns import Column, Grid, Indented
from scheduled.views.format import clock, clock_and_distance, headed, relative, some

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d(?::\d\d)?)")


def page(
    document: Mapping[str, Any], now: datetime, most: int | None = None
) -> list[Text | Grid | Indented]:
    """Return the page made from `next --json`, or from the next run of each job, at most `most`.

    What is due now comes first.
    """
    parts = _page(document, now, most)
    if document.get("finished"):
        names = some(row["job"] for row in document["finished"])
        parts.append(Text(f"\nFinished: {names}; `scheduled why JOB` says why."))
    return parts


def _page(
    document: Mapping[str, Any], now: datetime, most: int | None
) -> list[Text | Grid | Indented]:
    rows = [*document["due"], *document["next"]]
    if document["job"] is None:
        first = {row["job"]: row for row in reversed(rows)}
        rows = [row for row in rows if row is first[row["job"]]][:most]
    if not rows:
        return [Text("No upcoming runs.")]
    if "explain" not in rows[0]:
        return [_table({**document, "next": rows}, now)]
    zone = zone_info(document["timezone"])
    return [part for row in rows for part in _explanation(row, now, zone, document["job"])]


def of_schedule(document: Mapping[str, Any], now: datetime) -> list[Text | Grid]:
    """Return the page made from `next SCHEDULE --json`: its meaning above its runs."""
    said = Text(f"{document['in_words']} ({document['timezone']})")
    return [said, _table(document, now) if document["next"] else Text("No upcoming runs.")]


def _table(document: Mapping[str, Any], now: datetime) -> Grid:
    zone = zone_info(document["timezone"])
    scheduled = headed("SCHEDULED", now, zone)
    of_one = document["job"] is not None or "schedule" in document
    grid = Grid(
        *([] if of_one else [Column("JOB")]),
        Column(scheduled),
        Column("FROM NOW", shed=1),
        Column("NOTE", wraps=True, if_any=True),
    )
    for row in document["next"]:
        slot = parse_utc(row["slot"])
        assert slot is not None
        due = "due " if slot <= now and "schedule" not in document else ""
        when = (f"{due}{clock(slot, now, zone)}", relative(slot, now))
        note = tables.cell(_note(row, now, zone))
        grid.add_row(*([] if of_one else [tables.cell(row["job"])]), *when, note)
    return grid


def _note(row: Mapping[str, Any], now: datetime, zone: tzinfo) -> str:
    """Return the note of a run, its times as on the reader's clock, and those of another zone."""
    note = _INSTANT.sub(
        lambda found: clock(datetime.fromisoformat(found[0]), now, zone), row["note"]
    )
    there = datetime.fromisoformat(row["local"])
    if there.utcoffset() != there.astimezone(zone).utcoffset() and "timezone" in row:
        there_now = now.astimezone(there.tzinfo)
        elsewhere = f"{clock(there, there_now, there.tzinfo or zone)} in {row['timezone']}"
        return f"{elsewhere}; {note}" if note else elsewhere
    return note


def _explanation(
    row: Mapping[str, Any], now: datetime, zone: tzinfo, job: str | None
) -> Iterator[Text | Indented]:
    local = datetime.fromisoformat(row["local"])
    when = clock_and_distance(local, now, zone)
    due = "due " if local <= now else ""
    yield tables.cell(f"{due}{when}" if job else f"{row['job']}: {due}{when}")
    for sentence in row["explain"]:
        yield Indented(tables.cell(wording.printed(sentence)), "  - ")
