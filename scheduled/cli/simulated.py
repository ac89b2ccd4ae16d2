"""What lies ahead of an installation: its ticks to come, played from what is remembered now."""

import copy
from dataclasses import replace
from datetime import timedelta

from scheduled.cli.context import Session
from scheduled.cli.when import at as when_at
from scheduled.errors import UsageError
from scheduled.planning.decision import Decision
from scheduled.state import tick_interval
from scheduled.system.text import one_line
from scheduled.ticks.simulation.fakes import Memory
from scheduled.ticks.simulation.simulator import Rehearsal
from scheduled.timing.tick_times import Course
from scheduled.views.snapshot import Picture, observe

LONGEST = timedelta(days=366)
"""How long a simulation may be: longer ones tell nothing new, and take their time."""


def remembering(session: Session, course: Course) -> Rehearsal:
    """A rehearsal that begins now, with what is remembered and what is under way."""
    store = session.store
    rehearsal = Rehearsal(session.config, Memory(store.state_dir, store.state), course)
    rehearsal.take_over(_observed(session).running)
    return rehearsal


def standing(option: str, when: str, session: Session) -> tuple[Picture, list[Decision]]:
    """How things stand at a time to come, and what a tick does then.

    Raises UsageError that names the option.
    """
    at = when_at(option, when, session.now, session.zone)
    if at <= session.now:
        raise UsageError(
            f"{option} {one_line(when, 60)!r} is in the past; `scheduled history` and "
            "`scheduled why JOB --at` tell what was"
        )
    course = Course(session.now, at, pace(session), session.config.timezone)
    check_length(course)
    rehearsal = remembering(session, course)
    for _ in rehearsal.play():
        pass
    state = copy.deepcopy(rehearsal.memory.state)
    picture = replace(_observed(session), now=at, state=state, running=frozenset())
    return picture, rehearsal.decisions(at)


def pace(session: Session) -> timedelta:
    """How often a tick comes."""
    return tick_interval.of(session.config.tick_interval, session.store.state).interval


def check_length(course: Course) -> None:
    """Raise UsageError if it would take too long."""
    length: timedelta = course.end - course.start
    if length > LONGEST:
        raise UsageError(f"that is {length.days} days; a simulation covers at most {LONGEST.days}")


def _observed(session: Session) -> Picture:
    return observe(session.config, session.store.state, session.now, session.zone)
