"""Where else no run is taken, as the document has it: by place, see `Job.place`."""

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds
    from scheduled.state.document import State

MOST = 100
"""So many are kept; of executors that are no longer configured nobody ever hears again."""


class UnreachedEntry(TypedDict):
    """An executor, with the resources wanted there, that has taken no run `since`.

    `count` runs in a row were tried, the last one `at` a time, and not started for a `reason`.
    """

    since: str
    at: str
    reason: str
    count: int


def note(state: "State", event: "kinds.NotNow") -> None:
    """Note that a place took no run, if that is what an event says."""
    if "unreached" not in event:
        return
    places = state.setdefault("unreached", {})
    before = places.pop(event["unreached"], None)
    at = event.get("at", "")
    places[event["unreached"]] = {
        "since": before["since"] if before else at,
        "at": at,
        "reason": event["reason"],
        "count": 1 + (before["count"] if before else 0),
    }
    while len(places) > MOST:
        del places[min(places, key=lambda place: places[place]["at"])]


def forget(state: "State", event: "kinds.RunEnded | kinds.NotNow") -> None:
    """Forget that a place took no run, if an event says that it has taken one."""
    if "reached" in event:
        state.get("unreached", {}).pop(event["reached"], None)
