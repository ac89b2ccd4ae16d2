"""Calendars of real files: a year of them against days that are counted by hand, in four zones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduled.config import calendar_files, icalendar_files
from scheduled.config.calendar_contract import InvalidCalendar, Span
from scheduled.jobs.schedule import schedule_of
from scheduled.timing import slots
from scheduled.timing.calendars import Calendars
from scheduled.timing.day_words import name_of
from scheduled.views.job import definition
from tests.builders.calendars import CalendarHome

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati")
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
TEAM = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//team//EN
BEGIN:VEVENT
UID:christmas
SUMMARY:Christmas
DTSTART;VALUE=DATE:20201225
DTEND;VALUE=DATE:20201227
RRULE:FREQ=YEARLY
EXDATE;VALUE=DATE:20281225
END:VEVENT
BEGIN:VEVENT
UID:retreat
DTSTART;VALUE=DATE:20260914
DTEND;VALUE=DATE:20260918
END:VEVENT
BEGIN:VEVENT
UID:planning
SUMMARY:the first Monday of each month\\, all day
DTSTART;VALUE=DATE:20260105
RRULE:FREQ=MONTHLY;BYDAY=1MO
EXDATE;VALUE=DATE:20260406
END:VEVENT
BEGIN:VEVENT
UID:planning
RECURRENCE-ID;VALUE=DATE:20260601
DTSTART;VALUE=DATE:20260603
END:VEVENT
BEGIN:VEVENT
UID:night shift
DTSTART;TZID=Europe/Berlin:20260306T220000
DTEND;TZID=Europe/Berlin:20260307T060000
RRULE:FREQ=WEEKLY;INTERVAL=4;COUNT=8
END:VEVENT
BEGIN:VEVENT
UID:until midnight
DTSTART:20260710T180000Z
DTEND:20260711T000000Z
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTART;VALUE=DATE:20260803
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""


def days_of_team(zone: str) -> set[date]:
    """The days of the calendar in 2026, counted without any package."""
    found = {date(2026, 12, 25), date(2026, 12, 26), date(2026, 6, 3)}
    found |= {date(2026, 9, day) for day in range(14, 18)}
    for month in {*range(1, 13)} - {4, 6}:
        found.add(next(date(2026, month, day) for day in range(1, 8) if _is_monday(month, day)))
    for number in range(8):
        begin = datetime(2026, 3, 6, 22, tzinfo=BERLIN) + 4 * number * 7 * DAY
        end = datetime(2026, 3, 7, 6, tzinfo=BERLIN) + 4 * number * 7 * DAY
        found |= {*_touched(begin, end, zone)}
    utc = datetime(2026, 7, 10, 18, tzinfo=UTC)
    return found | {*_touched(utc, utc + timedelta(hours=6), zone)}


def _is_monday(month: int, day: int) -> bool:
    return date(2026, month, day).weekday() == 0


def _touched(begin: datetime, end: datetime, zone: str) -> Iterator[date]:
    moment = begin.astimezone(UTC)
    while moment < end.astimezone(UTC):
        yield moment.astimezone(ZoneInfo(zone)).date()
        moment += timedelta(minutes=30)


@pytest.mark.parametrize("move", ["skip", "next", "previous"])
@pytest.mark.parametrize("zone", ZONES)
def test_e4_a_year_with_an_icalendar_file_is_that_of_brute_force(
    root: Path, zone: str, move: str
) -> None:
    home = CalendarHome(root)
    home.write("team.ics", TEAM.replace("\n", "\r\n"))
    line = f'daily: schedule: "30 2 * * *", not_on: [team, sun], move: {move}'
    home.configure(line, "calendars: {team: team.ics}", zone)
    (job,) = (job for job in home.config.jobs if job.id == "daily")
    off, tz = days_of_team(zone), ZoneInfo(zone)

    def runs(day: date) -> bool:
        return day not in off and day.weekday() != 6

    expected = set()
    for number in range(-30, 395):
        day = date(2026, 1, 1) + number * DAY
        step = {"skip": None, "next": DAY, "previous": -DAY}[move]
        while not runs(day) and step is not None:
            day += step
        if runs(day) and day.year == 2026:
            expected.add(day)

    start = datetime(2026, 1, 1, tzinfo=tz)
    found = slots.between(schedule_of(job), start, datetime(2027, 1, 1, tzinfo=tz), start)
    walls = [slot.astimezone(tz) for slot in found]
    assert [wall.date() for wall in walls] == sorted(expected)
    assert {(wall.hour, wall.minute) for wall in walls} <= {(2, 30), (3, 0)}


def read(text: str, path: str = "team.ics") -> list[str]:
    calendar = calendar_files.read(path, text.encode(), Span.around(2026))
    pairs = zip(calendar.days.firsts, calendar.days.lasts, strict=True)
    return [f"{name_of(first)}..{name_of(last)}" for first, last in pairs]


def event(*lines: str) -> str:
    body = "\n".join(("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}\nEND:VCALENDAR\n"


FIRST = "DTSTART;VALUE=DATE:20261225"


def test_an_event_without_an_end_is_one_day_and_a_duration_counts() -> None:
    assert read(event("DTSTART;VALUE=DATE:20261225")) == ["2026-12-25..2026-12-25"]
    lasting = event("DTSTART;VALUE=DATE:20261225", "DURATION:P3D")
    assert read(lasting) == ["2026-12-25..2026-12-27"]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=SECONDLY"], "within a day"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY;BYHOUR=" + "1," * 30 + "2"], "within"),
        (["DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY"], "more than"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=SOMETIMES"], "RRULE"),
        (["DTSTART;VALUE=DATE:2026122"], "DTSTART|not understood"),
        (["SUMMARY:no start"], "no DTSTART"),
        (["DTSTART;TZID=Mars/Base:20261225T100000"], "time zone Mars/Base is not known"),
        (["DTSTART;VALUE=DATE:20261227", "DTEND;VALUE=DATE:20261225"], "ends before it begins"),
        (["BEGIN:VALARM"], "damaged"),
        (["DTSTART;VALUE=DATE:20261227", "DURATION:-P2D"], "ends before it begins"),
        (
            [
                "DTSTART;TZID=America/New_York:20261225T200000",
                "DTEND;TZID=Europe/Berlin:20261226T010000",
            ],
            "ends before it begins",
        ),
        ([FIRST, "RRULE:FREQ=DAILY;INTERVAL=0"], "INTERVAL is not 1 or more"),
        ([FIRST, "RRULE:FREQ=DAILY;INTERVAL=-1"], "INTERVAL is not 1 or more"),
        ([FIRST, "RRULE:FREQ=DAILY;COUNT=0"], "COUNT is not 1 or more"),
        ([FIRST, "RRULE:"], "FREQ is missing"),
        (["DTSTART:20261225T000000", "RRULE:YD1 20301225T000000"], "FREQ is missing"),
        ([FIRST, "RRULE:FREQ=DAILY;COUNT=5", "EXRULE:FREQ=WEEKLY"], "EXRULE is not understood"),
        ([FIRST, "EXDATE;TZID=Mars/Base:20261226T100000"], "Mars/Base is not known"),
        (["DTSTART:20261225T100000Z", "RDATE;TZID=Mars/Base:20261226T100000"], "Mars/Base is not"),
    ],
)
def test_an_event_that_is_not_understood_makes_the_whole_calendar_wrong(
    lines: list[str], problem: str
) -> None:
    with pytest.raises(InvalidCalendar, match=problem):
        read(event(*lines))


def test_an_event_may_end_by_another_clock_than_it_begins_by() -> None:
    flight = (
        "DTSTART;TZID=Europe/Berlin:20261226T010000",
        "DTEND;TZID=America/New_York:20261225T230000",
    )

    found = calendar_files.read("x.ics", event(*flight).encode(), Span.around(2026))

    days = Calendars({"x": found}).days("x", "Europe/Berlin")
    assert [name_of(day) for day in (*days.firsts, *days.lasts)] == ["2026-12-26"] * 2


def test_events_that_are_not_worked_out_in_time_are_named_and_not_tried_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that never matches is looked for until the year 9999."""
    monkeypatch.setattr(icalendar_files, "LONGEST", 0.05)
    home = CalendarHome(root)
    never = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    home.write("team.ics", event("DTSTART;VALUE=DATE:20200101", never))
    os.utime(root / "team.ics", (LONG_AGO, LONG_AGO))
    home.configure('a: schedule: "0 9 * * *", not_on: team', "calendars: {team: team.ics}")

    config = home.config
    assert "not worked out within 0.05 s" in config.problems[0]
    config.save_caches()
    monkeypatch.setattr(calendar_files, "read", None)
    assert home.config.problems == config.problems


