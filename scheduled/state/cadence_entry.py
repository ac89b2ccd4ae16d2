"""How often ticks are expected, as the document has it."""

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:  # every tick would pay for loading what only a type checker reads
    from scheduled.state import event_types as kinds


class CadenceEntry(TypedDict, total=False):
    """How often ticks are expected, according to what was installed."""

    seconds: float | None
    since: str | None
    before: float | None
    installed: dict[str, float]


def installed(before: CadenceEntry, event: "kinds.TickIntervalInstalled") -> CadenceEntry:
    """Return the entry that an event makes of the one before."""
    found = dict(before.get("installed", {}))
    if event["seconds"] is None:
        found.pop(event["by"], None)
    else:
        found[event["by"]] = event["seconds"]
    # Of several that call, the most frequent one sets what is to be expected.
    seconds = min(found.values(), default=None)
    if seconds == before.get("seconds"):
        return {**before, "installed": found}
    return {
        "seconds": seconds,
        "since": event["at"],
        "before": before.get("seconds"),
        "installed": found,
    }
