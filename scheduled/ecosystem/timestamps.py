"""Timestamps: every form that occurs in the files of an ecosystem, as one instant.

Mail, logs, dashboards and reports were written by different programs in different years:
naive local time with a space or a `T`, `Z`, an offset, a bare date, seconds since the epoch.
A naive time is wall clock of the zone the people there live in; in a repeated hour, its first
pass.
"""

import contextlib
import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from scheduled.errors import cut

_NUMBER = r"[+-]?\d{9,}(\.\d+)?"
_MILLISECONDS_FROM = 1e11
"""An epoch this large would be the year 5138: it is meant in milliseconds."""


def parse(value: Any, zone: tzinfo) -> datetime:
    """Return the instant that `value` names, in UTC; a bare date is its midnight in `zone`.

    Raises ValueError for anything else, also for an instant that no datetime can hold.
    """
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(_NUMBER, text):
            return _from_text(text, zone)
        value = float(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_epoch(value)
    raise ValueError(f"not a timestamp: {cut(str(value), 60)!r}")


def readable(value: Any, zone: tzinfo) -> datetime | None:
    """Return the instant as `parse` does, but None if there is none."""
    with contextlib.suppress(ValueError):
        return parse(value, zone)
    return None


def written(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as mail stores it: naive local `YYYY-MM-DD HH:MM:SS`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _from_text(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"not a timestamp: {cut(text, 60)!r}") from None


def _from_epoch(seconds: float) -> datetime:
    try:
        if abs(seconds) >= _MILLISECONDS_FROM:
            seconds = seconds / 1000
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"not a timestamp: {cut(str(seconds), 60)!r}") from None
