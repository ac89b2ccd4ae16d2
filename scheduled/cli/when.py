"""Times and durations that are typed as options, and what is said of those that do not apply.

`timing.time_words` reads them, for every option in the same way; an option looks back or ahead.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from scheduled.errors import UsageError
from scheduled.system.text import one_line
from scheduled.timing import time_proposals, time_words
from scheduled.timing.instants import EARLIEST, format_utc, parse_utc
from scheduled.timing.time_words import AHEAD, BACK, Reference, UnreadableTimeError

PAST = "2h (ago), 8:00, yesterday, last fri 9:00, 2026-11-21 or 2026-11-21T07:00:00Z"
FUTURE = "2h, 18:00, tomorrow 8:00, next mon, 2026-12-24 or 2026-12-24T07:00:00Z"
LENGTH = "90s, 15m, 1h30m, 2 days"
"""The forms that apply to an option, as a refusal lists them."""


def ago(option: str, text: str, now: datetime, zone: str) -> datetime:
    """Return the instant that `text` names, `2h` being two hours before `now`, `8:00` the last one.

    Raises UsageError that names the option, also for a time that is still to come.
    """
    instant = _instant(option, text, Reference(now, zone, BACK, now), PAST)
    if instant > now:
        raise _refused(option, text, "lies ahead", PAST)
    return instant


def ahead(option: str, text: str, now: datetime, zone: str, past: str = "") -> datetime:
    """Return the instant that `text` names, `2h` being two hours after `now`, `8:00` the next one.

    Raises UsageError that names the option, also for what is past; `past` says what shows that.
    """
    instant = _instant(option, text, Reference(now, zone, AHEAD, now), FUTURE)
    if instant <= now:
        raise _refused(option, text, f"is in the past{past}", FUTURE)
    return instant


def at(
    option: str, text: str, now: datetime, zone: str, *, origin: datetime | None = None
) -> datetime:
    """Return the instant that `text` names, past or not; `2h` is two hours after `origin`.

    Raises UsageError that names the option.
    """
    return _instant(option, text, Reference(now, zone, AHEAD, origin or now), FUTURE)


def length(option: str, text: str, instead: str = "") -> timedelta:
    """Return the duration `text`, above zero. Raise UsageError that names the option.

    `instead` is the option that takes a time, if there is one.
    """
    try:
        duration = time_words.duration(text)
    except UnreadableTimeError:
        duration = None
    if duration:
        return duration
    if duration is None and is_time(text, EARLIEST, "UTC"):
        elsewhere = f" ({instead} takes one)" if instead else ""
        raise _refused(option, text, f"is a time{elsewhere}, and not a duration", LENGTH)
    raise _unreadable(option, text, "duration", time_proposals.for_duration(text), LENGTH)


def after(option: str, text: str, now: datetime, instead: str = "") -> datetime:
    """Return the instant that is the duration `text` after `now`. Raise UsageError as `length`."""
    until = length(option, text, instead)
    with suppress(OverflowError):
        if parse_utc(format_utc(now + until)) is not None:
            return now + until
    raise _refused(option, text, "is longer than time is counted", LENGTH)


def is_time(text: str, now: datetime, zone: str) -> bool:
    """Return whether `text` names an instant."""
    try:
        time_words.instant(text, now, zone, AHEAD)
    except UnreadableTimeError:
        return False
    return True


def _instant(option: str, text: str, reference: Reference, forms: str) -> datetime:
    try:
        now, zone, direction, origin = reference
        return time_words.instant(text, now, zone, direction, origin)
    except UnreadableTimeError as error:
        hint = str(error) or time_proposals.for_time(text, reference)
        raise _unreadable(option, text, "time", hint, forms) from None


def _unreadable(option: str, text: str, kind: str, hint: str, forms: str) -> UsageError:
    return _refused(option, text, f"is not a valid {kind}{f'; {hint}' if hint else ''}", forms)


def _refused(option: str, text: str, why: str, forms: str) -> UsageError:
    write = f" Write {forms}" if why.endswith("?") else f"; write {forms}"
    return UsageError(f"{option} {one_line(text, 60)!r} {why}{write}")
