"""What events change in the outbox, and which cases of data at risk are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scheduled.state.incident_entries import RISK, message_accepted, messages_left

if TYPE_CHECKING:
    from scheduled.state import event_types as kinds
    from scheduled.state.document import OutboxEntry, State


def risks_found(state: State, event: kinds.RisksFound) -> None:
    for case in event["over"]:
        state["incidents"].pop(case, None)
    for case in event["told"]:
        entry = state["incidents"].setdefault(case, {"kind": RISK, "since": event["at"]})
        entry["last_at"] = event["at"]
    state["outbox"].extend(cast("list[OutboxEntry]", event["outgoing"]))


def messages_delivered(state: State, event: kinds.MessagesDelivered) -> None:
    delivered = set(event["ids"])
    state["outbox"] = [message for message in state["outbox"] if message.get("id") not in delivered]
    messages_left(state, delivered, are_accepted=not event.get("given_up"))


def delivery_failed(state: State, event: kinds.DeliveryFailed) -> None:
    for message in state["outbox"]:
        if message.get("id") == event["id"]:
            message["failures"] = message.get("failures", 0) + 1
            message["problem"] = event["problem"]
            message["retry_at"] = event["retry_at"]
            if event.get("reached"):
                message["reached"] = event["reached"]
                message_accepted(state, event["id"])


def subscribers_failing(state: State, event: kinds.SubscribersFailing) -> None:
    state["subscribers"] = dict(event["failing"])