def test_a_file_of_days_has_comments_ranges_and_weekdays() -> None:
    text = "\ufeff# ours\n\n2026-12-25  # Christmas\r\n2026-12-27..2026-12-31\nsat\n12-06\n"

    calendar = calendar_files.read("off.txt", text.encode(), Span.around(2026))

    assert calendar.days.has(date(2026, 12, 25).toordinal())
    assert calendar.days.has(date(2026, 12, 31).toordinal())
    assert calendar.days.has(date(2026, 12, 26).toordinal())  # a Saturday
    assert calendar.days.has(date(2030, 12, 6).toordinal())
    assert not calendar.days.has(date(2026, 12, 24).toordinal())


def test_a_file_of_days_may_have_the_line_ends_of_any_system_and_many_lines() -> None:
    lines = [f"{1 + number % 12:02}-{1 + number % 28:02}" for number in range(100_000)]

    many = calendar_files.read("off.txt", "\r".join(lines).encode(), Span.around(2026))

    assert len(many.days.yearly) == 84  # each pair once, as each day that is asked for looks at all
    assert many.days.has(date(2026, 12, 12).toordinal())


@pytest.mark.parametrize("text", ["\ufeff", "\ufeff\r\n \n", "\n"])
def test_a_file_without_anything_is_no_calendar(text: str) -> None:
    with pytest.raises(InvalidCalendar, match="empty"):
        read(text, "off.txt")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("2026-12-25 Christmas", "; a comment begins with #: 2026-12-25 # Christmas"),
        ("2026-12-25 - 2026-12-27", "; a range is 2026-12-25..2026-12-27"),
        ("12-24 to 01-02", "; a range is 12-24..01-02"),
        ("2026-12-25, 2026-12-26", "; write one a line"),
        ("25.12.2026", "(2027-01-20..2027-01-24)"),
    ],
)
def test_a_line_that_is_no_day_is_answered_with_what_to_write(line: str, hint: str) -> None:
    with pytest.raises(InvalidCalendar) as caught:
        read(f"# off\n{line}\n", "off.txt")

    assert str(caught.value).endswith(hint)


