"""Cron expressions in words: those that people write, and themselves where no sentence is true."""

import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduled.timing import expression, slots
from scheduled.views.schedule_label import label

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 9 * * *", "Daily at 09:00"),
        ("@daily", "Daily at 00:00"),
        ("0 0 * * 0", "Weekly on Sunday at 00:00"),
        ("0 0 * * 7", "Weekly on Sunday at 00:00"),
        ("weekly", "Weekly on Sunday at 00:00"),
        ("0 9 * * MON-fri", "Monday to Friday at 09:00"),
        ("0 9 * * 1,4", "On Monday and Thursday at 09:00"),
        ("5 9,12,17 * * *", "Daily at 09:05, 12:05 and 17:05"),
        ("@hourly", "Hourly"),
        ("05 * * * *", "Hourly at minute 5"),
        ("30 */2 * * *", "Every 2 hours at minute 30"),
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/10 * * * sat", "Every 10 minutes, on Saturday"),
        ("0 0 1 * *", "Monthly on day 1 at 00:00"),
        ("0 6 25 dec *", "Yearly on December 25 at 06:00"),
        ("*/7 * * * *", "Cron expression */7 * * * *"),
        ("*/5 9-17 * * *", "Cron expression */5 9-17 * * *"),
        ("0 0 13 * 5", "Cron expression 0 0 13 * 5"),
        ("0 9 * 1 *", "Cron expression 0 9 * 1 *"),
    ],
)
def test_an_expression_in_words(text: str, words: str) -> None:
    assert label(expression.parse(text, "UTC")) == words


@pytest.mark.parametrize("step", range(1, 60))
def test_every_so_many_minutes_is_said_only_where_it_is_true(step: int) -> None:
    schedule = expression.parse(f"*/{step} * * * *", "UTC")
    start = datetime(2026, 11, 21, tzinfo=UTC)

    found = [*slots.between(schedule, start, start + timedelta(hours=3), start)]

    is_even = len({after - before for before, after in itertools.pairwise(found)}) == 1
    says_every = label(schedule) == ("Every minute" if step == 1 else f"Every {step} minutes")
    assert says_every == is_even
