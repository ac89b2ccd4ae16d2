"""How the page prints instants: for a person who knows today's date, in one zone."""

from datetime import datetime, tzinfo

from scheduled.views.format import MONTHS, WEEKDAYS


def day(moment: datetime, zone: tzinfo) -> str:
    """`Fri 23 Oct`."""
    local = moment.astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def clock(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """`07:02`; in an hour that comes twice with its offset, `02:30 (UTC+2)`."""
    local = moment.astimezone(zone)
    text = f"{local.hour:02}:{local.minute:02}"
    if seconds:
        text += f":{local.second:02}"
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{text} ({offset(local, zone)})" if is_twice else text


def moment(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """`Fri 23 Oct 07:02`, with the year if it is another one; `today 07:02`."""
    local, today = instant.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"today {clock(instant, zone)}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{day(instant, zone)}{year} {clock(instant, zone)}"


def zone(moment: datetime, zone: tzinfo) -> str:
    """`Europe/Berlin, UTC+1`; `UTC` alone."""
    name, distance = str(zone), offset(moment, zone)
    return name if name == distance else f"{name}, {distance}"


def offset(moment: datetime, zone: tzinfo) -> str:
    """`UTC+1`, `UTC+5:45`, `UTC`."""
    delta = moment.astimezone(zone).utcoffset()
    minutes = round(delta.total_seconds() / 60) if delta else 0
    hours, rest = divmod(abs(minutes), 60)
    tail = f":{rest:02}" if rest else ""
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{tail}" if minutes else "UTC"
