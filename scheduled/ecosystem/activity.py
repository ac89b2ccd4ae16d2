"""Activity of a branch, and red flags: whether its memory keeps up with its work. Pure.

Who works and writes nothing down will not know about it in the next session. So the memory files of
a branch are compared with the last sign of its work: mail that it sent, opened or closed, and lines
in its logs.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.quick_classes import NamedTuple

WINDOW = timedelta(hours=24)
"""What is older is no activity."""
GRACE = timedelta(hours=2)
"""So far may the memory lag behind the work."""
AHEAD = timedelta(days=1)
"""Some programs write UTC among others' local time: what is so far ahead is taken for now."""


class Status(StrEnum):
    """What the last 24 hours say about a branch, the worst first."""

    RED_FLAG = "RED_FLAG"
    """It worked, and its memory files are more than 2 hours older than that work."""
    ERROR = "ERROR"
    """Its directory, mail or memory files cannot be read, so nobody knows."""
    OK = "OK"
    """It worked or wrote to its memory files, and these are no more than 2 hours behind."""
    NO_ACTIVITY = "NO_ACTIVITY"
    """Neither mail, nor logs, nor memory files are from that time."""


class Times(NamedTuple):
    """When there was the last sign of each, in epoch seconds; None if there is none."""

    memory: float | None = None
    mail: float | None = None
    problem: str = ""
    """Why that cannot be known; empty if it is."""


class Activity(NamedTuple):
    """A status, and what it is based on where that needs a person."""

    status: Status
    reason: str = ""


IS_OK = Activity(Status.OK)
IS_INACTIVE = Activity(Status.NO_ACTIVITY)


def judge(times: Sequence[Any], log: float | None, present: float, zone: tzinfo) -> Activity:
    """Return the activity of a branch at an instant, epoch seconds.

    `times` are those of `Times`; `log` is when it last wrote to a log. What lies too far ahead does
    not count.
    """
    memory, mail, problem = times
    if problem:
        return Activity(Status.ERROR, problem)
    worked, by, until = None, "mail", present + _AHEAD
    if mail is not None and mail <= until:
        worked = mail
    if log is not None and log <= until and (worked is None or log > worked):
        worked, by = log, "log"
    if memory is not None and memory > until:
        memory = None
    start = present - _WINDOW
    if worked is None or worked < start:
        return IS_INACTIVE if memory is None or memory < start else IS_OK
    worked = min(worked, present)
    if memory is not None and worked - memory <= _GRACE:
        return IS_OK
    return Activity(Status.RED_FLAG, _reason(worked, by, memory, zone))


def _reason(worked: float, by: str, memory: float | None, zone: tzinfo) -> str:
    written = f"memory of {_local(memory, zone)}" if memory is not None else "no memory file"
    return f"worked {_local(worked, zone)} ({by}), {written}"


def _local(moment: float, zone: tzinfo) -> str:
    return timestamps.written(datetime.fromtimestamp(moment, zone), zone)[:16]


_WINDOW, _GRACE, _AHEAD = (span.total_seconds() for span in (WINDOW, GRACE, AHEAD))
