"""How often a tick is to be expected: what the configuration says, else what was installed.

Whatever tells silence from patience asks here: gaps, lateness, the health that `status` shows.
What `cron install` wrote is kept in the state, for a crontab says nothing to those who may not
read it, and asking it would cost each tick more than the tick. Pure.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduled.errors import UsageError
from scheduled.state.document import State
from scheduled.timing import durations
from scheduled.timing.instants import parse_utc

DEFAULT_SECONDS = 60.0
"""Seconds between two ticks where nobody has said anything."""
SILENCE_TICKS = 2.5
"""No tick for this many intervals is a gap that gets explained."""


@dataclass(frozen=True)
class Cadence:
    """How often a tick is expected, since when that is so, and how often it was before."""

    interval: timedelta
    since: datetime | None = None
    """None where it has always been so, as far as is known."""
    before: timedelta = timedelta(seconds=DEFAULT_SECONDS)

    def tolerance(self, last: datetime | None) -> timedelta:
        """For how long after a tick at `last` the next one need not be missed.

        Whoever goes over from each hour to each minute has not been without ticks since.
        """
        changed_since = self.since is not None and last is not None and last < self.since
        return SILENCE_TICKS * (max(self.interval, self.before) if changed_since else self.interval)


def current(configured: float | None, state: State) -> Cadence:
    """The cadence in force; `configured` is the configuration's `tick_interval` in seconds."""
    if configured is not None:
        return Cadence(timedelta(seconds=configured))
    kept = state["cadence"]
    return Cadence(
        timedelta(seconds=kept.get("seconds") or DEFAULT_SECONDS),
        parse_utc(kept.get("since")),
        timedelta(seconds=kept.get("before") or DEFAULT_SECONDS),
    )


def parse(interval: str) -> timedelta:
    """Return the interval that `--every` names: minutes, `15`, or a duration, `15m` or `2h`.

    Raise UsageError for what does not divide the hour or the day: calendars start counting anew
    each hour and each day, so `*/7` would fire after 7 minutes eight times and then after 4.
    """
    text = interval.strip().lower()
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
            f"a tick every {minutes} minutes: cron counts anew each hour and each day, and that"
            " does not divide them evenly; use 1 2 3 4 5 6 10 12 15 20 30 minutes"
            " or 1h 2h 3h 4h 6h 8h 12h 24h"
        )
    return timedelta(minutes=minutes)
