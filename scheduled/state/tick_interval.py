"""How often a tick is expected: what the configuration says, else what was installed. Pure.

Gaps, lateness and the health in `status` depend on it. What `cron install` wrote is kept in the
state: not everybody may read the crontab, and reading it would cost more than a tick.
"""

import re
from datetime import datetime, timedelta

from scheduled.errors import UsageError
from scheduled.quick_classes import NamedTuple
from scheduled.state.document import State
from scheduled.timing import durations
from scheduled.timing.instants import parse_utc

DEFAULT_SECONDS = 60.0
"""Seconds between two ticks if nothing is configured or installed."""
SILENCE_TICKS = 2.5
"""No tick for this many intervals is a gap, and its cause is recorded."""


class Cadence(NamedTuple):
    """How often a tick is expected, since when, and how often it was before."""

    interval: timedelta
    since: datetime | None = None
    """None if it has not changed, as far as is known."""
    before: timedelta = timedelta(seconds=DEFAULT_SECONDS)

    def tolerance(self, last: datetime | None) -> timedelta:
        """Return how long after a tick at `last` the next one is not yet overdue.

        After a change of the interval, the longer one counts for a tick before the change.
        """
        changed_since = self.since is not None and last is not None and last < self.since
        return SILENCE_TICKS * (max(self.interval, self.before) if changed_since else self.interval)


def current(configured: float | None, state: State) -> Cadence:
    """Return the cadence in force; `configured` is `tick_interval` in seconds, if it is set."""
    if configured is not None:
        return Cadence(timedelta(seconds=configured))
    installed = state["cadence"]
    return Cadence(
        timedelta(seconds=installed.get("seconds") or DEFAULT_SECONDS),
        parse_utc(installed.get("since")),
        timedelta(seconds=installed.get("before") or DEFAULT_SECONDS),
    )


def parse(interval: str) -> timedelta:
    """Return the interval that `--every` names: minutes, `15`, or a duration, `15m` or `2h`.

    Raise UsageError for what does not divide the hour or the day: cron starts counting again
    each hour and each day, so `*/7` would fire eight times after 7 minutes and then after 4.
    """
    from scheduled.timing import meant  # a tick need not read what is typed

    text = meant.duration(interval) or interval.strip().lower()
    bare = re.fullmatch(r"([1-9]\d{0,3})\s*(?:min)?", text)
    if bare:
        seconds = float(bare[1]) * 60
    else:
        seconds = durations.parse(text) if re.fullmatch(durations.WITH_UNITS, text) else 0
    if not seconds or seconds % 60:
        raise UsageError(f"--every {interval}: expected minutes (15, 15m) or hours (2h)")
    minutes = int(seconds // 60)
    hours, rest = divmod(minutes, 60)
    if 60 % minutes and (rest or 24 % hours):
        raise UsageError(
            f"a tick every {minutes} minutes: cron starts counting again each hour and each day,"
            " so the interval has to divide them; use 1 2 3 4 5 6 10 12 15 20 30 minutes"
            " or 1h 2h 3h 4h 6h 8h 12h 24h"
        )
    return timedelta(minutes=minutes)
