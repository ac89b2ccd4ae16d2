"""The outbox: messages that wait in the state until a channel has delivered them.

A run's messages are recorded with its end, so that a tick which dies in between loses none. They
may be delivered twice, which channels allow for.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.config.paths import Paths
from scheduled.notify.routes import messages_for
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import OutboxEntry, State
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.system.trusted import Trust
from scheduled.timing import backoff, instants

if TYPE_CHECKING:
    from scheduled.config.load import Config
    from scheduled.notify.channel import ChannelContext, Delivery
    from scheduled.notify.message import Message

RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3600.0
REPORT = "daily_report"
"""The event of the report of a day."""

WaitingMessage = dict[str, Any]
"""A message as the state keeps it."""


class Setup(NamedTuple):
    """What a tick delivers with, besides mailboxes."""

    channels: Mapping[str, Any] = {}
    """Those of the configuration, by name."""
    environ: Mapping[str, str] = {}
    config_dir: Path = Path("/")
    trust: Trust | None = None
    is_complete: bool = False
    """Whether no channel is left out for a mistake: one that is not in it was removed."""
    tell: Callable[[str], object] = str
    """Called with the text of a message that is given up."""
    note_delivered: Callable[[str], object] = str
    """Called with the id of a message that was delivered."""


NOTHING = Setup()


def messages(
    fired: Sequence[tuple[str, dict[str, Any]]],
    routes: Mapping[str, Any],
    run_id: str,
    now: datetime,
    channels: Mapping[str, Any] = {},
) -> list[WaitingMessage]:
    """Return the messages that the events of one run give rise to.

    A daily report goes to the channels, too, that want reports.
    """
    return [
        message.to_json()
        for number, (name, data) in enumerate(fired)
        for message in (
            *messages_for(name, data, routes, now, seed=f"{run_id}:{number}"),
            *(_reports(data, f"{run_id}:{number}", now, channels) if name == REPORT else ()),
        )
    ]


def _reports(
    data: Mapping[str, Any], seed: str, now: datetime, channels: Mapping[str, Any]
) -> "list[Message]":
    """Return the messages of a daily report to the channels that want reports."""
    content = data.get("message")
    if not channels or not isinstance(content, Mapping):
        return []
    from scheduled.notify import recipients
    from scheduled.notify.notice import Notice

    notice = Notice(
        event="report",
        group="report",
        kind=REPORT,
        subject=str(content.get("subject") or REPORT),
        body=str(content.get("body") or ""),
        id=f"{seed}:{REPORT}",
        created=now,
        job=REPORT,
    )
    return recipients.messages(notice, channels)


def setup(
    config: "Config",
    environ: Mapping[str, str],
    tell: Callable[[str], object],
    note_delivered: Callable[[str], object] = str,
) -> Setup:
    """Return what there is to deliver with by a configuration.

    `tell` is called with the text of each message that is given up, `note_delivered` with the id of
    each that was delivered.
    """
    return Setup(
        channels=config.notify,
        environ=environ,
        config_dir=config.places.config_folder,
        trust=config.trust,
        is_complete=config.has_all_channels,
        tell=tell,
        note_delivered=note_delivered,
    )


def channel_context(places: Paths, zone: tzinfo, now: datetime, given: Setup) -> "ChannelContext":
    """Return where and when, and with what, channels deliver."""
    from scheduled.notify.channel import ChannelContext

    return ChannelContext(places.root, places.central_dir, zone, now, *given[:4], html=_html)


def _html(message: "Message") -> str:
    from scheduled.views.page import mail

    return mail.html(message)


def deliver(
    store: Store, places: Paths, zone: tzinfo, now: datetime, given: Setup = NOTHING
) -> list[str]:
    """Deliver the waiting messages that are due, and return a sentence for each problem.

    With a message, its channel of the configuration gets all that wait for it, in their order.
    Does nothing while another tick delivers. Raises LockedError or StateError.
    """
    if not _due(store.state, now):
        return []
    lock = locks.take(store.state_dir, "outbox")
    if lock is None:
        return []
    try:
        with store.locked():  # the other tick may just have delivered them
            due = _due(store.state, now)
        if not due:
            return []
        context = channel_context(places, zone, now, given)
        with lock.shared():  # a channel may outlive a tick that is killed
            return _deliver(store, due, context, given)
    finally:
        lock.release()


def next_due(state: State, now: datetime) -> datetime | None:
    """Return when the next message is due for delivery, or None if none waits."""
    return min((_retry_at(message, now) for message in state["outbox"]), default=None)


def _due(state: State, now: datetime) -> list[OutboxEntry]:
    due = [entry for entry in state["outbox"] if _is_due(entry, now)]
    names = {_address(entry) for entry in due if _address(entry).startswith("notify:")}
    if not names:
        return due
    outbox = state["outbox"]
    return [entry for entry in outbox if _address(entry) in names or _is_due(entry, now)]


def _address(entry: OutboxEntry) -> str:
    return str(entry.get("to", ""))


def _deliver(
    store: Store, due: list[OutboxEntry], context: "ChannelContext", given: Setup
) -> list[str]:
    from scheduled.notify import channels, lasting
    from scheduled.notify.message import Message
    from scheduled.state import outbox_events

    delivery = channels.deliver([Message.from_json(dict(entry)) for entry in due], context)
    _fail_behind(delivery)
    hopeless = [
        (message, reason)
        for message, reason in delivery.failed
        if lasting.is_hopeless(message, context, is_complete=given.is_complete)
    ]
    given_up = {message.id for message, _ in hopeless}
    waiting = [failure for failure in delivery.failed if failure[0].id not in given_up]
    entries = {entry["id"]: entry for entry in due}
    recorded: list[Event] = [
        _failed_event(entries[message.id], reason, delivery.reached.get(message.id), context.now)
        for message, reason in waiting
        if _is_due(entries[message.id], context.now) or message.id in delivery.reached
    ]
    if delivery.delivered:
        recorded.append(
            outbox_events.messages_delivered([message.id for message in delivery.delivered])
        )
    for message, reason in hopeless:
        recorded.append(outbox_events.messages_delivered([message.id], reason))
    store.record(context.now, *recorded)
    for message in delivery.delivered:
        given.note_delivered(message.id)
    for message, reason in hopeless:
        given.tell(lasting.given_up(message, reason))
    problems = [
        f"mail to {message.to} waits in the outbox: {reason}" for message, reason in waiting
    ]
    return problems + delivery.notes


def _fail_behind(delivery: "Delivery") -> None:
    """Count messages that were postponed behind one that failed as failed, too.

    Else they would be due at once, and each tick would be held up by a server that hangs.
    """
    reasons = {message.to: reason for message, reason in delivery.failed}
    behind = [message for message in delivery.postponed if message.to in reasons]
    delivery.failed += [(message, reasons[message.to]) for message in behind]


def _failed_event(
    entry: OutboxEntry, reason: str, reached: Sequence[str] | None, now: datetime
) -> Event:
    from scheduled.state import outbox_events

    failures = entry.get("failures", 0)
    wait = backoff.delay(failures, base=RETRY_SECONDS, cap=LONGEST_RETRY_SECONDS)
    retry_at = now + timedelta(seconds=wait)
    return outbox_events.delivery_failed(
        entry["id"], reason, retry_at=retry_at, reached=reached or ()
    )


def _is_due(message: OutboxEntry, now: datetime) -> bool:
    return _retry_at(message, now) <= now


def _retry_at(message: OutboxEntry, now: datetime) -> datetime:
    return instants.parse_utc(message.get("retry_at")) or now
