"""What ends a pause or a deferral (pure)."""

from datetime import datetime

from scheduled.errors import UsageError
from scheduled.state import events
from scheduled.state.document import State
from scheduled.state.journal import Event
from scheduled.state.records import ALL_JOBS, job_memory, pauses


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
    return events.job_resumed(name, now), f"{subject(name)} resumed."


def _inside(name: str) -> str:
    """Return `subject` as it is written inside a sentence."""
    return subject(name).replace("All", "all", 1) if name == ALL_JOBS else subject(name)
