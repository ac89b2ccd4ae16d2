"""What is remembered of a job stays with it: through zones, absences, and the update from 0.1.0."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.decide import REMOVED
from scheduled.timing.fingerprint import fingerprint
from tests.builders import soak
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.machine import Machine

pytestmark = pytest.mark.slow

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"
BY_0_1_0 = Path(__file__).parent / "registered_by_0.1.0"
UTC_NAMES = ("UTC", "Etc/UTC", "GMT", "Zulu", "UTC0", "<+00>0")


def local(zone: str, schedule: str, **fields: Any) -> Job:
    """A job whose zone nobody configured, on a machine in `zone`."""
    return job(schedule=schedule, timezone=zone, zone_is_local=True, command=NOTE, **fields)


def slots(engine: Engine) -> list[str]:
    """The slots that ran, as `12:10` on the day of the tests."""
    return [line.split()[0][11:16] for line in engine.lines()]


@pytest.mark.parametrize(
    "schedule", ["every 90m", "interval:300", "@reboot", "at:2026-11-21T12:00:00Z"]
)
def test_a3_a_schedule_that_no_zone_changes_has_none_in_its_fingerprint(schedule: str) -> None:
    zones = ("UTC", "Europe/Berlin", "Asia/Tokyo", "<+03>-3")

    assert len({fingerprint(schedule_of(local(zone, schedule))) for zone in zones}) == 1


@pytest.mark.parametrize("schedule", ["every 90m", "30 * * * *", "30 11 * * *", "at:2026-11-21"])
def test_a3_another_name_of_the_same_zone_changes_nothing(tmp_path: Path, schedule: str) -> None:
    engine, renamed = (
        Engine(tmp_path / name, [local("UTC", schedule)]) for name in ("plain", "renamed")
    )
    for folder in (engine.folder, renamed.folder):
        folder.mkdir()

    for number, hour in enumerate(range(2, 22)):
        engine.run_at(f"{hour:02}:31")
        renamed.jobs = (local(UTC_NAMES[number % len(UTC_NAMES)], schedule),)
        renamed.run_at(f"{hour:02}:31")

    assert renamed.lines() == engine.lines()
    registered = [event for event in renamed.events if event["event"] == "seen"]
    assert len(registered) == 1


def test_a3_what_was_due_before_the_machine_changed_its_zone_runs(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [local("Europe/Berlin", "0 12 * * *")])
    engine.run_at("10:30")
    engine.jobs = (local("America/New_York", "0 12 * * *"),)

    for when in ("14:00", "14:01", "17:00", "17:01"):
        engine.run_at(when)

    assert slots(engine) == ["11:00", "17:00"]
    assert outcomes(engine.rows) == [("11:00", "succeeded"), ("17:00", "succeeded")]


def test_a3_a_retry_is_not_dropped_for_another_zone(tmp_path: Path) -> None:
    flaky: dict[str, Any] = {"max_retries": 1, "retry_delay": 120.0}
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command="exit 1", **flaky)])
    engine.run_at("11:30")
    engine.run_at("12:00")
    engine.jobs = (local("Asia/Tokyo", "0 12 * * *", **flaky),)

    for when in ("12:01", "12:02", "12:03"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "failed"), ("12:00", "succeeded")]


def test_a3_a_tick_by_hand_in_another_zone_takes_no_slot_from_cron(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [local("UTC", "1 * * * *")])
    engine.run_at("10:59")
    engine.jobs = (local("Asia/Kathmandu", "1 * * * *"),)  # 45 minutes off
    engine.run_at("12:00:30")
    engine.jobs = (local("UTC", "1 * * * *"),)

    for when in ("12:01:01", "12:02:01"):
        engine.run_at(when)

    assert slots(engine) == ["11:01", "12:01"]


@pytest.mark.parametrize("seed", range(soak.count(3, 60)))
def test_a3_a_job_that_runs_once_does_so_whatever_the_machine_takes_for_its_zone(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    zones = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")
    first = dice.choice(zones)
    engine = Engine(tmp_path, [local(first, "at:2026-11-21T18:00")])
    engine.run_at("08:00")

    for hour in range(9, 24):
        engine.jobs = (local(dice.choice(zones), "at:2026-11-21T18:00"),)
        engine.run_at(f"{hour:02}:{dice.randrange(60):02}")
    engine.run_at("2026-11-22T12:00")

    assert len(engine.lines()) == 1


def test_a3_a_configured_zone_that_is_edited_is_an_edit(tmp_path: Path) -> None:
    before = job(schedule="0 12 * * *", timezone="Europe/Berlin", command=NOTE)
    engine = Engine(tmp_path, [before])
    engine.run_at("10:30")
    engine.jobs = (job(schedule="0 12 * * *", timezone="America/New_York", command=NOTE),)

    for when in ("14:00", "17:00"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("11:00", "missed"), ("17:00", "succeeded")]


def test_a3_a_state_of_0_1_0_runs_what_was_due_and_keeps_its_anchors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(monkeypatch)
    shutil.copytree(BY_0_1_0, tmp_path / "state")
    seed, zone = "that-machine hashed", "Europe/Berlin"
    schedules = {
        "cron": "15 * * * *",
        "interval": "every 90m",
        "hashed": "H H(12-14) * * *",
        "once": "at:2026-11-21T12:00:00Z",
        "once_local": "at:2026-11-21T14:30",
        "boot": "@reboot",
    }
    jobs = [job(name, text, timezone=zone, seed=seed) for name, text in schedules.items()]
    engine = Engine(tmp_path, jobs)
    before = engine.state["jobs"]
    machine.boots(engine.state["boot"]["id"])  # not since

    ran = [(row["job"], str(row["slot"])[11:16]) for row in engine.run_at("14:31").ran]

    assert sorted(ran) == [
        ("cron", "14:15"),
        ("hashed", "11:58"),
        ("interval", "14:00"),
        ("once", "12:00"),
        ("once_local", "13:30"),
    ]
    after = engine.state["jobs"]
    assert {name: after[name]["anchor"] for name in after} == {
        name: before[name]["anchor"] for name in before
    }


def test_a3_a_job_for_the_boot_registered_by_0_1_0_runs_at_the_next_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BY_0_1_0, tmp_path / "state")
    engine = Engine(tmp_path, [job("boot", "@reboot", command=NOTE)])
    Machine(monkeypatch).boots("the next", up=60.0)

    engine.run_at("14:31")

    assert engine.lines() == ["2026-11-21T14:30:00Z 0 0"]


def test_a3_a_job_removed_under_0_1_0_starts_anew_when_it_is_put_back(tmp_path: Path) -> None:
    shutil.copytree(BY_0_1_0, tmp_path / "state")
    engine = Engine(tmp_path, [job("removed", "*/20 * * * *", command=NOTE)])

    for when in ("14:31", "14:40"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T14:40:00Z 0 0"]


def test_a1_a_job_away_for_one_tick_keeps_anchor_and_watermark(tmp_path: Path) -> None:
    ours = job(schedule="every 90m", command=NOTE)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:00")
    before = engine.state["jobs"]["backup"]
    engine.jobs = ()
    engine.run_at("09:40")
    engine.jobs = (ours,)

    engine.run_at("09:41")

    after = engine.state["jobs"]["backup"]
    for key in ("anchor", "watermark", "fingerprint"):
        assert after[key] == before[key]
    engine.run_at("10:30")
    assert engine.lines() == ["2026-11-21T10:30:00Z 0 0"]


def test_a1_what_came_while_a_job_was_away_is_missed_and_not_caught_up(tmp_path: Path) -> None:
    ours = job(schedule="0 * * * *", command=NOTE, catch_up=CatchUp.ALL)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:30")
    engine.jobs = ()
    for when in ("10:15", "11:15"):
        engine.run_at(when)
    engine.jobs = (ours,)

    for when in ("12:15", "13:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T13:00:00Z 0 0"]
    missed = [row for row in engine.rows if row["outcome"] == "missed"]
    assert {row["reason"] for row in missed} == {"not configured"}
    assert sum(row["missed"] for row in missed) == 3


@pytest.mark.parametrize("hours", [1, 23])
def test_a1_a_job_that_runs_once_does_so_after_an_absence(tmp_path: Path, hours: int) -> None:
    ours = job(schedule="at:2026-11-21T10:00:00Z", command=NOTE)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:30")
    engine.jobs = ()
    engine.run_at("09:40")
    engine.run_at("10:10")
    engine.jobs = (ours,)

    engine.run_at(
        f"2026-11-{21 + (10 + hours) // 24}T{(10 + hours) % 24:02}:00" if hours > 1 else "11:00"
    )

    assert [line.split()[0] for line in engine.lines()] == ["2026-11-21T10:00:00Z"]


def test_a1_a_job_that_is_back_after_more_than_a_day_is_new(tmp_path: Path) -> None:
    ours = job(schedule="every 90m", command=NOTE)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:00")
    engine.jobs = ()
    engine.run_at("09:10")
    engine.run_at("2026-11-22T09:20")
    engine.jobs = (ours,)

    engine.run_at("2026-11-22T10:00")

    assert engine.state["jobs"]["backup"]["anchor"] == "2026-11-22T10:00:00Z"
    assert engine.lines() == []


def test_a1_slots_of_a_job_whose_file_was_broken_say_so_and_catch_up_decides(
    tmp_path: Path,
) -> None:
    ours = job(command=NOTE)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:30")
    engine.jobs, engine.problems = (), ("jobs/backup.yaml:1: no schedule",)
    for when in ("10:00", "11:00", "12:00"):
        engine.run_at(when)
    engine.jobs, engine.problems = (ours,), ()

    engine.run_at("12:30")

    assert engine.lines() == ["2026-11-21T12:00:00Z 1 2"]
    missed = engine.rows[0]
    assert (missed["missed"], missed["reason"]) == (2, "configuration broken")


@pytest.mark.parametrize("problems", [(), ("jobs/backup.yaml:1: no schedule",)])
@pytest.mark.parametrize(
    ("corrected", "slot"),
    [("2026-11-18T12:30", "2026-11-18T12:40"), ("2026-11-20T09:59", "2026-11-20T10:00")],
)
def test_h2_a_job_that_is_back_after_the_clock_was_set_back_misses_nothing(
    tmp_path: Path, corrected: str, slot: str, problems: tuple[str, ...]
) -> None:
    ours = job(schedule="*/10 * * * *", command=NOTE)
    engine = Engine(tmp_path, [ours])
    for when in ("09:50", "10:00"):
        engine.run_at(when)
    engine.jobs, engine.problems = (), problems
    engine.run_at("10:05")
    engine.run_at(f"{corrected}:10")
    engine.jobs, engine.problems = (ours,), ()

    engine.run_at(f"{corrected}:20")
    engine.run_at(slot)

    assert engine.lines()[-1].split()[0] == f"{slot}:00Z"


@pytest.mark.parametrize("seed", range(soak.count(3, 60)))
def test_a1_an_absence_costs_only_what_came_in_it(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    minutes = dice.choice((7, 10, 15, 30, 60))
    kept = job(schedule=f"every {minutes}m", command=NOTE)
    engine = Engine(tmp_path, [kept])
    times = [(hour, minute) for hour in range(2, 5) for minute in range(0, 60, 5)]
    gone = sorted(dice.sample(range(1, len(times) - 1), 2))
    for number, (hour, minute) in enumerate(times):
        engine.jobs = () if gone[0] <= number < gone[1] else (kept,)
        engine.run_at(f"{hour:02}:{minute:02}")

    expected = [
        time for time in range(120 + minutes, 5 * 60, minutes) if time <= times[-1][0] * 60 + 55
    ]
    away = range(
        times[gone[0] - 1][0] * 60 + times[gone[0] - 1][1] + 1,
        times[gone[1]][0] * 60 + times[gone[1]][1] + 1,
    )
    answered = {_minute(line.split()[0]) for line in engine.lines()}
    count = len(answered) + sum(row["missed"] for row in engine.rows if row["outcome"] == "missed")
    assert count == len(expected)
    assert not answered & set(away)
    if minutes >= 5:
        assert answered == {time for time in expected if time not in away}


def _minute(slot: str) -> int:
    return int(slot[11:13]) * 60 + int(slot[14:16])


SEEN = {"event": "seen", "job": "backup", "anchor": "2026-11-21T10:00:00Z"}
BEFORE = {"watermark": "2026-11-21T10:00:00Z"}


def test_a_job_whose_zone_is_unknown_by_now_is_registered_anew(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [local("UTC", "0 * * * *")])
    gone = {"fingerprint": "1 0 * * * * Mars/Olympus", "schedule": "0 * * * *"}
    engine.record("10:00", {**SEEN, **BEFORE, **gone, "zone": "Mars/Olympus"})

    engine.run_at("12:30")
    engine.run_at("13:00")

    assert slots(engine) == ["13:00"]


@pytest.mark.parametrize("schedule", [{}, {"schedule": "61 * * * *", "zone": "UTC"}])
def test_a_missing_job_whose_schedule_is_unknown_by_now_is_away(
    tmp_path: Path, schedule: dict[str, str]
) -> None:
    engine = Engine(tmp_path, [])
    engine.record("10:00", {**SEEN, **BEFORE, "fingerprint": "1 61 * * * * UTC", **schedule})

    engine.run_at("12:30")

    assert engine.state["jobs"]["backup"]["away"]["cause"] == "not configured"


def test_a_disabled_job_that_is_missing_is_forgotten_at_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.jobs = (job(enabled=False),)
    engine.run_at("11:40")
    engine.jobs = ()

    engine.run_at("11:50")

    assert "away" not in engine.state["jobs"]["backup"]
    assert engine.state["jobs"]["backup"]["fingerprint"] == REMOVED
