"""What has changed in the branches since about a day ago, as the history has it."""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from typing import Any

from scheduled.ecosystem import health_central
from scheduled.ecosystem.health_central import Health
from scheduled.state import nearest_run
from scheduled.state.journal import Journal
from scheduled.timing.instants import format_utc
from scheduled.views import branches

JOB = "health"
"""The built-in job that checks the branches."""
DAY = timedelta(days=1)
ABOUT = timedelta(hours=6)
"""A check so far from a day before still counts as yesterday's."""


def since_yesterday(
    journal: Journal, health: Health, among: Container[str] | None
) -> dict[str, Any] | None:
    """Return `since` of `branches --json`; None if there is no check to compare with.

    It is about the branches of these names, unless that is None. Raises StateError if the journal
    cannot be read.
    """
    earlier = next(_checks(journal, health.checked_at - DAY), None)
    if earlier is None:
        return None
    changes = branches.changes(health, earlier, among)
    return {
        "checked_at": format_utc(earlier.checked_at),
        **{about: change._asdict() for about, change in changes.items()},
    }


def _checks(journal: Journal, wanted: datetime) -> Iterator[Health]:
    """Yield the results of the health checks around a time that are still on record."""
    for ended, result in nearest_run.results(journal, JOB, wanted, ABOUT):
        if isinstance(result, dict) and isinstance(result.get("warnings"), list):
            yield health_central.of_result(result, ended)
