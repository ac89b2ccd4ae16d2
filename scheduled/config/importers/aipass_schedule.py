"""When a job of AIPass runs: its `schedule` as keys of a job (pure)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from scheduled.errors import did_you_mean
from scheduled.quick_classes import NamedTuple
from scheduled.system.text import excerpt

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
LONGEST = 5 * 365 * DAY
"""In minutes, as are the others."""
_KINDS: Mapping[str, tuple[str, ...]] = {
    "interval": ("interval_minutes", "slot", "interval"),
    "daily": ("time", "daily"),
    "hourly": ("time", "minute", "hourly"),
    "once": ("due_date", "once"),
    "rotation": ("time", "rotation"),
}
"""The types of schedules, with the keys that each has."""
_SHARED = ("type", "catch_up", "catch_up_max_age_hours")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})")
_WINDOWED = "AIPass knows it for daily, hourly and rotation only"

_AHEAD = "it lies ahead; the job begins before it, in the same rhythm"


class UnusableError(Exception):
    """Why a job cannot be imported."""


class Timing(NamedTuple):
    """When a job runs."""

    fields: Mapping[str, Any]
    """Keys of a job with their values."""
    anchor: datetime | None = None
    """An instant that an interval is counted from, if the schedule does not say it."""
    is_rotation: bool = False
    left_out: tuple[tuple[str, str], ...] = ()
    """Keys that have no effect, each with the reason."""


def read(job: Mapping[str, Any], now: datetime, zone: tzinfo) -> Timing:
    """Return when a job runs. Raise UnusableError if it is not clear, or is over at `now`."""
    schedule = job.get("schedule")
    if not isinstance(schedule, dict):
        raise UnusableError("no schedule, which is an object with a type")
    kind = schedule.get("type") or _implied(schedule)
    if not isinstance(kind, str) or kind not in _KINDS:
        known = did_you_mean(str(kind), _KINDS)
        raise UnusableError(f'schedule: "{excerpt(str(kind))}" is no type of schedule{known}')
    text, anchor = _text_of(kind, schedule, now, zone)
    is_windowed = kind in ("daily", "hourly", "rotation")
    late, ignored = _lateness({**job, **schedule}, is_windowed)
    if (
        kind == "interval"
        and schedule.get("slot")
        and _instant("slot", schedule["slot"], zone) > now
    ):
        ignored.append(("schedule.slot", _AHEAD))
    ignored += [
        (f"schedule.{excerpt(key)}", f"not a key of {kind} schedules")
        for key in schedule
        if key not in (*_KINDS[kind], *_SHARED)
    ]
    fields = {"schedule": text, **late}
    return Timing(fields, anchor, kind == "rotation", tuple(ignored))


def _text_of(
    kind: str, schedule: Mapping[str, Any], now: datetime, zone: tzinfo
) -> tuple[str, datetime | None]:
    """Return the schedule as a job has it, and an anchor for it, if it needs one."""
    match kind:
        case "interval":
            return _interval(schedule, now, zone)
        case "hourly":
            return _hourly(schedule), None
        case "once":
            return _once(schedule, now, zone), None
        case _:
            return _daily(schedule), None


def _implied(schedule: Mapping[str, Any]) -> str:
    """Return the type of a schedule that does not name it, by the key that only one has."""
    keys = (("interval_minutes", "interval"), ("due_date", "once"))
    named = [kind for key, kind in keys if key in schedule]
    named += [kind for kind in _KINDS if kind in schedule]
    return named[0] if len(named) == 1 else ""


def _lateness(
    values: Mapping[str, Any], is_windowed: bool
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the keys about missed runs, and what has no effect."""
    catch_up, hours = values.get("catch_up"), values.get("catch_up_max_age_hours")
    if not is_windowed:
        named = {"catch_up": catch_up, "catch_up_max_age_hours": hours}
        return {}, [(key, _WINDOWED) for key, value in named.items() if value is not None]
    if catch_up not in (None, True, False):
        raise UnusableError(f"catch_up: {excerpt(str(catch_up))} is neither true nor false")
    if hours is not None and (type(hours) not in (int, float) or not 0 < hours < 10 * 8766):
        raise UnusableError(
            f"catch_up_max_age_hours: {excerpt(str(hours))} is not a number of hours above 0"
        )
    if catch_up is False:
        return {"catch_up": "skip"}, []
    return {"max_lateness": _duration(max(round(hours * 60), 1))} if hours else {}, []


