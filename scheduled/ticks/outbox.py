"""The outbox: messages that wait in the state until a channel has delivered them.

A run's messages are recorded with its end, so that a tick which dies in between loses none. They
may be delivered twice, which channels allow for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from scheduled.config.paths import Paths
from scheduled.notify.routes import messages_for
from scheduled.state import events
from scheduled.state.document import OutboxEntry, State
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.timing import backoff, instants

if TYPE_CHECKING:
    from scheduled.notify.channel import ChannelContext

RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0

WaitingMessage = dict[str, Any]
"""A message as the state keeps it."""


def messages(
    fired: Sequence[tuple[str, dict[str, Any]]],
    routes: Mapping[str, Any],
    run_id: str,
    now: datetime,
) -> list[WaitingMessage]:
    """Return the messages that the events of one run give rise to."""
    return [
        message.to_json()
        for number, (name, data) in enumerate(fired)
        for message in messages_for(name, data, routes, now, seed=f"{run_id}:{number}")
    ]


def deliver(store: Store, places: Paths, zone: tzinfo, now: datetime) -> list[str]:
    """Deliver the waiting messages that are due, and return a sentence for each problem.

    Does nothing while another tick delivers. Raises LockedError or StateError.
    """
    due = [message for message in store.state["outbox"] if _retry_at(message, now) <= now]
    lock = locks.take(store.state_dir, "outbox") if due else None
    if lock is None:
        return []
    try:
        from scheduled.notify.channel import ChannelContext

        return _deliver(store, due, ChannelContext(places.root, places.central_dir, zone, now))
    finally:
        lock.release()


def next_due(state: State, now: datetime) -> datetime | None:
    """Return when the next message is due for delivery, or None if none waits."""
    return min((_retry_at(message, now) for message in state["outbox"]), default=None)


def _deliver(store: Store, due: list[OutboxEntry], context: "ChannelContext") -> list[str]:
    from scheduled.notify import channels
    from scheduled.notify.message import Message

    delivery = channels.deliver([Message.from_json(dict(entry)) for entry in due], context)
    failures = {entry["id"]: entry.get("failures", 0) for entry in due}
    recorded: list[Event] = [
        _failed_event(message.id, failures[message.id], reason, context.now)
        for message, reason in delivery.failed
    ]
    if delivery.delivered:
        recorded.append(events.messages_delivered([message.id for message in delivery.delivered]))
    store.record(context.now, *recorded)
    problems = [
        f"mail to {message.to} waits in the outbox: {reason}" for message, reason in delivery.failed
    ]
    return problems + delivery.notes


def _failed_event(message_id: str, failures: int, reason: str, now: datetime) -> Event:
    wait = backoff.delay(failures, base=RETRY_SECONDS, cap=LONGEST_RETRY_SECONDS)
    return events.delivery_failed(message_id, reason, retry_at=now + timedelta(seconds=wait))


def _retry_at(message: OutboxEntry, now: datetime) -> datetime:
    return instants.parse_utc(message.get("retry_at")) or now
