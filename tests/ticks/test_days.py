"""Ticks of jobs that run on certain days only: left out, moved, waiting, with real files."""

from pathlib import Path

import pytest

from scheduled.jobs.model import Move, OnInterrupted
from scheduled.quick_classes import replace
from scheduled.state import day_events
from scheduled.state.store import Store
from tests.builders.calendars import CalendarHome
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.killed import tick_and_kill

DAILY = 'daily: schedule: "0 9 * * *", not_on: "off, sun"'
OFF = "calendars: {off: off.txt}"


@pytest.fixture
def home(root: Path) -> CalendarHome:
    return CalendarHome(root)


def ticks(home: CalendarHome, *times: str) -> list[str]:
    for time in times:
        home.run_at(f"2026-12-{time}")
    return home.told()


def test_e4_a_run_on_a_day_off_is_skipped_with_the_reason_on_record(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "# Christmas\n2026-12-25..2026-12-26\n")

    told = ticks(home, "24T08:00", "24T09:00", "25T09:00", "25T09:01", "26T09:00", "27T09:00")

    assert told == [
        "12-24T09:00 succeeded",
        "12-25T09:00 skipped not_on: off, 2026-12-25",
        "12-26T09:00 skipped not_on: off, 2026-12-26",
        "12-27T09:00 skipped not_on: sun, 2026-12-27",
    ]


def test_e4_a_run_is_moved_to_the_next_day_and_says_so(home: CalendarHome) -> None:
    home.configure(
        'weekly: schedule: "0 9 * * fri", not_on: [off, sat, sun], move: next', OFF, "UTC"
    )
    home.write("off.txt", "2026-12-25\n")

    told = ticks(home, "21T08:00", "25T09:00", "26T09:00", "28T08:59")
    assert told == []
    ticks(home, "28T09:00", "29T09:00")

    (row,) = home.rows
    assert (row["slot"], row["outcome"]) == ("2026-12-28T09:00:00Z", "succeeded")
    assert row["moved_from"] == "2026-12-25"


def test_e4_a_run_is_moved_to_the_day_before(home: CalendarHome) -> None:
    home.configure('weekly: schedule: "0 9 * * fri", not_on: off, move: previous', OFF, "UTC")
    home.write("off.txt", "2026-12-25\n")

    told = ticks(home, "21T08:00", "24T09:00", "25T09:00")

    assert told == ["12-24T09:00 succeeded"]
    assert home.rows[0]["moved_from"] == "2026-12-25"


def test_e4_the_defaults_of_all_jobs_can_name_days(home: CalendarHome) -> None:
    settings = f"{OFF}\ndefaults: {{not_on: off}}"
    home.configure(
        'a: schedule: "0 9 * * *"\nb: schedule: "0 9 * * *", not_on: null', settings, "UTC"
    )
    home.write("off.txt", "12-25\n")

    ticks(home, "24T12:00", "25T09:00")

    found = {row["job"]: row["outcome"] for row in home.rows}
    assert found == {"a": "skipped", "b": "succeeded"}


def test_what_was_missed_before_a_day_off_waits_for_the_next_day(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "2026-12-22\n2026-12-25..2026-12-26\n")

    assert ticks(home, "20T12:00", "25T10:00", "26T10:00") == []
    told = ticks(home, "28T00:00", "28T09:00")

    assert [line[:16] for line in told if "skipped" in line] == [
        *("12-22T09:00 skip", "12-25T09:00 skip", "12-26T09:00 skip", "12-27T09:00 skip"),
    ]
    assert "12-24T09:00 succeeded" in told  # the newest that was missed
    assert "12-28T09:00 succeeded" in told


def test_a_start_on_time_belongs_to_the_day_of_its_slot(
    home: CalendarHome,
) -> None:
    home.configure('late: schedule: "59 23 * * sat", not_on: sun', "", "UTC")

    told = ticks(home, "25T12:00", "27T00:00")

    assert told == ["12-26T23:59 succeeded"]


