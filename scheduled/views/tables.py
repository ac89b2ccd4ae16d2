"""Rows as tables for people. What stands in a cell came from elsewhere and is never markup."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from rich.text import Text

from scheduled.system.text import one_line, output_line
from scheduled.timing.instants import parse_utc
from scheduled.views import dry_run, signs, wording
from scheduled.views.columns import Column, Grid, Indented, Pairs
from scheduled.views.format import clock, clock_offset_and_distance, headed, relative


def jobs_at(rows: Iterable[Mapping[str, Any]], now: datetime, zone: tzinfo) -> Grid:
    """Return `list --at`: one line a job, with what a tick does about it then."""
    table = Grid(
        Column("JOB"),
        Column("DECISION"),
        Column(headed("SCHEDULED", now, zone), shed=2),
        Column("NEXT RUN", shed=3),
        Column("SCHEDULE", shed=1),
        Column("NOTE", wraps=True, if_any=True),
    )
    for row in rows:
        slot, following = parse_utc(row["slot"]), parse_utc(row["next_run"])
        when = clock(slot, now, zone) if slot else "-"
        after = clock(following, now, zone) if following and following != slot else "-"
        cells = (row["id"], wording.decision(row["decision"]), when, after, row["schedule"])
        table.add_row(*map(one_line, (*cells, dry_run.note(row, now, zone))))
    return table


def tasks(rows: Iterable[Mapping[str, Any]], now: datetime) -> Grid:
    """Return GAIA's `--list`: name, schedule, last run or `never`, description."""
    table = Grid(
        Column("TASK"),
        Column("SCHEDULE", shed=2),
        Column("LAST RUN", shed=3),
        Column("DESCRIPTION", shed=1, wraps=True),
    )
    for row in rows:
        ago = _ago(row["last_run"], now)
        table.add_row(
            one_line(row["id"]), one_line(row["schedule"]), ago, one_line(row["description"])
        )
    return table


def pairs(rows: Iterable[tuple[str, str | Text]]) -> Pairs:
    """Return names and their values, a line each."""
    return Pairs(
        (one_line(name), value if isinstance(value, Text) else cell(value)) for name, value in rows
    )


@lru_cache(maxsize=64)
def outcome(word: str | None) -> Text:
    """Return an outcome in its colour; nothing for none. It is shared, so not to be changed."""
    return Text(wording.outcome(word), signs.STYLES.get(word or "", ""))


def cell(value: object) -> Text:
    """Return untrusted text, harmless and on one line."""
    return Text(one_line(value))


def indented(value: object) -> Indented:
    """Return untrusted text below a heading."""
    return Indented(one_line(value))


def printed(line: str) -> Indented:
    """Return a line that a program printed, below a heading; its own indentation stays."""
    return Indented(output_line(line))


def _ago(text: str | None, now: datetime) -> str:
    when = parse_utc(text)
    return relative(when, now) if when else "never"


def awaited(row: Mapping[str, Any], now: datetime, zone: tzinfo) -> str:
    """Return when the next run is, for a person: its slot, or since when it is due."""
    return _awaited(row["next_run"], now, zone)


def _awaited(text: str | None, now: datetime, zone: tzinfo) -> str:
    when = parse_utc(text)
    if when is None:
        return "-"
    told = clock_offset_and_distance(when, now, zone)
    return told if when > now else f"due since {told}"