@pytest.mark.parametrize(
    ("text", "line"), [("2026-12-25 Christmas\n", 1), ("# a\n2026-12-32\n", 2), ("off\n", 1)]
)
def test_a_line_that_is_no_day_is_named(text: str, line: int) -> None:
    with pytest.raises(InvalidCalendar) as caught:
        read(text, "off.txt")

    assert caught.value.line == line


def test_the_holidays_of_a_country_and_of_its_parts(root: Path) -> None:
    home = CalendarHome(root)
    named = "de: {country: DE}, by: {country: de, subdivision: by}, no: {country: NO}"
    jobs = (f'{name}: schedule: "0 9 * * *", not_on: [{name}]' for name in ("de", "by", "no"))
    home.configure("\n".join(jobs), f"calendars: {{{named}}}")

    config = home.config

    rules = {job.id: schedule_of(job).days for job in config.jobs if job.id in ("de", "by", "no")}
    allowed = {
        name: [rule.allows(date(2026, month, day).toordinal()) for month, day in DATES]
        for name, rule in rules.items()
    }
    assert config.problems == ()
    assert allowed == {
        "de": [False, True, False, True],
        "by": [False, False, False, True],
        "no": [True, True, False, False],
    }


DATES = ((10, 3), (1, 6), (5, 1), (5, 17))
"""German Unity Day, Epiphany, Labour Day, and the Norwegian Constitution Day."""


def test_a_calendar_behind_an_address_is_not_fetched(root: Path) -> None:
    home = CalendarHome(root)
    home.configure('a: schedule: "0 9 * * *", not_on: x', "calendars: {x: 'https://x.org/x.ics'}")

    assert "https://x.org/x.ics: no file; have a job fetch it" in home.config.problems[0]


def test_an_unknown_country_is_refused(root: Path) -> None:
    home = CalendarHome(root)
    home.configure('a: schedule: "0 9 * * *", not_on: x', "calendars: {x: {country: DX}}")

    assert 'country "DX" is not known' in home.config.problems[0]


def test_a_calendar_is_kept_and_read_again_when_it_changes(root: Path) -> None:
    home = CalendarHome(root)
    home.write("team.ics", TEAM)
    os.utime(root / "team.ics", (LONG_AGO, LONG_AGO))
    home.configure('a: schedule: "0 9 * * *", not_on: team', "calendars: {team: team.ics}")
    home.config.save_caches()

    assert not imported(root) & PACKAGES
    home.write("team.ics", TEAM + "\n")
    assert imported(root) & PACKAGES == PACKAGES - {"holidays"}
    assert str(root / "team.ics") in home.config.stamps


PACKAGES = {"icalendar", "recurring_ical_events", "holidays"}
LONG_AGO = 1_700_000_000


def imported(root: Path) -> set[str]:
    """What a process imports that loads the configuration."""
    program = (
        "import sys; from scheduled.config.load import load;"
        " from scheduled.config.paths import PathOptions;"
        f" config = load(PathOptions({str(root)!r}, None, {str(root / 'state')!r},"
        " {'PATH': '/usr/bin:/bin'}, year=2026));"
        " assert not config.problems, config.problems; print(*sys.modules)"
    )
    command = [sys.executable, "-c", program]
    return {*subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()}


def test_show_prints_the_words_of_days_and_not_what_they_stand_for(root: Path) -> None:
    home = CalendarHome(root)
    home.configure('a: schedule: "0 9 * * *", not_on: x', "calendars: {x: [12-25]}")
    (a,) = (each for each in home.config.jobs if each.id == "a")

    assert json.loads(json.dumps(definition(a), default=None))["not_on"] == ["x"]
    assert "calendars" not in definition(a)