def _interval(
    schedule: Mapping[str, Any], now: datetime, zone: tzinfo
) -> tuple[str, datetime | None]:
    minutes = schedule.get("interval_minutes", schedule.get("interval", HOUR))
    is_number = type(minutes) in (int, float) and 1 <= minutes <= LONGEST
    if not is_number or minutes != int(minutes):
        raise UnusableError(
            f"interval_minutes: {excerpt(str(minutes))} is not a whole number of minutes above 0"
        )
    every, slot = f"every {_duration(int(minutes))}", schedule.get("slot")
    if slot is None:
        return every, None
    at = _instant("slot", slot, zone)
    if fields := _fields_of(int(minutes), at.astimezone(zone)):
        return fields, None
    try:
        period = timedelta(minutes=minutes)
        return every, at + (now - at) // period * period  # the newest one until now
    except OverflowError:
        return every, None


def _fields_of(minutes: int, at: datetime) -> str:
    """Return the five fields of cron that fire with such a rhythm, of which one time is `at`.

    Empty if there are none. They keep the time of day at clock changes.
    """
    if HOUR % minutes == 0:
        wanted = range(at.minute % minutes, HOUR, minutes)
        return f"{_list(wanted)} * * * *"
    if minutes % HOUR == 0 and DAY % minutes == 0:
        hours = minutes // HOUR
        return f"{at.minute} {_list(range(at.hour % hours, 24, hours))} * * *"
    if minutes == WEEK:
        return f"{at.minute} {at.hour} * * {at.isoweekday() % 7}"
    return ""


def _list(numbers: range) -> str:
    """Return numbers as a field of cron."""
    if numbers.start == 0 and numbers.step > 1:
        return f"*/{numbers.step}" if len(numbers) > 1 else "0"
    return "*" if numbers.step == 1 else ",".join(map(str, numbers))


def _daily(schedule: Mapping[str, Any]) -> str:
    names = ("time", "daily", "rotation")
    text = next((schedule[name] for name in names if name in schedule), "00:00")
    match = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    hour, minute = map(int, match.groups()) if match else (24, 60)
    if hour > 23 or minute > 59:
        raise UnusableError(f'time: "{excerpt(str(text))}" is not a time like 09:30')
    return f"{minute} {hour} * * *"


def _hourly(schedule: Mapping[str, Any]) -> str:
    names = ("time", "minute", "hourly")
    value = next((schedule[name] for name in names if name in schedule), 0)
    text = str(value).strip() if type(value) in (int, str) else ""
    if not (text.isascii() and text.isdigit() and int(text[:9]) < 60):
        raise UnusableError(f'time: "{excerpt(str(value))}" is not a minute from 0 to 59')
    return f"{int(text)} * * * *"


def _once(schedule: Mapping[str, Any], now: datetime, zone: tzinfo) -> str:
    """Return the schedule of a job that runs once, at the beginning of its day."""
    due = schedule.get("due_date", schedule.get("once"))
    if due is None:
        raise UnusableError("no due_date")
    day = _instant("due_date", due, zone).astimezone(zone).date()
    if day <= now.astimezone(zone).date():
        raise UnusableError(
            f"due_date: {day} has come, and only AIPass's daemon_runstate.json says whether it ran."
            " If it is still to be done, set a later date here and import again"
        )
    return str(day)


def _instant(key: str, value: Any, zone: tzinfo) -> datetime:
    """Return an ISO date, with or without a time, in UTC; without an offset, it is one in `zone`.

    Raise UnusableError.
    """
    try:
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        if at is not None:
            at = at.replace(tzinfo=at.tzinfo or zone, second=0, microsecond=0)
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UnusableError(f'{key}: "{excerpt(str(value))}" is not a date like 2026-09-14T04:00:00')


def _duration(minutes: int) -> str:
    for unit, length in (("d", DAY), ("h", HOUR)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"
