"""Instants as text in UTC: ISO 8601 with `Z`, or as part of a sentence."""

import functools
from datetime import UTC, datetime
from typing import overload

EARLIEST = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
"""The year of the first release. A clock that says an earlier one is wrong."""
_YEARS = range(1000, 9000)
"""Other years have no slots: a search that began there would run into the end of datetime."""


@overload
def format_utc(instant: datetime) -> str: ...


@overload
def format_utc(instant: datetime | None) -> str | None: ...


def format_utc(instant: datetime | None) -> str | None:
    """Return an instant as state and JSON hold it: UTC, `Z`, microseconds unless they are 0.

    None stays None.
    """
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minute_utc(instant: datetime) -> str:
    """Return an instant as a sentence of the journal names it: `2026-11-21 07:02 UTC`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def parse_utc(text: str | None) -> datetime | None:
    """Return the instant that `format_utc` wrote, or None if `text` is not one.

    A text without an offset is taken as UTC. Years before 1000 or from 9000 on are refused.
    """
    return _parsed(text) if isinstance(text, str) else None


@functools.lru_cache(maxsize=1024)  # an event repeats its instants, and the next one often has them
def _parsed(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
        instant = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant.year in _YEARS else None
