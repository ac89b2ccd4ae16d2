"""Registration: no edit of the configuration starts a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import FirstRun, Job
from scheduled.state import events
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def test_a_job_enabled_again_in_the_configuration_does_not_fire_for_what_passed(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs = (job(command=NOTE, enabled=False),)
    for when in ("10:00", "11:00"):
        engine.run_at(when)
    engine.jobs = (job(command=NOTE),)

    for when in ("11:30", "11:31", "12:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0"]


def test_slots_that_were_due_when_their_schedule_changed_are_on_record_as_missed(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, schedule="0,30 * * * *")])
    engine.run_at("09:15")
    engine.jobs = (job(command=NOTE, schedule="45 * * * *"),)

    for when in ("11:05", "11:06", "11:45"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T11:45:00Z 0 0"]
    missed = engine.rows[0]
    assert outcomes([missed]) == [("11:00", "missed")]
    assert (missed["missed"], missed["reason"]) == (4, "its schedule was changed")


@pytest.mark.parametrize("is_edited", [False, True])
def test_slots_that_passed_anew_before_that_of_a_retry_are_on_record(
    tmp_path: Path, is_edited: bool
) -> None:
    flaky = job(command="exit 1", schedule="0 * * * *", max_retries=3, retry_delay=600.0)
    engine = Engine(tmp_path, [flaky])
    engine.run_at("11:30")
    engine.run_at("12:00")
    back = events.watermark_reset(flaky.id, at("09:30"))  # as if the clock had been ahead until now
    engine.record("12:01", back)
    if is_edited:
        engine.jobs = (replace(flaky, schedule="45 * * * *"),)

    engine.run_at("12:20")

    cause = "its schedule was changed" if is_edited else "no tick could start it in time"
    missed = [row for row in engine.rows if row["outcome"] == "missed"]
    assert outcomes(missed) == [("11:00", "missed")]
    assert [(row["missed"], row["reason"]) for row in missed] == [(2, cause)]
    assert sum(row["slot"] == "2026-11-21T12:00:00Z" for row in engine.rows) == 2 - is_edited


def test_a_change_of_zone_leaves_the_slots_of_the_zone_before_on_record(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 8 * * *", timezone="Asia/Kathmandu")])
    engine.run_at("02:00")
    engine.jobs = (job(schedule="0 8 * * *", timezone="Europe/Berlin"),)

    engine.run_at("02:16")

    assert [row["slot"] for row in engine.rows] == ["2026-11-21T02:15:00Z"]


def test_a_job_disabled_in_the_configuration_leaves_what_it_owed_on_record(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs = (job(command=NOTE, enabled=False),)

    for when in ("10:30", "11:30"):
        engine.run_at(when)

    assert [(row["slot"], row["reason"]) for row in engine.rows] == [
        ("2026-11-21T10:00:00Z", "disabled")
    ]


def test_a_retry_that_a_new_schedule_ends_is_not_taken_for_missed(tmp_path: Path) -> None:
    flaky: dict[str, Any] = {"command": "exit 1", "max_retries": 3, "retry_delay": 600.0}
    engine = Engine(tmp_path, [job(**flaky)])
    engine.run_at("11:30")
    engine.run_at("12:00")
    engine.jobs = (job(schedule="30 * * * *", **flaky),)

    engine.run_at("12:20")

    assert outcomes(engine.rows) == [("12:00", "failed")]
    assert "retry" not in engine.state["jobs"]["backup"]


def test_a_job_that_was_removed_and_is_put_back_does_not_fire_for_what_passed(
    tmp_path: Path,
) -> None:
    ours = job(command=NOTE, first_run=FirstRun.NOW)
    engine = Engine(tmp_path, [job("other"), ours])
    engine.run_at("09:00")
    engine.jobs = (job("other"),)
    for when in ("10:00", "11:00"):
        engine.run_at(when)
    engine.jobs = (job("other"), ours)

    for when in ("11:30", "11:31", "12:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T09:00:00Z 0 0", "2026-11-21T12:00:00Z 0 0"]


@pytest.mark.parametrize("between", [(), (job("other"),), (job(command=NOTE, enabled=False),)])
def test_under_a_clock_set_back_no_edit_makes_a_slot_run_again(
    tmp_path: Path, between: tuple[Job, ...]
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    for when in ("09:30", "10:00", "11:00"):
        engine.run_at(when)
    engine.jobs = between
    engine.run_at("09:40")
    engine.jobs = (job(command=NOTE, schedule="0,30 * * * *"),)

    for when in ("09:45", "10:00", "10:30", "11:00", "11:30"):
        engine.run_at(when)

    slots = [line.split()[0][11:16] for line in engine.lines()]
    assert slots == ["10:00", "11:00", "11:30"]


def test_what_a_disabled_job_left_open_is_on_record_when_it_is_removed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.record("10:30", {"event": "enabled", "job": "backup", "enabled": False})
    engine.jobs = ()

    engine.run_at("12:15")

    assert [(row["slot"], row["reason"], row["missed"]) for row in engine.rows] == [
        ("2026-11-21T12:00:00Z", "disabled", 3)
    ]


def test_a_new_job_that_counts_from_its_registration_can_run_at_once_too(tmp_path: Path) -> None:
    ours = job(schedule="every 2h", command=NOTE, first_run=FirstRun.NOW)
    engine = Engine(tmp_path, [ours])
    for when in ("09:00", "09:01", "11:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T09:00:00Z 0 0", "2026-11-21T11:00:00Z 0 0"]


def test_slots_since_registration_are_recorded_if_the_first_run_did_not_come(
    tmp_path: Path,
) -> None:
    ours = job(command=f"{NOTE}; exit 75", first_run=FirstRun.NOW)
    engine = Engine(tmp_path, [ours])
    engine.run_at("09:30")
    engine.jobs = (job(command=NOTE, first_run=FirstRun.NOW),)

    engine.run_at("12:00")

    assert engine.lines() == ["2026-11-21T09:00:00Z 0 0", "2026-11-21T12:00:00Z 1 2"]


def test_so_it_is_where_the_job_was_deferred_first(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, first_run=FirstRun.NOW, enabled=False)])
    engine.run_at("09:30")
    until = {"until": "2026-11-21T11:30:00Z", "reason": ""}
    engine.record("09:31", {"event": "deferral", "job": "backup", **until})
    engine.jobs = (job(command=NOTE, first_run=FirstRun.NOW),)

    for when in ("09:32", "12:10"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 1 2"]


@pytest.mark.parametrize(("now", "missed"), [("12:19", []), ("12:20", [("12:20", "missed")])])
def test_a_removed_job_has_missed_a_deferral_that_has_ended_by_then(
    tmp_path: Path, now: str, missed: list[tuple[str, str]]
) -> None:
    engine = Engine(tmp_path, [job(schedule="0 0 * * *")])
    engine.run_at("11:30")
    until = "2026-11-21T12:20:00Z"
    engine.record("11:40", {"event": "deferral", "job": "backup", "until": until, "reason": ""})
    engine.jobs = ()

    engine.run_at(now)

    assert outcomes(engine.rows) == missed


@pytest.mark.parametrize("ticked", ["12:30", "14:00"])
def test_b1_a_deferral_that_was_started_is_not_missed_by_an_edit(
    tmp_path: Path, ticked: str
) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=2, retry_delay=600.0)])
    engine.run_at("11:30")
    until = {"until": "2026-11-21T12:20:00Z", "reason": ""}
    engine.record("11:40", {"event": "deferral", "job": "backup", **until})
    engine.run_at(ticked)
    engine.jobs = (job(schedule="*/5 * * * *"),)

    engine.run_at(f"{ticked}:30")

    # In whose place it runs is missed; the slot of the deferral, or the newer one, has failed.
    slot = "14:00" if ticked == "14:00" else "12:20"
    assert outcomes(engine.rows) == [
        ("13:00" if slot == "14:00" else "12:00", "missed"),
        (slot, "failed"),
    ]
    assert [letter["slot"][11:16] for letter in engine.state["dead_letter"]] == [slot]


def test_a_removed_job_leaves_what_it_owed_on_record_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs = ()

    for when in ("11:15", "12:15"):
        engine.run_at(when)

    assert [(row["slot"], row["reason"], row["missed"]) for row in engine.rows] == [
        ("2026-11-21T11:00:00Z", "not configured", 2)
    ]


def test_a_job_that_is_missing_for_a_mistake_in_its_file_is_caught_up_on(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs, engine.problems = (), ("jobs/backup.yaml:1: no schedule",)
    engine.run_at("10:00")
    engine.jobs, engine.problems = (job(command=NOTE),), ()

    engine.run_at("10:30")

    assert engine.lines() == ["2026-11-21T10:00:00Z 1 0"]


def test_a_schedule_that_this_version_cannot_read_ends_without_missed_slots(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    registered = {"event": "seen", "job": "backup", "fingerprint": "1 of another version"}
    instants = dict.fromkeys(("anchor", "watermark"), "2026-11-21T09:00:00Z")
    engine.record("09:00", {**registered, **instants, "schedule": "0 2 LW * *", "zone": "UTC"})

    for when in ("11:30", "12:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0"]
    assert outcomes(engine.rows) == [("12:00", "succeeded")]


def test_a_tick_for_some_jobs_takes_none_of_the_others_for_removed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("other"), job(command=NOTE)])
    engine.run_at("09:30")
    engine.run_at("10:01", only=("other",))

    engine.run_at("10:30")

    assert engine.lines() == ["2026-11-21T10:00:00Z 1 0"]


def test_slots_that_passed_while_the_configuration_had_it_disabled_say_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("09:30")
    engine.jobs = (job(command=NOTE, enabled=False),)
    engine.run_at("09:40")
    engine.jobs = (job(command=NOTE),)

    engine.run_at("11:30")

    assert [(row["slot"], row["reason"]) for row in engine.rows] == [
        ("2026-11-21T11:00:00Z", "disabled")
    ]


@pytest.mark.parametrize(
    "between",
    [
        [job(schedule="0 * * * *", command="exit 3", enabled=False)],
        [job("another", schedule="0 * * * *", enabled=False)],
        [job(schedule="*/30 * * * *", command="exit 3", max_retries=2)],
        [],
    ],
    ids=["disabled", "replaced", "edited", "removed"],
)
def test_a_slot_called_off_after_the_clock_was_set_back_does_not_come_again(
    tmp_path: Path, between: list[Job]
) -> None:
    ours = job(schedule="0 * * * *", command="exit 3", max_retries=2, retry_delay=7200)
    engine = Engine(tmp_path, [ours])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    engine.jobs = tuple(between)
    engine.run_at("11:20")
    engine.jobs = (replace(ours, schedule="*/20 * * * *"),)

    for when in ("11:21", "12:05", "12:21"):
        engine.run_at(when)

    ends = [
        event
        for event in engine.events
        if event.get("slot") == "2026-11-21T12:00:00Z"
        and (event["event"] in ("given_up", "skipped") or event.get("answered"))
    ]
    assert len(ends) == 1
    assert not any(
        event["event"] == "missed" and event["first"] <= "2026-11-21T12:00:00Z" <= event["last"]
        for event in engine.events
    )


@pytest.mark.parametrize("back", ["11:30", "2026-11-19T12:00"])
def test_a_slot_put_off_before_the_clock_was_set_back_ends_with_an_edit(
    tmp_path: Path, back: str
) -> None:
    engine = Engine(tmp_path, [job(command="exit 75")])
    for when in ("11:59", "12:00", back):
        engine.run_at(when)
    engine.jobs = (job(command="exit 75", schedule="45 * * * *"),)

    engine.run_at(back.replace("12:00", "12:01").replace("11:30", "11:31"))

    ended = [event for event in engine.events if event["event"] == "missed"]
    assert [(event["first"][:16], event["cause"]) for event in ended] == [
        ("2026-11-21T12:00", "its schedule was changed")
    ]


def test_slots_that_passed_while_deferred_end_with_an_edit_after_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *")])
    engine.run_at("11:58")
    engine.record("11:58", events.job_deferred("backup", at("12:20"), ""))
    for when in ("12:01", "11:20"):
        engine.run_at(when)
    engine.jobs = (job(schedule="*/5 * * * *"),)

    engine.run_at("11:21")

    ended = [event for event in engine.events if event["event"] == "missed"]
    assert [(event["first"][11:16], event["last"][11:16], event["cause"]) for event in ended] == [
        ("11:59", "12:01", "its schedule was changed")
    ]
