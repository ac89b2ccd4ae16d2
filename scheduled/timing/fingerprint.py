"""Fingerprints: what the state keeps of a schedule to know it again (pure).

A fingerprint is the version of the parser, what the schedule means, and its zone, if the slots
depend on one: `1 30 2 * * * fixed Europe/Berlin`, `1 interval:300`. Version 0.1.0 wrote a zone
always. Two fingerprints are compared by what they say, never as text.
"""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from scheduled.quick_classes import NamedTuple
from scheduled.timing.schedule import Cron, Interval, Once, Recurrence, Schedule
from scheduled.timing.timezones import have_same_rules

VERSION = "1"
"""To be raised when a text comes to mean other slots."""
WITHIN = " within:"
"""What begins the bounds of a schedule, if it has any: `starts/ends` as they are configured."""


class Difference(StrEnum):
    """How a schedule differs from the one whose fingerprint was kept."""

    NONE = "none"
    ZONE = "zone"  # the same times, on the clock of another zone
    MEANING = "meaning"


class _Fingerprint(NamedTuple):
    version: str
    meaning: str
    zone: str
    """Empty if the slots do not depend on one."""


@lru_cache(maxsize=4096)  # of those that thousands of jobs share
def fingerprint(schedule: Schedule) -> str:
    """Return a readable string that changes when the slots do, and not with the spelling.

    How croniter reads a text does not matter, as it is given plain numbers only.
    """
    zone = schedule.zone
    match schedule.form:
        case Cron(fixed=fixed, either_day=either_day) as cron:
            marks = f"{' fixed' if fixed else ''}{' either-day' if either_day else ''}"
            meaning = f"{cron.expression}{marks}"
        case Recurrence() as recurrence:
            from scheduled.timing.recurring_days import meaning_of

            meaning = meaning_of(recurrence)
        case Interval(period):
            meaning, zone = f"interval:{int(period.total_seconds())}", ""
        case Once(moment):
            meaning = f"at:{moment.isoformat()}"
            zone = "" if moment.tzinfo is not None else zone
        case _:
            meaning, zone = "reboot", ""
    if schedule.bounds is not None:
        meaning = f"{meaning}{WITHIN}{schedule.bounds.text}"
    return f"{VERSION} {meaning} {zone}".rstrip()


def difference(kept: str, schedule: Schedule) -> Difference:
    """Return how `schedule` differs from the one whose fingerprint was kept."""
    now = fingerprint(schedule)
    return Difference.NONE if kept == now else _difference(kept, now)


@lru_cache(maxsize=4096)
def _difference(kept: str, now: str) -> Difference:
    before, after = _read(kept), _read(now)
    if before is None or after is None or before[:2] != after[:2]:
        return Difference.MEANING
    if have_same_rules(before.zone, after.zone):
        return Difference.NONE
    return Difference.ZONE


def _read(text: str) -> _Fingerprint | None:
    """Return what a fingerprint says; None if it is none, as of a job that was removed."""
    version, _, rest = text.partition(" ")
    if version != VERSION or not rest:
        return None
    words = rest.split(" ")
    if _is_without_zone(words[0]):
        bounds = [word for word in words[1:] if word.startswith(WITHIN.strip())]
        return _Fingerprint(version, " ".join([words[0], *bounds]), "")
    return _Fingerprint(version, " ".join(words[:-1]), words[-1])


def _is_without_zone(meaning: str) -> bool:
    if meaning.startswith("at:"):
        try:
            return datetime.fromisoformat(meaning[3:]).tzinfo is not None
        except ValueError:
            return False
    return meaning == "reboot" or meaning.startswith("interval:")
