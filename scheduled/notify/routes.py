"""Routes: which events are told to whom, as messages. Pure.

An event has something to say if its data have `message = {"subject", "body", "key"}`. The route
with its name says to whom; without a route or without `message` nobody is told. The `key` names a
standing notice, which has one entry in the recipient's inbox. With a `fingerprint` (any text) the
event says which part of a notice makes it news, so that a time of day in its body does not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduled.notify.message import PRIORITIES, Message, digest

AFFECTED = "@branch"
"""In a route: the branch that the event is about (`email` in its data)."""

CENTRAL = "@dev_central"
"""The recipient of messages that have no other."""

Route = Mapping[str, Any]
"""`{"to": an address or a list of them, "priority": one of PRIORITIES}`."""

DEFAULTS: Mapping[str, Route] = {
    # The seed's table "Who Gets What".
    "memory_threshold_exceeded": {"to": AFFECTED, "priority": "normal"},
    "health_check_complete": {"to": "@assistant", "priority": "high"},
    "stale_mail": {"to": AFFECTED, "priority": "low"},
    "daily_report": {"to": CENTRAL, "priority": "normal"},
    "data_loss_risk": {"to": CENTRAL, "priority": "critical"},
}


def messages_for(
    event: str,
    data: Mapping[str, Any],
    routes: Mapping[str, Any],
    created: datetime,
    *,
    seed: str,
) -> list[Message]:
    """Return the messages about an event, one for each recipient.

    `routes` is the configured table, laid over DEFAULTS: an entry overrides the keys it has, null
    mutes the event. `seed` identifies the event (a run and its number there), so that the ids of
    its messages are always the same.
    """
    content = data.get("message")
    route = _route(event, routes)
    if not isinstance(content, Mapping) or route is None:
        return []
    subject, key = _text(content.get("subject")) or event, _text(content.get("key")) or None
    return [
        Message(
            to=to,
            subject=subject,
            body=_text(content.get("body")),
            priority=str(route.get("priority", "normal")),
            key=key,
            id=digest(seed, event, key or subject, to)[:8],
            created=created,
            fingerprint=_text(content.get("fingerprint")),
        )
        for to in _recipients(route, data)
    ]


def problems(routes: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a configured table, a sentence each; wrong entries are ignored."""
    return [
        f"routes.{event}: {problem}"
        for event, route in routes.items()
        if (problem := _problem(route)) is not None
    ]


def _route(event: str, routes: Mapping[str, Any]) -> Route | None:
    default = DEFAULTS.get(event)
    if event not in routes or _problem(routes[event]) is not None:
        return default
    configured = routes[event]
    if configured is None:
        return None
    route = {**(default or {}), **configured}
    return route if "to" in route else None


def _problem(route: Any) -> str | None:
    if route is None:
        return None
    if not isinstance(route, Mapping):
        return f"{route!r}: expected {{to: address, priority: ...}}, or null to send nothing"
    to, priority = route.get("to", AFFECTED), route.get("priority", "normal")
    if not all(isinstance(address, str) and address.strip("@ ") for address in _as_list(to)):
        return f"to: {to!r} is not an address or a list of addresses"
    if priority not in PRIORITIES:
        return f"priority: {priority!r}: expected one of {', '.join(PRIORITIES)}"
    return None


def _recipients(route: Route, data: Mapping[str, Any]) -> list[str]:
    affected = _text(data.get("email")) or CENTRAL
    addresses = [affected if to == AFFECTED else to for to in _as_list(route["to"])]
    return list(dict.fromkeys(addresses))


def _as_list(to: Any) -> list[Any]:
    return to if isinstance(to, list) else [to]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