def test_a_broken_calendar_keeps_its_jobs_from_running_and_loses_none(home: CalendarHome) -> None:
    home.configure(DAILY + '\nother: schedule: "0 9 * * *"', OFF, "UTC")
    home.write("off.txt", "2026-12-25\n")
    ticks(home, "21T08:00", "21T09:00")

    home.write("off.txt", "2026-12-25\n2026-13-01\n")
    report = home.run_at("2026-12-22T09:00")
    (problem,) = report.problems
    assert "off.txt:2: " in problem
    assert "daily does not run" in problem
    assert [row["job"] for row in report.ran] == ["other"]

    home.write("off.txt", "2026-12-25\n2026-12-23\n")
    ticks(home, "23T09:30", "24T00:00")
    daily = [row for row in home.rows if row["job"] == "daily"]
    assert [(row["slot"], row["outcome"]) for row in daily] == [
        ("2026-12-21T09:00:00Z", "succeeded"),
        ("2026-12-22T09:00:00Z", "succeeded"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("off.txt", "", "empty"),
        ("off.txt", None, "no such file"),
        ("off.ics", "<html>login</html>", "no iCalendar file"),
        ("off.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n", "cut off"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_named(
    home: CalendarHome, name: str, text: str | None, problem: str
) -> None:
    home.configure(DAILY, f"calendars: {{off: {name}}}", "UTC")
    if text is not None:
        home.write(name, text)

    config = home.config

    assert "daily" not in [job.id for job in config.jobs]
    assert "daily" in config.taken
    (found,) = config.problems
    assert found.startswith("scheduled.yaml:2: calendars.off: ")
    assert problem in found


def test_a_calendar_of_somebody_else_is_not_used(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "2026-12-25\n")
    before = home.config

    (home.root / "off.txt").chmod(0o666)

    after = home.config
    assert "daily" in [job.id for job in before.jobs]
    assert "others can write to it" in after.problems[0]
    assert "daily" not in [job.id for job in after.jobs]


def test_a_day_that_is_given_back_starts_nothing_by_itself(home: CalendarHome) -> None:
    home.configure('w: schedule: "0 9 * * fri", not_on: [off, sat, sun], move: next', OFF, "UTC")
    home.write("off.txt", "2026-12-25\n")
    ticks(home, "21T08:00", "25T09:00")

    home.write("off.txt", "# none\n")  # moved to Monday; by the new days it had to run on Friday
    told = ticks(home, "26T12:00", "28T09:00")

    assert told == ["12-25T09:00 missed its days were changed"]


def test_what_is_due_stays_due_when_the_days_change(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "# none\n")
    ticks(home, "21T08:00", "21T09:00")

    home.write("off.txt", "2026-12-28\n")
    told = ticks(home, "22T12:00")  # the tick at nine did not come

    assert told == ["12-21T09:00 succeeded", "12-22T09:00 succeeded"]


def test_a_day_added_in_time_keeps_its_run_from_starting(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "# none\n")
    ticks(home, "21T08:00", "21T09:00")

    home.write("off.txt", "2026-12-22\n")

    assert ticks(home, "22T09:00")[1:] == ["12-22T09:00 skipped not_on: off, 2026-12-22"]


def test_a_job_that_runs_once_is_not_lost_when_its_day_changes(home: CalendarHome) -> None:
    home.configure('once: schedule: "at:2026-12-25T09:00Z", not_on: off, move: next', OFF, "UTC")
    home.write("off.txt", "2026-12-25..2026-12-30\n")
    ticks(home, "21T08:00", "25T09:00")

    home.write("off.txt", "# none\n")

    assert ticks(home, "28T09:00", "29T09:00") == ["12-25T09:00 succeeded"]


def test_what_was_left_out_does_not_run_when_its_day_is_given_back(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "2026-12-22\n")
    ticks(home, "21T08:00", "21T09:00", "22T09:00")

    home.write("off.txt", "# none\n")

    assert ticks(home, "22T12:00", "22T12:01")[1:] == [
        "12-22T09:00 skipped not_on: off, 2026-12-22"
    ]


def test_unknown_names_are_refused_with_what_may_be_meant(home: CalendarHome) -> None:
    home.configure(
        'a: schedule: "0 9 * * *", not_on: holliday\nb: schedule: "0 9 * * *"',
        "calendars: {holiday: [12-25]}",
        "UTC",
    )

    config = home.config

    (problem,) = config.problems
    assert 'no calendar is called "holliday"; did you mean holiday?' in problem
    assert [job.id for job in config.jobs if job.id in "ab"] == ["b"]


def days_events(home: CalendarHome) -> list[str]:
    batch = Store(home.state_dir).journal.read(None)
    return [str(event["time"])[:10] for event in batch.events if event["event"] == "days"]


def test_a_new_year_is_no_change_of_days(home: CalendarHome) -> None:
    home.configure(
        'daily: schedule: "0 9 * * *", not_on: [team, de, sun], move: next',
        "calendars: {team: team.ics, de: {country: DE}}",
        "UTC",
    )
    home.write("team.ics", YEARLY)

    for when in ("2026-12-30T12:00", "2026-12-31T23:59", "2027-01-01T00:01", "2027-06-01T00:00"):
        home.run_at(when)

    assert days_events(home) == []


YEARLY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20201224
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
"""


def test_days_that_an_earlier_version_has_written_lose_no_run(home: CalendarHome) -> None:
    home.configure(DAILY, OFF, "UTC")
    home.write("off.txt", "2026-12-25\n")
    ticks(home, "21T08:00", "21T09:00")
    store = Store(home.state_dir).load()
    text = home.state["jobs"]["daily"]["days"]
    assert text.count(" ") == 4
    earlier = day_events.days_changed("daily", text.rpartition(" ")[0])
    store.record(at("2026-12-21T10:00"), earlier)

    told = ticks(home, "22T09:00", "23T09:00")

    assert told == [f"12-{day}T09:00 succeeded" for day in (21, 22, 23)]


def test_a_moved_run_says_so_however_it_ends(tmp_path: Path) -> None:
    moved = job(
        schedule="0 12 * * sun",
        not_on=("sun",),
        move=Move.PREVIOUS,
        on_interrupted=OnInterrupted.SKIP,
    )
    engine = Engine(tmp_path, [replace(moved, command="echo x >> out; sleep 30")])
    engine.run_at("2026-11-21T11:30")
    tick_and_kill(engine, "2026-11-21T12:00")
    engine.run_at("2026-11-21T12:01")
    engine.jobs = (replace(moved, command="exit 75"),)
    engine.run_at("2026-11-28T12:00")
    engine.jobs = (replace(moved, command="true"),)
    engine.run_at("2026-11-28T12:01")

    assert [(row["outcome"], row["moved_from"]) for row in engine.rows] == [
        ("interrupted", "2026-11-22"),
        (None, "2026-11-29"),
        ("succeeded", "2026-11-29"),
    ]
