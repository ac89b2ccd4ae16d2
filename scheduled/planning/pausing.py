"""What ends a pause or a deferral (pure)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from scheduled.errors import UsageError
from scheduled.state import events
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.state.records import ALL_JOBS, Pause, job_memory, pauses

SHOWN = 5
"""So many jobs are named at most."""


def subject(name: str) -> str:
    """Return the start of a sentence about one job or about all: `backup is`, `All jobs are`."""
    return "All jobs are" if name == ALL_JOBS else f"{name} is"


def ended(name: str, state: State, now: datetime) -> tuple[Event, str]:
    """Return the event that ends the pause or deferral of a job, or of all, and a sentence.

    Raise UsageError if there is none, with those that there are.
    """
    if name != ALL_JOBS and job_memory(state, name).deferral is not None:
        return events.deferral_ended(name), f"{name} is no longer deferred."
    paused = [each for each, pause in pauses(state).items() if pause.covers(now)]
    if name not in paused:
        advice = f"; in force: {', '.join(map(_inside, paused))}" if paused else ""
        raise UsageError(f"{_inside(name)} not paused{advice}")
    # Its end is set and the pause kept: what came in it, and no tick has seen, is still skipped.
    return events.job_resumed(name, now), f"{subject(name)} resumed{_but(name, paused)}."


def in_force(name: str, state: State, now: datetime) -> list[str]:
    """Return what has to be resumed for a job to go on: the job, all jobs, both, or nothing."""
    return [each for each in (name, ALL_JOBS) if _covers(pauses(state).get(each), now)]


def resuming(names: Sequence[str]) -> str:
    """Return what ends these pauses: "`scheduled resume backup` ends that"."""
    typed = [f"`scheduled resume{'' if name == ALL_JOBS else f' {name}'}`" for name in names]
    return f"{' and '.join(typed)} {'ends' if len(typed) == 1 else 'end'} that"


def _covers(pause: Pause | None, now: datetime) -> bool:
    return pause is not None and pause.covers(now)


def _but(name: str, paused: Iterable[str]) -> str:
    """Return which pauses go on: of all jobs, or those of jobs that have one of their own."""
    if name != ALL_JOBS:
        return f", but all jobs are paused; {resuming([ALL_JOBS])}" * (ALL_JOBS in paused)
    others = [each for each in paused if each != ALL_JOBS]
    if not others:
        return ""
    shown = ", ".join(others[:SHOWN]) + f" and {len(others) - SHOWN} more" * (len(others) > SHOWN)
    return f", but for those that are paused by name: {shown}"


def _inside(name: str) -> str:
    """Return `subject` as it is written inside a sentence."""
    return subject(name).replace("All", "all", 1) if name == ALL_JOBS else subject(name)
