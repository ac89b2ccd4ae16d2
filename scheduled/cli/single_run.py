"""`--at`: a job that runs once, at a time that is typed as people say it."""

import click

from scheduled.cli.context import Session
from scheduled.cli.when import ahead, is_time
from scheduled.errors import ScheduleError, UsageError
from scheduled.system.text import one_line
from scheduled.timing import expression, meant
from scheduled.timing.instants import format_utc

at_option = click.option(
    "--at", "when", metavar="WHEN", help="Run it once, then: 2h, 18:00, tomorrow 8:00, an ISO date."
)


def schedule_at(session: Session, when: str, zone: str | None) -> str:
    """Return the schedule of a single run; times are those of the clock of `zone`.

    Raises UsageError.
    """
    instant = ahead("--at", when, session.now, zone or session.config.timezone)
    return f"at:{format_utc(instant.replace(microsecond=0))}"


def refuse_time(session: Session, schedule: str, zone: str | None) -> None:
    """Raise UsageError for the time of a single run, which no schedule is."""
    words = schedule.removeprefix("at:").strip()
    try:
        expression.parse(schedule, "UTC", seed="any")
    except ScheduleError:
        zone = zone or session.config.timezone
        if meant.schedule(schedule) is None and is_time(words, session.now, zone):
            raise UsageError(
                f'"{one_line(schedule, 60)}" is a time, not a schedule; for a single run write'
                f' --at "{one_line(words, 60)}"'
            ) from None
