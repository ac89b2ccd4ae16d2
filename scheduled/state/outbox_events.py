"""The events of messages that wait in the outbox. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.timing.instants import format_utc

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


def messages_delivered(ids: Sequence[str], given_up: str = "") -> kinds.MessagesDelivered:
    """Build the event that takes messages out of the outbox; `given_up` is why undelivered."""
    event: kinds.MessagesDelivered = {"event": "delivered", "ids": [*ids]}
    return {**event, "given_up": given_up} if given_up else event


def delivery_failed(
    message: str, problem: str, retry_at: datetime, reached: Sequence[str] = ()
) -> kinds.DeliveryFailed:
    """Build the event of a message that stays in the outbox until `retry_at`."""
    event: kinds.DeliveryFailed = {
        "event": "undelivered",
        "id": message,
        "problem": problem,
        "retry_at": format_utc(retry_at),
    }
    return {**event, "reached": [*reached]} if reached else event


def risks_found(told: list[str], over: list[str], outgoing: list[Any]) -> kinds.RisksFound:
    """Build the event of cases of data at risk: what is told now, and what is over."""
    return {"event": "risk", "told": told, "over": over, "outgoing": outgoing}
