"""Calendar expressions of systemd, against systemd itself."""

import random
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduled.config.importers import calendar_spec
from scheduled.errors import ScheduleError
from scheduled.timing import expression, slots
from tests.builders import needs, soak

BASE = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAYS = ("Mon", "Tue", "wednesday", "THU", "Fri", "Sat", "Sunday")
SHORT = ("minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semi-annually", "noon")


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("Mon..Fri 08:00", "0 8 * * 1-5"),
        ("weekly", "0 0 * * 1"),  # cron's week begins on Sunday
        ("hourly", "0 * * * *"),
        ("quarterly", "0 0 1 */3 *"),
        ("*:0/15", "*/15 * * * *"),
        ("*-*-* 06,18:00", "0 6,18 * * *"),
        ("*-*-1..7 4:30:00", "30 4 1-7 * *"),
        ("Sat,Sun *-1..3-* 9..17/4:05", "5 9-17/4 * 1-3 0,6"),
        ("2031-02-03 04:05", "at:2031-02-03T04:05"),
        ("31-02-03", "at:2031-02-03T00:00"),
    ],
)
def test_e15_an_expression_as_a_schedule(text: str, schedule: str) -> None:
    assert calendar_spec.translate(calendar_spec.parse(text)).schedule == schedule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("*:*:30", "a second other than 0"),
        ("*:*:*", "a second other than 0"),
        ("*:*:0/10", "a second other than 0"),
        ("2027-*-01", "years, for which cron has no field"),
        ("*-02-30", "that never come"),
        ("Mon *-*-1..7 25:00", '"25" is out of range 0-23'),
        ("Fri..Mon", "a week begins on Monday"),
        ("*/5:00", '"*/5" is not understood'),
        ("Mon 00:00:00 Mars/Base", '"Mars/Base" is no time zone'),
        ("@1700000000", "an instant in seconds"),
        ("", "an empty expression"),
        ("every day", "is no"),
        ("9" * 5000, "is no"),
        ("*:" + ",".join("1" * 300), "a list of more than"),
    ],
)
def test_e15_what_cannot_be_said_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ScheduleError, match=re.escape(reason)):
        calendar_spec.translate(calendar_spec.parse(text))


def test_e15_both_days_have_to_match_as_in_systemd() -> None:
    spec = calendar_spec.parse("Fri *-*-13 12:00 Europe/Berlin")

    assert calendar_spec.translate(spec) == ("0 12 13 * *", frozenset({5}), "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("*-*~01 8:00", "0 8 L * *"),
        ("*-*~3,1 7:30", "30 7 L,L-2 * *"),
        ("Fri *-*~07/1 17:00", "0 17 * * 5L"),
        ("Mon *-2,5~01..07 3:00", "0 3 * 2,5 1L"),
        ("Mon,Fri *-*-1..7 8:00", "0 8 * * mon#1,fri#1"),
        ("Tue *-*-22..28 1:00", "0 1 * * tue#4"),
        ("Sun *-*-1,5,9 2:00", "0 2 */31,5,9 * 0"),
    ],
)
def test_e15_the_last_days_and_the_weekdays_of_a_month(text: str, schedule: str) -> None:
    needs.programs("systemd-analyze")

    assert calendar_spec.translate(calendar_spec.parse(text)).schedule == schedule
    assert _compared(text) == ""


@pytest.mark.parametrize("seed", range(4))
def test_e15_random_expressions_fire_when_systemd_has_them_fire(seed: int) -> None:
    needs.programs("systemd-analyze")
    chance = random.Random(seed)
    count = soak.count(25, 2500)

    found = [_compared(_expression(chance)) for _ in range(count)]

    assert [problem for problem in found if problem] == []


def _compared(text: str) -> str:
    """What differs between systemd and us, or ''."""
    base = BASE.strftime("--base-time=%Y-%m-%d %H:%M:%S UTC")
    answer = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=5", base, text],
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        spec = calendar_spec.parse(text)
    except ScheduleError as error:
        return f"{text}: refused: {error}" if answer.returncode == 0 else ""
    if answer.returncode:
        return f"{text}: accepted, though systemd does not"
    stamps = re.findall(r"(?:elapse|#\d+): \w+ ([\d-]+ [\d:]+) UTC", answer.stdout)
    theirs = [datetime.fromisoformat(f"{stamp}+00:00") for stamp in stamps]
    try:
        ours = list(_next(spec, len(theirs)))
    except ScheduleError:
        return ""
    if re.search(r"(?:^| )[^ :]*/[^ :]*:", text):
        # systemd 252 passes over the first of repeated hours on the 1st of a month.
        hour = min(spec.hours)
        ours, theirs = _without_first(ours, hour), _without_first(theirs, hour)
        shorter = min(len(ours), len(theirs))
        ours, theirs = ours[:shorter], theirs[:shorter]
    return "" if ours == theirs else f"{text}: {ours} instead of {theirs}"


def _without_first(instants: list[datetime], hour: int) -> list[datetime]:
    return [instant for instant in instants if (instant.day, instant.hour) != (1, hour)]


def _next(spec: calendar_spec.Spec, count: int) -> Iterator[datetime]:
    found = calendar_spec.translate(spec)
    schedule = expression.parse(found.schedule, found.zone or "UTC")
    zone, at = ZoneInfo(found.zone or "UTC"), BASE
    while count:
        slot = slots.following(schedule, at, BASE)
        if slot is None:
            return
        at = slot
        if not found.only_on or slot.astimezone(zone).isoweekday() % 7 in found.only_on:
            count -= 1
            yield slot


def _expression(chance: random.Random) -> str:
    if chance.random() < 0.08:
        return chance.choice(SHORT)
    parts = []
    if chance.random() < 0.4:
        first, last = chance.choice(DAYS), chance.choice(DAYS)
        parts.append(
            chance.choice([first, f"{first},{last}", f"{first}..{last}", f"{first}-{last}"])
        )
    if chance.random() < 0.6:
        year = chance.choice(["", "*-", "*-", "2027-"])
        days = f"-{_list(chance, 1, 31, 0.3)}"
        if chance.random() < 0.15:  # of some lists of these, systemd accepts only the shorter ones
            days = f"~{_element(chance, 1, 31)}"
        parts.append(f"{year}{_list(chance, 1, 12, 0.7)}{days}")
    if chance.random() < 0.9 or not parts:
        second = chance.choice(["", "", ":00", ":0", ":30"])
        # Few times a day: days are what may go wrong.
        hour, minute = _list(chance, 0, 23, 0.1), _list(chance, 0, 59, 0.1)
        parts.append(f"{hour}:{minute}{second}")
    if chance.random() < 0.15:
        parts.append(chance.choice(["UTC", "utc", "Asia/Tokyo", "Nowhere/X"]))
    return " ".join(parts)


def _list(chance: random.Random, low: int, high: int, star: float) -> str:
    if chance.random() < star:
        return "*"
    return ",".join(_element(chance, low, high) for _ in range(chance.choice([1, 1, 2])))


def _element(chance: random.Random, low: int, high: int) -> str:
    first, last = chance.randint(low, high), chance.randint(low, high)
    step = chance.randint(1, 5)
    forms = [f"{first}", f"{first:02}", f"{first}..{last}", f"{first}/{step}"]
    return chance.choice([*forms, f"{first}..{last}/{step}"])
