"""Ids in a journal, which become names of locks and directories: checked before they are used."""

import functools
from collections.abc import Mapping
from typing import Any

from scheduled.state.records import ALL_JOBS

LONGEST = 100
_ALLOWED = str.maketrans("", "", "._-")


def check(event: Mapping[str, Any]) -> None:
    """Raise ValueError for an event with an id that no job or run can have."""
    _check(event.get("job"))
    _check(event.get("run_id"))
    state = event.get("state")
    jobs = state.get("jobs") if isinstance(state, Mapping) else None
    for name in jobs if isinstance(jobs, Mapping) else ():
        _check(name)


def _check(name: Any) -> None:
    if name is not None and name != ALL_JOBS and not (isinstance(name, str) and is_id(name)):
        raise ValueError(f"{name!r} is not an id")


@functools.lru_cache(maxsize=1024)  # the ends of runs stand near their starts, of the same jobs
def is_id(name: str) -> bool:
    """Return whether this may be an id: ASCII letters, digits, `.`, `_` and `-`; no path."""
    if not 0 < len(name) <= LONGEST or name[0] in ".-":
        return False
    bare = name.translate(_ALLOWED)
    return name.isascii() and (not bare or bare.isalnum())
