"""Instants as they are written: ISO 8601 in UTC, with `Z`."""

from datetime import UTC, datetime

_YEARS = range(1000, 9000)
"""There are slots in no other: a search that began there would run into the end of datetime."""


def format_utc(moment: datetime) -> str:
    """An instant as it stands in state and journal: UTC, `Z`, microseconds only if there are."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_utc(text: str | None) -> datetime | None:
    """The instant that `format_utc` wrote; None for None and for what is no instant of ours."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
        instant = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant.year in _YEARS else None
