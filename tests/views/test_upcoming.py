"""The slots to come."""

from datetime import UTC
from pathlib import Path

from scheduled.views import upcoming
from scheduled.views.snapshot import observe
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import seen, snapshot


def test_a_slot_is_told_in_utc_and_on_the_wall_clock_of_the_job() -> None:
    backup = job("backup", "30 2 * * *", timezone="Europe/Berlin")

    document = upcoming.of_job(snapshot(backup), backup, 1)

    assert document == {
        "job": "backup",
        "timezone": "Europe/Berlin",
        "next": [
            {"slot": "2026-11-22T01:30:00Z", "local": "2026-11-22T02:30:00+01:00", "note": ""}
        ],
        "finished": [],
    }


def test_a_slot_that_the_clock_change_moved_says_so() -> None:
    backup = job("backup", "30 2 * * *", timezone="Europe/Berlin")

    document = upcoming.of_job(snapshot(backup, now=at("2026-03-28T12:00:00")), backup, 2)

    first, second = document["next"]
    assert first["local"] == "2026-03-29T03:00:00+02:00"
    assert first["note"] == "moved: 02:30 does not exist that day"
    assert second["note"] == ""


def test_a_slot_at_this_instant_is_not_to_come() -> None:
    backup = job("backup", "0 * * * *")

    (first, *_) = upcoming.of_job(snapshot(backup), backup, 3)["next"]

    assert first["slot"] == "2026-11-21T13:00:00Z"


def test_slots_that_ran_before_the_clock_went_back_do_not_come_again() -> None:
    backup = job("backup", "*/10 * * * *")
    shown = snapshot(backup, events=(seen(backup, at("12:30")),))

    (first, *_) = upcoming.of_job(shown, backup, 3)["next"]

    assert first["slot"] == "2026-11-21T12:40:00Z"


def test_an_interval_is_counted_from_its_first_sight() -> None:
    poll = job("poll", "every 90m")
    shown = snapshot(poll, events=(seen(poll, at("11:15")),))

    slots = [row["slot"][11:16] for row in upcoming.of_job(shown, poll, 2)["next"]]

    assert slots == ["12:45", "14:15"]


def test_a_disabled_job_has_no_slots_to_come() -> None:
    backup = job("backup", enabled=False)

    assert upcoming.of_job(snapshot(backup), backup, 3)["next"] == []
    assert upcoming.of_all(snapshot(backup), 3)["next"] == []


def test_a_job_that_fires_once_leaves_the_others_their_places() -> None:
    once, hourly = job("once", "at:2026-11-21T12:30:00Z"), job("hourly", "0 * * * *")

    document = upcoming.of_all(snapshot(once, hourly), 3)

    assert document["job"] is None
    assert [row["job"] for row in document["next"]] == ["once", "hourly", "hourly"]


def test_b4_a_slot_that_will_be_skipped_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:31", {"event": "skip", "job": "backup", "slot": "2026-11-21T12:00:00Z"})
    pause = {"event": "paused", "job": "backup", "reason": "moving"}
    engine.record("12:30", {**pause, "until": "2026-11-21T14:30:00Z"})

    now = observe(engine.config, engine.state, at("11:40"), UTC)
    notes = [row["note"] for row in upcoming.of_job(now, engine.jobs[0], 4)["next"]]

    assert notes == [
        "will be skipped: skipped by user",
        "will be skipped: paused: moving",
        "will be skipped: paused: moving",
        "",
    ]
