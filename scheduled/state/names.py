"""Ids in a journal, which become names of locks and directories: checked before they are used."""

from collections.abc import Mapping
from typing import Any

from scheduled.state.records import ALL_JOBS

LONGEST = 100
_ALLOWED = str.maketrans("", "", "._-")


def check(event: Mapping[str, Any]) -> None:
    """Raise ValueError for an event with an id that no job or run can have."""
    ids = [event[key] for key in ("job", "run_id") if event.get(key) is not None]
    state = event.get("state")
    jobs = state.get("jobs") if isinstance(state, Mapping) else None
    for name in (*ids, *(jobs if isinstance(jobs, Mapping) else ())):
        if name != ALL_JOBS and not is_id(name):
            raise ValueError(f"{name!r} is not an id")


def is_id(name: Any) -> bool:
    """Return whether this may be an id: ASCII letters, digits, `.`, `_` and `-`; no path."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST or name[0] in ".-":
        return False
    bare = name.translate(_ALLOWED)
    return name.isascii() and (not bare or bare.isalnum())
