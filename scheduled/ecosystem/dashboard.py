"""A branch's dashboard, `DASHBOARD.local.json`: when its services last wrote to it."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from scheduled.ecosystem import timestamps


def updated_at(document: Any, zone: tzinfo) -> datetime | None:
    """The newest `last_updated` of the dashboard and its sections, UTC; None if none is readable.

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
