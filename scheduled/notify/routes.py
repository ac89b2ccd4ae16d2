"""Who is told what: from an event to messages. Pure.

An event whose data hold `message = {"subject", "body", "key"}` has something to say. The route
of its name says to whom; without a route, or without that `message`, nobody is written to. The
`key` names a standing notice, kept in one slot of the recipient's inbox; with `fingerprint`
(any text) the event says which part of a notice makes it news, so that the time of day in its
body does not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduled.notify.message import PRIORITIES, Message, digest

AFFECTED = "@branch"
"""In a route: the branch the event is about (`email` in its data)."""

CENTRAL = "@dev_central"
"""Who reads what has no other reader."""

Route = Mapping[str, Any]
"""`{"to": address or list of them, "priority": one of PRIORITIES}`."""

DEFAULTS: Mapping[str, Route] = {
    # The seed's table "Who Gets What".
    "memory_threshold_exceeded": {"to": AFFECTED, "priority": "normal"},
    "health_check_complete": {"to": "@assistant", "priority": "high"},
    "stale_mail": {"to": AFFECTED, "priority": "low"},
    "daily_report": {"to": CENTRAL, "priority": "normal"},
    "data_loss_risk": {"to": CENTRAL, "priority": "critical"},
}


def routed(
    event: str,
    data: Mapping[str, Any],
    routes: Mapping[str, Any],
    created: datetime,
    *,
    seed: str,
) -> list[Message]:
    """The messages an event gives rise to, one a recipient.

    `routes` is the configured table, laid over DEFAULTS: an entry replaces what it names and
    keeps the rest, null mutes. `seed` names this very event (a run and its number there), so
    that computing the messages again gives the same ids.
    """
    said = data.get("message")
    route = _route(event, routes)
    if not isinstance(said, Mapping) or route is None:
        return []
    subject, key = _text(said.get("subject")) or event, _text(said.get("key")) or None
    return [
        Message(
            to=to,
            subject=subject,
            body=_text(said.get("body")),
            priority=str(route.get("priority", "normal")),
            key=key,
            id=digest(seed, event, key or subject, to)[:8],
            created=created,
            fingerprint=_text(said.get("fingerprint")),
        )
        for to in _recipients(route, data)
    ]


def problems(routes: Mapping[str, Any]) -> list[str]:
    """What is wrong with a configured table, a sentence each; a wrong entry is not used."""
    return [
        f"routes.{event}: {wrong}"
        for event, route in routes.items()
        if (wrong := _wrong(route)) is not None
    ]


def _route(event: str, routes: Mapping[str, Any]) -> Route | None:
    default = DEFAULTS.get(event)
    if event not in routes or _wrong(routes[event]) is not None:
        return default
    configured = routes[event]
    if configured is None:
        return None
    route = {**(default or {}), **configured}
    return route if "to" in route else None


def _wrong(route: Any) -> str | None:
    if route is None:
        return None
    if not isinstance(route, Mapping):
        return f"{route!r}: expected {{to: address, priority: ...}}, or null to tell nobody"
    to, priority = route.get("to", AFFECTED), route.get("priority", "normal")
    if not all(isinstance(one, str) and one.strip("@ ") for one in _listed(to)):
        return f"to: {to!r} is no address, and no list of addresses"
    if priority not in PRIORITIES:
        return f"priority: {priority!r}: expected one of {', '.join(PRIORITIES)}"
    return None


def _recipients(route: Route, data: Mapping[str, Any]) -> list[str]:
    affected = _text(data.get("email")) or CENTRAL
    named = [affected if one == AFFECTED else one for one in _listed(route["to"])]
    return list(dict.fromkeys(named))


def _listed(to: Any) -> list[Any]:
    return to if isinstance(to, list) else [to]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
