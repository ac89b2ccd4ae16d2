"""Wall times without croniter are those of croniter, near today and far from it."""

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from scheduled.errors import ScheduleError
from scheduled.timing import expression, wall_times
from scheduled.timing.schedule import Cron
from tests.builders import soak

TODAY = date(2026, 11, 21)
CASES = soak.count(600, 20_000)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(wall_times, "_remembered", {})
    monkeypatch.setattr(wall_times, "_asked", {})
    wall_times.of.cache_clear()
    yield
    wall_times.of.cache_clear()


def cron(text: str) -> Cron:
    form = expression.parse(text, "UTC").form
    assert isinstance(form, Cron)
    return form


def random_cron(chance: random.Random) -> Cron:
    minute = chance.choice(("*", "*/7", "0", "5,59", "0-59/20", "59"))
    hour = chance.choice(("*", "0", "23", "*/5", "8-17", "0,12"))
    day = chance.choice(("*", "*", "1", "31", "29", "*/10", "15,28-31"))
    month = chance.choice(("*", "*", "2", "*/3", "12", "4,6"))
    weekday = chance.choice(("*", "*", "0", "1-5", "6", "*/2"))
    text = f"{minute} {hour} {day} {month} {weekday}"
    try:
        return cron(text)
    except ScheduleError:  # there is no such date
        return random_cron(chance)


def random_wall(chance: random.Random) -> datetime:
    """Mostly near today, at the ends of the remembered stretch, and at midnight."""
    days = chance.choice(
        (
            chance.randrange(-5, 5),
            chance.randrange(-wall_times.BEHIND - 3, wall_times.AHEAD + 3),
            chance.choice((-wall_times.BEHIND, wall_times.AHEAD)) + chance.randrange(-2, 3),
            chance.randrange(-20_000, 20_000),
        )
    )
    minute = chance.choice((0, 1, 23 * 60 + 59, chance.randrange(24 * 60)))
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day)
    return midnight + timedelta(days=days, minutes=minute, seconds=chance.choice((0, 0.5, 59)))


def test_what_is_remembered_is_what_croniter_says() -> None:
    forms = set()
    for seed in range(CASES):
        chance = random.Random(seed)
        fields = random_cron(chance)
        wall_times.of(fields)
        wall_times.remember(wall_times.forecast(TODAY))
        known, oracle = wall_times.of(fields), wall_times.ByCroniter(fields)
        forms.add(type(known).__name__)
        for _ in range(8):
            wall = random_wall(chance)
            found = known.after(wall), known.latest(wall)
            assert found == (oracle.after(wall), oracle.latest(wall)), (seed, fields, wall)
    assert forms == {"_Daily", "_Remembered"}


def test_only_what_is_asked_for_and_lacks_days_is_forecast() -> None:
    assert wall_times.forecast(TODAY) == {}
    wall_times.of(cron("0 8 * * *"))
    assert wall_times.forecast(TODAY) == {}

    wall_times.of(cron("0 8 * * 1"))
    wall_times.of(cron("30 9 * * mon"))
    days = wall_times.forecast(TODAY)
    wall_times.remember(days)

    assert list(days) == ["* * 1"]
    monday = date(2026, 11, 23).toordinal() - days["* * 1"].first
    assert days["* * 1"].matches[monday - 1 : monday + 8] == "010000001"
    assert wall_times.asked() == days
    assert wall_times.forecast(TODAY) == {}
    ahead = wall_times.AHEAD - wall_times.RENEWED
    assert wall_times.forecast(TODAY + timedelta(days=ahead - 1)) == {}
    assert list(wall_times.forecast(TODAY + timedelta(days=ahead))) == ["* * 1"]
    assert list(wall_times.forecast(TODAY - timedelta(days=1000))) == ["* * 1"]


def test_many_different_days_are_forecast_a_few_at_a_time() -> None:
    for day in range(1, 29):
        wall_times.of(cron(f"0 8 {day} * *"))

    wall_times.remember(first := wall_times.forecast(TODAY))
    wall_times.remember(second := wall_times.forecast(TODAY))

    assert len(first) == wall_times.MOST_FORECAST
    assert first.keys() | second.keys() == wall_times.asked().keys()
    assert wall_times.forecast(TODAY) == {}


def test_croniter_is_not_imported_for_what_is_known() -> None:
    code = """
import sys
from datetime import datetime
from scheduled.errors import ScheduleError
from scheduled.timing import expression, wall_times
daily, weekly = (expression.parse(text, "UTC").form for text in ("*/5 8 * * *", "0 8 * * 1"))
wall_times.remember({"* * 1": wall_times.Days(739_000, "0010000001")})
day = datetime.fromordinal(739_000)
print(wall_times.of(daily).after(day), wall_times.of(weekly).after(day).toordinal())
print("croniter" in sys.modules)
print(wall_times.of(weekly).after(datetime(2026, 11, 21)), "croniter" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    day = date.fromordinal(739_000)
    assert done.stdout.splitlines() == [
        f"{day} 08:00:00 739002",
        "False",
        "2026-11-23 08:00:00 True",
    ]
