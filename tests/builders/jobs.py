"""Jobs as tests want them: one argument says what the test is about, the rest is ordinary."""

from datetime import UTC, datetime
from typing import Any

from scheduled.jobs.model import Job

RARELY = "0 3 29 2 *"
"""A schedule that does not come due while a test runs under the real clock: at the end of an hour,
a day, a month or a year an hourly or daily one may. Once in four years there are some minutes."""


def job(id: str = "backup", schedule: str = "0 * * * *", **fields: Any) -> Job:  # noqa: A002
    """An hourly command job in UTC that does nothing, but for what is said."""
    ordinary: dict[str, Any] = {"timezone": "UTC"}
    if "handler" not in fields:
        ordinary["command"] = "true"
    return Job(id=id, schedule=schedule, **ordinary | fields)


def at(text: str) -> datetime:
    """`12:10` on the day the tests live in, or a whole ISO date and time; UTC."""
    if len(text) <= 8:
        text = f"2026-11-21T{text}"
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
