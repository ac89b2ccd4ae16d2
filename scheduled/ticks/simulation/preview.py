"""What a tick would do now, without doing it."""

from datetime import datetime

from scheduled.config.load import Config
from scheduled.planning.decision import Decision
from scheduled.state.store import Store
from scheduled.ticks.dispatcher import RunRequest
from scheduled.ticks.simulation import fakes
from scheduled.ticks.tick import Tick


def decisions(config: Config, now: datetime, request: RunRequest) -> list[Decision]:
    """Return what `run` would decide at `now`; changes nothing on disk. Raises as `run` does."""
    store = Store(config.places.state_dir).load()
    memory = fakes.InMemoryStore(store.state_dir, store.state)
    tick = Tick(config, now, request=request, store=memory, effects=fakes.NO_EFFECTS)
    tick.note_previous()
    return tick.plan()
