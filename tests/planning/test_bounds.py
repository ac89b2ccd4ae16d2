"""`starts` and `ends`: what lies outside does not exist."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduled.jobs.model import CatchUp, FirstRun, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.timing import bounds, slots
from scheduled.timing.fingerprint import Difference, difference, fingerprint
from scheduled.timing.timezones import INSTANT
from tests.builders.configuration import complaint, the_job
from tests.builders.engine import Engine, outcomes
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at, job
from tests.builders.looks import Home

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
SCHEDULES = ("*/7 * * * *", "30 2 * * *", "0 */5 * * *", "every 90m", "0 0 1 * *", "15 3 29 2 *")
START = datetime(2026, 10, 24, tzinfo=UTC)


def hourly(**fields: Any) -> Job:
    return job(schedule="0 * * * *", command="echo $SCHEDULED_SLOT >> out", **fields)


def test_e5_slots_are_those_of_the_schedule_that_lie_between() -> None:
    chance = random.Random(5)
    for _ in range(300):
        zone, text = chance.choice(ZONES), chance.choice(SCHEDULES)
        first, last = sorted(chance.sample(range(60 * 24 * 12), 2))
        starts, ends = ((START + timedelta(minutes=each)) for each in (first, last))
        one = job(
            schedule=text,
            timezone=zone,
            starts=chance.choice(["", f"{starts:%Y-%m-%dT%H:%MZ}"]),
            ends=chance.choice(["", f"{ends:%Y-%m-%dT%H:%MZ}"]),
        )
        bounded, plain = schedule_of(one), schedule_of(job(schedule=text, timezone=zone))
        begin, end = START - timedelta(days=1), START + timedelta(days=14)

        expected = [
            slot
            for slot in slots.between(plain, begin, end, START)
            if (not one.starts or slot >= starts) and (not one.ends or slot <= ends)
        ]

        assert [*slots.between(bounded, begin, end, START)] == expected
        assert slots.count(bounded, begin, end, START, cap=10_000) == len(expected)
        for moment in (START + timedelta(minutes=chance.randrange(60 * 24 * 13)) for _ in range(5)):
            before = [slot for slot in expected if slot <= moment]
            earlier = slots.latest(plain, begin, START) if not one.starts else None
            assert slots.latest(bounded, moment, START) == (before[-1] if before else earlier)
            after = [slot for slot in expected if slot > moment]
            if after:
                assert slots.following(bounded, moment, START) == after[0]


@pytest.mark.parametrize("zone", ZONES)
def test_e5_a_date_is_the_whole_day_of_the_zone_of_the_job(zone: str) -> None:
    one = schedule_of(
        job(schedule="0 * * * *", timezone=zone, starts="2026-11-30", ends="2026-11-30")
    )
    plain = schedule_of(job(schedule="0 * * * *", timezone=zone))
    begin = datetime(2026, 11, 28, tzinfo=UTC)

    found = {*slots.between(one, begin, begin + timedelta(days=5), begin)}

    assert found == {
        slot
        for slot in slots.between(plain, begin, begin + timedelta(days=5), begin)
        if slot.astimezone(ZoneInfo(zone)).date() == datetime(2026, 11, 30).date()
    }


def test_e5_a_job_starts_at_its_time_and_ends(tmp_path: Path) -> None:
    engine = Engine(
        tmp_path, [hourly(starts="2026-11-21T13:00", ends="2026-11-21T14:59", catch_up=CatchUp.ALL)]
    )
    for when in ("11:30", "12:00", "13:00", "14:00", "15:00", "16:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T13:00:00Z", "2026-11-21T14:00:00Z"]
    assert outcomes(engine.rows) == [("13:00", "succeeded"), ("14:00", "succeeded")]


@pytest.mark.parametrize("catch_up", [CatchUp.LATEST, CatchUp.ALL])
def test_e5_after_an_outage_only_what_lies_between_is_missed_or_run(
    tmp_path: Path, catch_up: CatchUp
) -> None:
    engine = Engine(
        tmp_path, [hourly(starts="2026-11-21T13:00", ends="2026-11-21T14:59", catch_up=catch_up)]
    )
    engine.run_at("11:30")
    engine.run_at("20:30")
    engine.run_at("21:30")

    ran = [("13:00", "succeeded" if catch_up is CatchUp.ALL else "missed"), ("14:00", "succeeded")]
    assert outcomes(engine.rows) == ran


def test_e5_first_run_now_waits_for_the_start_of_an_interval(tmp_path: Path) -> None:
    one = job(
        schedule="every 60m",
        command="echo x >> out",
        first_run=FirstRun.NOW,
        starts="2026-11-21T13:00",
    )
    engine = Engine(tmp_path, [one])
    engine.run_at("11:30")
    engine.run_at("12:30")
    assert engine.lines() == []
    engine.run_at("13:30")

    assert engine.lines() == ["x"]


def test_e5_a_changed_bound_fires_nothing_and_misses_nothing_outside(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(ends="2026-11-21T11:59")])
    engine.run_at("11:30")
    engine.run_at("15:30")

    engine.jobs = (hourly(ends="2026-11-21T18:59"),)
    engine.run_at("15:31")
    engine.run_at("16:00")

    assert outcomes(engine.rows) == [("16:00", "succeeded")]


def test_e5_a_fingerprint_has_the_bounds_and_is_the_old_one_without() -> None:
    for text in ("0 * * * *", "every 90m", "at:2026-12-01T10:00", "@reboot"):
        plain = schedule_of(job(schedule=text, timezone="Europe/Berlin"))
        ended = schedule_of(job(schedule=text, timezone="Europe/Berlin", ends="2026-12-24"))
        other = schedule_of(job(schedule=text, timezone="Europe/Berlin", ends="2026-12-25"))

        assert "within" not in fingerprint(plain)
        assert difference(fingerprint(plain), ended) is Difference.MEANING
        assert difference(fingerprint(ended), other) is Difference.MEANING
        assert difference(fingerprint(ended), ended) is Difference.NONE
        assert bounds.in_fingerprint(fingerprint(ended), "Europe/Berlin") == ended.bounds
    assert ended.bounds.last == datetime(2026, 12, 24, 23, tzinfo=UTC) - INSTANT


@pytest.mark.parametrize(("keys", "said"), [
    ("starts: soon", 'one.starts: "soon": expected a date like'),
    ("ends: 2026-13-01", "expected a date like"),
    ("ends: 20261201", "expected a date like"),
    ("starts: 2026-12-24, ends: 2026-12-01", "one.ends: ends before it starts, 2026-12-24"),
    ("schedule: 0 0 31 1 *, starts: 2026-02-01, ends: 2026-12-01", "never fires between"),
    ("schedule: 'at:2026-12-24T10:00', ends: 2026-12-23", "never fires between"),
])  # fmt: skip
def test_e5_bounds_without_a_meaning_are_refused(root: Path, keys: str, said: str) -> None:
    schedule = "" if "schedule" in keys else "schedule: '0 * * * *', "

    assert said in complaint(root, f"{{{schedule}command: x, {keys}}}")


def test_e5_bounds_are_dates_or_times_with_or_without_an_offset(root: Path) -> None:
    keys = "schedule: daily, command: x"

    assert the_job(root, f"{{{keys}, starts: 2026-12-24}}").starts == "2026-12-24"
    assert the_job(root, f"{{{keys}, ends: 2026-12-24 18:00}}").ends == "2026-12-24T18:00"
    assert the_job(root, f"{{{keys}, ends: '2026-12-24T18:00:05+01:00'}}").ends.endswith("+01:00")
    assert the_job(root, f"{{{keys}, ends: none}}").ends == ""


def test_e5_views_say_when_it_starts_and_that_it_has_ended(root: Path) -> None:
    home = Home(root)
    home.configure(
        f"{WITHOUT_SWEEPS}"
        "  old: {schedule: '0 * * * *', command: 'true', ends: 2026-11-21 11:30}\n"
        "  new: {schedule: '0 9 * * *', command: 'true', starts: 2026-12-24}\n"
    )
    home.call("run", now=at("11:00"))
    home.call("run", now=at("12:00"))

    listed = home.call("list", now=at("12:01")).out.splitlines()
    shown = home.call("show", "new", now=at("12:01")).out
    upcoming = home.call("next", "new", now=at("12:01")).out

    (old,) = (line for line in listed if line.startswith("old"))
    assert old.split()[1:3] == ["-", "ended"]
    assert [line.split() for line in shown.splitlines() if "starts" in line] == [
        ["starts", "2026-12-24"]
    ]
    assert [line[:16] for line in upcoming.splitlines() if " Dec " in line[:16]][:2] == [
        "Thu 24 Dec 09:00",
        "Fri 25 Dec 09:00",
    ]
