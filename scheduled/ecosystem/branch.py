"""The files in the folder of a branch that a sweep looks at."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from scheduled.ecosystem import timestamps
from scheduled.ecosystem.registry import Branch
from scheduled.system.stamp_cache import StampCache


def updated_at(document: Any, zone: tzinfo) -> datetime | None:
    """Return the newest `last_updated` of the dashboard and its sections, UTC; None if unreadable.

    Each service stamps its own section; the stamp of the whole may lag behind, or be "".
    """
    distinct = {value for value in _stated(document) if isinstance(value, str | int | float)}
    stated = (timestamps.readable(value, zone) for value in distinct)
    return max((moment for moment in stated if moment), default=None)


def _stated(document: Any) -> Iterator[Any]:
    if not isinstance(document, dict):
        return
    yield document.get("last_updated")
    sections = document.get("sections")
    for section in sections.values() if isinstance(sections, dict) else ():
        if isinstance(section, dict):
            yield section.get("last_updated")


TRINITY = ".trinity"
MAILBOXES = ("ai_mail.local", ".ai_mail.local")
DASHBOARD = "DASHBOARD.local.json"
LOGS = "logs"

KINDS = ("local", "observations")
"""The two kinds of memory file."""

_ENDINGS = tuple(f".{kind}.json" for kind in KINDS)
_READMES = {"README.MD", "README.RST", "README.TXT", "README"}
_WANTED = {TRINITY, *MAILBOXES, DASHBOARD, LOGS}


def names_in(branch: Branch, cache: StampCache) -> list[str]:
    """Return the names in a branch's folder that sweeps look at, sorted. Raises OSError."""
    return cache.names(branch.folder, _is_wanted)


def memory_in(branch: Branch, cache: StampCache) -> list[str]:
    """Return the names of memory files in a branch's folder, sorted. Raises OSError."""
    return cache.names(branch.folder, _is_memory)


def memory_kind(name: str) -> str | None:
    """Return the kind of memory file that a name stands for, if any.

    `DASHBOARD.local.json` and `CLOSED_PLANS.local.json` have the ending but are not memory files.
    """
    if not name.endswith(_ENDINGS) or name.startswith(("DASHBOARD", "CLOSED_PLANS")):
        return None
    return name.rsplit(".", 2)[1]


def is_readme(name: str) -> bool:
    """Return whether a name is that of a README, in any letter case."""
    return name.upper() in _READMES


def _is_memory(name: str) -> bool:
    return name == TRINITY or (name.endswith(_ENDINGS) and memory_kind(name) is not None)


def _is_wanted(name: str) -> bool:
    return name in _WANTED or name.endswith(_ENDINGS) or is_readme(name)
