"""The future of an installation: its upcoming ticks, simulated from the current state."""

import copy
from datetime import timedelta

from scheduled.cli.context import Session
from scheduled.cli.when import ahead
from scheduled.errors import UsageError
from scheduled.planning.decision import Decision
from scheduled.quick_classes import replace
from scheduled.state import tick_interval
from scheduled.ticks.simulation.fakes import InMemoryStore
from scheduled.ticks.simulation.simulator import Simulator
from scheduled.timing.tick_times import TickTimeline
from scheduled.views.snapshot import Snapshot, observe

LONGEST = timedelta(days=366)
"""How long a simulation may be: longer ones show nothing new and take long."""


def remembering(session: Session, timeline: TickTimeline) -> Simulator:
    """Return a simulator that starts now, from the current state and its active runs."""
    store = session.store
    simulator = Simulator(
        session.known_config, InMemoryStore(store.state_dir, store.state), timeline
    )
    simulator.adopt_running(_observed(session).running)
    return simulator


def snapshot_at(option: str, when: str, session: Session) -> tuple[Snapshot, list[Decision]]:
    """Return the installation at a time to come, and what a tick does then.

    Raises UsageError that names the option.
    """
    past = "; `scheduled history` and `scheduled why JOB --at` show the past"
    at = ahead(option, when, session.now, session.config.timezone, past)
    timeline = TickTimeline(session.now, at, pace(session), session.config.timezone)
    check_length(timeline)
    simulator = remembering(session, timeline)
    for _ in simulator.run():
        pass
    state = copy.deepcopy(simulator.store.state)
    snapshot = replace(_observed(session), now=at, state=state, running=frozenset())
    return snapshot, simulator.decisions(at)


def pace(session: Session) -> timedelta:
    """Return the interval between two ticks."""
    return tick_interval.current(session.config.tick_interval, session.store.state).interval


def check_length(timeline: TickTimeline) -> None:
    """Raise UsageError if it would take too long."""
    length: timedelta = timeline.end - timeline.start
    if length > LONGEST:
        raise UsageError(f"that is {length.days} days; a simulation covers at most {LONGEST.days}")


def _observed(session: Session) -> Snapshot:
    return observe(session.config, session.store.state, session.now, session.zone)
