"""What users of other schedulers suffer from the clock: `PEERS.md`, by number.

Each test is one of their stories, told with real ticks, and how it ends here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduled.jobs.model import Priority
from scheduled.state import heartbeat
from scheduled.ticks.report import Report
from tests.builders.engine import Engine, outcomes
from tests.builders.installed import WITHOUT_SWEEPS, configure, rows, tick_at
from tests.builders.jobs import at, job

pytestmark = pytest.mark.slow

NOTE = "echo ${SCHEDULED_SLOT#*T} $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def test_what_was_missed_while_the_machine_was_down_is_not_lost_and_says_so(tmp_path: Path) -> None:
    # 1. laravel/framework#25834, jobber#286, dagu#1180.
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:01")
    restarted(engine)

    engine.run_at("12:05")

    assert engine.lines() == ["12:00:00Z 1 2"]
    assert [(row["outcome"], row["reason"], row["missed"]) for row in engine.rows] == [
        ("missed", "machine off", 2),
        ("succeeded", None, 2),
    ]


def test_not_everything_that_is_overdue_fires_at_once_and_nothing_starves(tmp_path: Path) -> None:
    # 2. systemd#5659, Foundatio#317.
    overdue = [
        job(f"job{number:02}", command="echo $SCHEDULED_JOB >> out", priority=priority)
        for number, priority in enumerate([*Priority] * 10)
    ]
    grace = job("on_time", "10 12 * * *", priority=Priority.LOW)
    engine = Engine(tmp_path, [*overdue, grace])
    engine.run_at("08:30")

    reports = [engine.run_at(f"12:{minute:02}") for minute in range(10, 15)]

    caught_up = [sum(row["catch_up"] for row in report.ran) for report in reports]
    assert caught_up == [10, 10, 10, 10, 0]
    assert sorted(engine.lines()) == [job.id for job in overdue]
    assert "on_time" in [row["job"] for row in reports[0].ran]


def test_too_late_to_be_useful_does_not_run_and_is_in_the_history(tmp_path: Path) -> None:
    # 3. A good-morning mail in the afternoon.
    engine = Engine(tmp_path, [job(schedule="0 8 * * *", command=NOTE, max_lateness=7200.0)])
    for when in ("07:00", "10:00:01"):
        engine.run_at(when)

    (row,) = engine.rows
    assert engine.lines() == []
    assert (row["slot"], row["outcome"]) == ("2026-11-21T08:00:00Z", "skipped")
    assert row["reason"] == "too late: 7201 s, at most 7200 s"


def test_nothing_is_caught_up_before_its_time_has_come(tmp_path: Path) -> None:
    # 4. A next time that was stored decided, and it had been computed from wrong facts.
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("10:30")
    (engine.state_dir / "next-due").write_text("0\n")

    engine.run_at("11:59:59")
    assert engine.lines() == ["11:00:00Z 1 0"]
    for when in ("12:00", "12:01"):
        engine.run_at(when)

    assert engine.lines() == ["11:00:00Z 1 0", "12:00:00Z 0 0"]


def test_a_month_of_missed_minutes_does_not_stop_a_job_for_ever(tmp_path: Path) -> None:
    # 5. kubernetes#42649, #83642: after 100 missed starts it never started again.
    engine = Engine(tmp_path, [job(schedule="* * * * *", command=NOTE)])
    engine.run_at("2026-10-21T12:00")

    for when in ("12:00", "12:01"):
        engine.run_at(when)

    missed, caught_up, grace = engine.rows
    assert engine.lines() == ["12:00:00Z 1 1000", "12:01:00Z 0 0"]
    assert (missed["outcome"], missed["missed_capped"]) == ("missed", True)
    assert (caught_up["outcome"], grace["outcome"]) == ("succeeded", "succeeded")


@pytest.mark.parametrize("edited", ["0 11 * * *", "0 12 * * *", "45 23 * * *"])
def test_an_edit_of_the_schedule_does_not_fire_at_once(tmp_path: Path, edited: str) -> None:
    # 6. kubernetes#63371, #65457, Hangfire#728, dagster#13597: a thousand mails were sent.
    engine = Engine(tmp_path, [job(schedule="30 11 * * *", command=NOTE)])
    for when in ("11:00", "11:30", "23:49"):
        engine.run_at(when)
    engine.jobs = (job(schedule=edited, command=NOTE),)

    for when in ("23:49:30", "23:50", "2026-11-22T10:59"):
        engine.run_at(when)
    assert engine.lines() == ["11:30:00Z 0 0"]
    engine.run_at("2026-11-22T23:45")

    assert len(engine.lines()) == 2


@pytest.mark.parametrize(
    ("schedule", "first"), [("0 9,13 * * *", "13:00:00Z"), ("every 90m", "13:00:00Z")]
)
def test_a_new_job_neither_fires_at_once_nor_never(
    tmp_path: Path, schedule: str, first: str
) -> None:
    # 7. cedar#2822 mailed a customer; CommandSchedulerBundle#151 waited for ever.
    engine = Engine(tmp_path, [job(schedule=schedule, command=NOTE)])
    for when in ("11:30", "11:31", "12:59"):
        engine.run_at(when)
    assert engine.lines() == []

    engine.run_at("13:07")  # no tick came at the minute itself

    assert engine.lines() == [f"{first} 1 0"]


@pytest.mark.parametrize(
    ("zone", "night", "fixed", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T00:00", "30 2 * * *", 5),
        ("Europe/Berlin", "2026-10-24T23:00", "30 2 * * *", 5),
        ("America/New_York", "2026-03-08T05:00", "30 2 * * *", 5),
        ("America/New_York", "2026-11-01T04:00", "30 1 * * *", 5),
        ("Australia/Lord_Howe", "2026-10-03T13:30", "15 2 * * *", 4),  # 02:00 does not exist
        ("Australia/Lord_Howe", "2026-04-04T13:30", "45 1 * * *", 5),
    ],
)
def test_a_clock_change_runs_nothing_twice_and_leaves_nothing_out(
    tmp_path: Path, zone: str, night: str, fixed: str, hours: int
) -> None:
    # 8. kubernetes#121594, robfig/cron#541, systemd#8647, cronie#124.
    daily = job("daily", fixed, timezone=zone, command="echo >> daily")
    hourly = job("hourly", "0 * * * *", timezone=zone, command="echo $SCHEDULED_SLOT >> hourly")
    engine = Engine(tmp_path, [daily, hourly])

    for tick in ticks(at(night), timedelta(hours=5), timedelta(minutes=15)):
        engine.run_at(tick)

    assert len(engine.lines("daily")) == 1
    assert len({*engine.lines("hourly")}) == len(engine.lines("hourly"))
    assert len(engine.lines("hourly")) == hours


def test_a_clock_set_back_runs_nothing_twice_and_stops_nothing(tmp_path: Path) -> None:
    # 9. dcron#16, django-cron#80, node-schedule#431.
    engine = Engine(tmp_path, [job(command=NOTE)])
    for when in ("11:30", "12:00", "11:15", "11:59", "12:00", "13:00"):
        engine.run_at(when)

    assert engine.lines() == ["12:00:00Z 0 0", "13:00:00Z 0 0"]


def test_a_clock_that_was_years_ahead_does_not_stop_a_job_for_years(tmp_path: Path) -> None:
    # 9. "nothing runs for 18 years": it booted in 2044, before the network told it the time.
    engine = Engine(tmp_path, [job(command=NOTE)])
    for when in ("2044-11-21T11:30", "2044-11-21T12:00", "11:40", "12:00"):
        engine.run_at(when)

    assert engine.lines() == ["12:00:00Z 0 0", "12:00:00Z 0 0"]
    assert [row["slot"] for row in engine.rows] == ["2044-11-21T12:00:00Z", "2026-11-21T12:00:00Z"]


def test_a_machine_that_boots_all_the_time_does_not_draw_its_jitter_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 22. systemd#21166: drawn at each boot, the delay never passed.
    own = '  backup: {schedule: "0 * * * *", command: "true", jitter: 50m}\n'
    configure(root, WITHOUT_SWEEPS + own)
    for number, tick in enumerate(ticks(at("11:30"), timedelta(hours=4), timedelta(minutes=5))):
        monkeypatch.setattr(heartbeat, "boot_id", lambda number=number: f"boot {number}")
        tick_at(root, at(tick))

    ran = rows(root)
    delays = {_instant(row["started_at"]) - _instant(row["slot"]) for row in ran}
    assert [row["slot"] for row in ran[:3]] == [
        f"2026-11-21T{hour}:00:00Z" for hour in (12, 13, 14)
    ]
    assert max(delays) - min(delays) < timedelta(minutes=1)


def test_a_run_by_hand_does_not_shift_the_schedule(tmp_path: Path) -> None:
    # 24. Dolibarr#4314: three seconds of drift, and it ran every second day.
    jobs = [job(schedule="0 3 * * *", command=NOTE), job("interval", "every 1d", command="true")]
    engine = Engine(tmp_path, jobs)
    for day in (21, 22, 23):
        engine.run_at(f"2026-11-{day}T02:30")
        by_hand(engine, f"2026-11-{day}T02:50")
        by_hand(engine, f"2026-11-{day}T02:50:03", "interval")
        by_hand(engine, f"2026-11-{day}T03:00:03")
        engine.run_at(f"2026-11-{day}T03:01")

    ran = [(row["job"], str(row["slot"])[8:16]) for row in engine.rows if row["slot"]]
    assert [when for name, when in ran if name == "backup"] == ["21T03:00", "22T03:00", "23T03:00"]
    assert [when for name, when in ran if name == "interval"] == ["22T02:30", "23T02:30"]
    assert outcomes(engine.rows).count(("by hand", "succeeded")) == 9


def by_hand(engine: Engine, when: str, name: str = "backup") -> Report:
    """`scheduled trigger NAME`."""
    return engine.run_at(when, only=(name,), by_hand=True, slotless=True)


def restarted(engine: Engine) -> None:
    """The machine has been off since the last tick."""
    beat = heartbeat.load(engine.state_dir)
    assert beat is not None
    heartbeat.save(engine.state_dir, heartbeat.Heartbeat(beat.wall, 1.0, 1.0, "another-boot"))


def ticks(start: datetime, length: timedelta, step: timedelta) -> Iterator[str]:
    """Instants from `start`, and the last at the end of `length`."""
    for number in range(length // step + 1):
        yield (start + number * step).replace(tzinfo=None).isoformat()


def _instant(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text)
