"""Times as people type them: `2h` from now or ago, `8:00`, a date, a date and time."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from scheduled.ecosystem import timestamps
from scheduled.errors import UsageError
from scheduled.system.text import one_line
from scheduled.timing import durations
from scheduled.timing.instants import format_utc, parse_utc

_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def ago(option: str, text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the instant that `text` names, `2h` being two hours before `now`, `8:00` the last one.

    A date without an offset is local. Raises UsageError that names the option.
    """
    return _instant(option, text, now, zone, -1)


def ahead(option: str, text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return what `ago` does, `2h` being two hours after `now`, `8:00` the next one.

    Raises UsageError for what is past, too.
    """
    instant = _instant(option, text, now, zone, 1)
    if instant <= now:
        raise UsageError(f"{option} {one_line(text, 60)!r} is in the past")
    return instant


def at(option: str, text: str, origin: datetime, zone: tzinfo) -> datetime:
    """Return what `ago` does, `2h` being two hours after `origin`, which may be past."""
    return _instant(option, text, origin, zone, 1)


def length(option: str, text: str) -> timedelta:
    """Return the duration `text`, above zero. Raise UsageError that names the option."""
    try:
        duration = durations.parse_timedelta(text.strip())
    except (ValueError, OverflowError):
        duration = timedelta()
    if not duration:
        raise UsageError(
            f"{option} {one_line(text, 60)!r} is not a valid duration; write 90s, 15m or 1h30m"
        )
    return duration


def after(option: str, text: str, now: datetime) -> datetime:
    """Return the instant that is the duration `text` after `now`. Raise UsageError as `length`."""
    until = length(option, text)
    try:
        return now + until
    except OverflowError:
        raise UsageError(
            f"{option} {one_line(text, 60)!r} is longer than time is counted"
        ) from None


def _instant(option: str, text: str, now: datetime, zone: tzinfo, sign: int) -> datetime:
    try:
        instant = _read(text.strip(), now, zone, sign)
        if parse_utc(format_utc(instant)) is None:
            raise ValueError("beyond what the state can hold")
        return instant
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {one_line(text, 60)!r} is not a valid time; write 2h, 7d, 8:00, 2026-11-21 "
            "or 2026-11-21T07:00:00Z"
        ) from None


def _read(text: str, now: datetime, zone: tzinfo, sign: int) -> datetime:
    if re.fullmatch(durations.WITH_UNITS, text):
        return now + sign * durations.parse_timedelta(text)
    clock = _TIME_OF_DAY.fullmatch(text)
    if clock:
        return _nearest(int(clock[1]), int(clock[2]), now, zone, sign)
    return timestamps.parse(text, zone)


def _nearest(hour: int, minute: int, now: datetime, zone: tzinfo, sign: int) -> datetime:
    """Return the last time the clock showed that, or the next time it will."""
    local = now.astimezone(zone)
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    beyond = today.astimezone(UTC) > now if sign < 0 else today.astimezone(UTC) <= now
    return today + timedelta(days=sign) if beyond else today
