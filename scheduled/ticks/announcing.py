"""Events of the journal that are fired as well, by the names of `scheduled events`.

What runs and incidents do is fired where it happens; what is done to jobs, a time without ticks and
the end of a tick are known by their records. They are fired when the journal is free again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.config.load import Config
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.state.tick_events import subscribers_failing
from scheduled.ticks.signals import EVERY, Bus

if TYPE_CHECKING:
    from scheduled.ticks.subscribers import Subscribers


def fire_recorded(store: Store, bus: Bus) -> None:
    """Fire what a tick has recorded and not fired yet: the events `scheduler.*`."""
    if store.recorded:
        for event in _taken(store):
            if event.get("event") != "end":  # fired with what its handler has fired
                _fire(event, bus, "scheduler.")


def tell_of_command(
    config: Config, store: Store, environ: Mapping[str, str], now: datetime
) -> list[str]:
    """Tell subscribers what a command has recorded; return a sentence for each that fails.

    Raises LockedError or StateError.
    """
    if not store.recorded:
        return []
    from scheduled.ticks.subscribers import Subscribers

    subscribers, bus = Subscribers(config, environ, lambda: now), Bus()
    bus.subscribe(EVERY, subscribers.take)
    for event in _taken(store):
        _fire(event, bus, "")
    return finish(subscribers, store, now)


def finish(subscribers: "Subscribers", store: Store, now: datetime) -> list[str]:
    """Wait for subscribers, and record which of them fail if that has changed.

    Return a sentence for each that fails. Raises LockedError or StateError.
    """
    sentences = subscribers.finish()
    before = store.state.get("subscribers", {})
    problems = subscribers.problems(before)
    if problems != before:
        store.record(now, subscribers_failing(problems))
    return sentences


def _taken(store: Store) -> list[Event]:
    recorded, store.recorded = store.recorded or [], []
    return recorded


def _fire(event: Event, bus: Bus, prefix: str) -> None:
    from scheduled.views.events import named

    for told in named(event):
        if told["event"].startswith(prefix):
            head: dict[str, Any] = {key: told[key] for key in ("at", "kind", "job")}
            data = told["data"] if isinstance(told["data"], dict) else {}
            bus.fire(told["event"], **{**head, **data})
