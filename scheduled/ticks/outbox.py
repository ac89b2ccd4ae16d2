"""The outbox: messages that wait in the state until they are where somebody reads them.

A run's messages are recorded with its end, so that a tick which dies in between loses none;
delivering the same message twice puts it into a mailbox once.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from scheduled.config.paths import Paths
from scheduled.errors import ScheduledError
from scheduled.notify.routes import routed
from scheduled.state import events
from scheduled.state.journal import Event
from scheduled.state.records import State
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.timing import backoff, instants

if TYPE_CHECKING:
    from scheduled.notify.mailbox import Delivered

RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0

Waiting = dict[str, Any]
"""A message as it stands in the state."""


def messages(
    fired: Sequence[tuple[str, dict[str, Any]]],
    routes: Mapping[str, Any],
    run_id: str,
    now: datetime,
) -> list[Waiting]:
    """What the events of one run have to tell, and to whom."""
    return [
        message.to_json()
        for number, (name, data) in enumerate(fired)
        for message in routed(name, data, routes, now, seed=f"{run_id}:{number}")
    ]


def deliver(store: Store, places: Paths, zone: tzinfo, now: datetime) -> list[str]:
    """Deliver what waits and is due for a try; a sentence for what could not be done.

    The mail's central file counts what was delivered. Raises LockedError or StateError. Does
    nothing while another tick delivers.
    """
    waiting = [one for one in store.state["outbox"] if _retry_at(one, now) <= now]
    lock = locks.take(store.state_dir, "outbox") if waiting else None
    if lock is None:
        return []
    try:
        return _deliver(store, waiting, places, zone, now)
    finally:
        lock.release()


def next_due(state: State, now: datetime) -> datetime | None:
    """When the next message is due for a try; None where none waits."""
    return min((_retry_at(one, now) for one in state["outbox"]), default=None)


def _deliver(
    store: Store, waiting: list[Waiting], places: Paths, zone: tzinfo, now: datetime
) -> list[str]:
    from scheduled.notify import mailbox
    from scheduled.notify.message import Message

    letters = [Message.from_json(one) for one in waiting]
    outcome = mailbox.deliver(letters, places.root, now, zone)
    failures = {one["id"]: one.get("failures", 0) for one in waiting}
    recorded = [
        _delivery_failed(message.id, failures[message.id], problem, now)
        for message, problem in outcome.failed
    ]
    if outcome.delivered:
        recorded.append(events.messages_delivered([one.id for one in outcome.delivered]))
    store.record(now, *recorded)
    told = [f"mail to {one.to} waits in the outbox: {why}" for one, why in outcome.failed]
    return told + _counted(outcome, places, now.astimezone(zone).date())


def _delivery_failed(message: str, failures: int, problem: str, now: datetime) -> Event:
    wait = backoff.delay(failures, base=RETRY_SECONDS, cap=LONGEST_RETRY_SECONDS)
    return events.delivery_failed(message, problem, retry_at=now + timedelta(seconds=wait))


def _counted(outcome: "Delivered", places: Paths, today: date) -> list[str]:
    """Bring the mail's central file up to date; why that could not be done."""
    from scheduled.ecosystem import mail_central

    try:
        mail_central.update(places.central_dir, outcome.counts, outcome.registered, today)
    except ScheduledError as error:
        return [str(error)]  # the next mail cleanup counts all of it again
    return []


def _retry_at(message: Waiting, now: datetime) -> datetime:
    return instants.parse_utc(message.get("retry_at")) or now
