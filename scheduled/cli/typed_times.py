"""Times and durations that are typed for keys of a job, as the job file has them."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from scheduled.cli import when
from scheduled.cli.context import Session
from scheduled.config import job_values
from scheduled.timing import time_words
from scheduled.timing.time_words import UnreadableTimeError
from scheduled.timing.timezones import earliest_instant, zone_info

_TIMES = ("starts", "ends")
_DURATIONS = ("timeout", "keep")


def as_written(session: Session, fields: dict[str, Any], zone: str | None) -> dict[str, Any]:
    """Return keys of a job with the times and durations among them in the forms of a job file.

    Times are those of the clock of `zone`, or of the configuration. Raises UsageError for a time
    that is none; what is no duration is left to the check of the whole job.
    """
    found = dict(fields)
    for key in _DURATIONS:
        if isinstance(text := found.get(key), str):
            with suppress(UnreadableTimeError):
                found[key] = time_words.duration_text(text)
    for key in _TIMES:
        if isinstance(text := found.get(key), str) and not job_values.is_moment(text):
            found[key] = _time(session, f"--{key}", text, zone or session.config.timezone)
    return found


def _time(session: Session, option: str, text: str, zone: str) -> str:
    """Return a time as a date, where the words name a whole day, or as on the clock of a zone."""
    instant = when.at(option, text, session.now, zone)
    local = instant.astimezone(zone_info(zone))
    if time_words.is_day(text):
        return f"{local:%Y-%m-%d}"
    wall = local.replace(tzinfo=None, microsecond=0)
    is_first = abs(earliest_instant(wall, zone) - instant) < timedelta(seconds=1)
    precision = "seconds" if local.second else "minutes"
    return (wall if is_first else local.replace(microsecond=0)).isoformat(" ", precision)
