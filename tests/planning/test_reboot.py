"""`@reboot`: once a boot, whatever the clock does; real ticks, and boots when a test says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from scheduled.jobs.model import FirstRun, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import reboot
from scheduled.state import apply, records
from scheduled.state.document import State, empty
from scheduled.state.heartbeat import Heartbeat
from scheduled.ticks.simulation import preview
from scheduled.timing import slots
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.looks import seen, snapshot
from tests.builders.machine import Machine

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_MISSED >> out"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def engine(folder: Path, **fields: object) -> Engine:
    return Engine(folder, [job("mount", "@reboot", command=NOTE, **fields)])


def test_a_job_for_the_boot_runs_once_a_boot_and_not_when_it_is_new(
    tmp_path: Path, machine: Machine
) -> None:
    home = engine(tmp_path)
    home.run_at("10:00")
    home.run_at("10:01")
    assert home.lines() == []

    machine.boots("second")
    for when in ("12:00", "12:01", "13:00"):
        home.run_at(when)

    assert home.lines() == ["2026-11-21T11:59:30Z 0"]


def test_a_corrected_clock_makes_no_second_boot(tmp_path: Path, machine: Machine) -> None:
    home = engine(tmp_path)
    home.run_at("10:00")
    machine.boots("second")
    home.run_at("12:00")

    machine.up = 30.0 - 7.0  # the clocks tell of another instant of the same boot
    home.run_at("12:05")

    assert len(home.lines()) == 1


@pytest.mark.parametrize("when", ["11:50", "2026-11-20T12:00:00"])
def test_a_clock_set_back_over_the_boot_delays_the_job_and_does_not_lose_it(
    tmp_path: Path, machine: Machine, when: str
) -> None:
    home = engine(tmp_path)
    home.run_at("12:00")

    machine.boots("second")
    home.run_at(when)
    later = at(when).replace(hour=12, minute=10).strftime("%Y-%m-%dT%H:%M:%S")
    home.run_at(later)

    assert len(home.lines()) == 1


def test_a_boot_that_nobody_answered_for_is_on_record(tmp_path: Path, machine: Machine) -> None:
    home = engine(tmp_path)
    home.run_at("10:00")
    machine.boots("second")
    home.jobs = (replace(home.jobs[0], command="exit 75"),)  # not now
    home.run_at("11:00")

    machine.boots("third")
    home.jobs = (replace(home.jobs[0], command=NOTE),)
    home.run_at("12:00")

    assert home.lines() == ["2026-11-21T11:59:30Z 1"]
    rows = [row for row in home.rows if row["outcome"]]
    assert [outcome for _, outcome in outcomes(rows)] == ["missed", "succeeded"]
    assert rows[0]["reason"] == reboot.RESTARTED


def test_a_new_job_that_asks_for_it_runs_at_once_and_then_at_the_boots(
    tmp_path: Path, machine: Machine
) -> None:
    home = engine(tmp_path, first_run=FirstRun.NOW)
    home.run_at("10:00")
    home.run_at("10:01")
    machine.boots("second")
    home.run_at("12:00")

    assert home.lines() == ["2026-11-21T10:00:00Z 0", "2026-11-21T11:59:30Z 0"]


def test_an_edit_to_reboot_fires_nothing(tmp_path: Path, machine: Machine) -> None:
    home = Engine(tmp_path, [job("mount", "0 * * * *", command=NOTE)])
    home.run_at("09:30")

    home.jobs = (replace(home.jobs[0], schedule="@reboot"),)
    machine.boots("second")
    home.run_at("10:30")
    home.run_at("10:31")

    assert home.lines() == []


def test_a_job_disabled_over_the_boot_does_not_run_when_it_is_enabled(
    tmp_path: Path, machine: Machine
) -> None:
    home = engine(tmp_path)
    home.run_at("10:00")
    home.record("10:30", {"event": "enabled", "job": "mount", "enabled": False})
    machine.boots("second")
    home.run_at("12:00")

    record = records.job_memory(home.state, "mount")
    assert slots.latest(schedule_of(home.jobs[0]), at("12:30"), record.anchor or at("12:30")) == at(
        "11:59:30"
    )  # so that `enable` sees the slot, and lets it pass
    assert home.lines() == []


def test_a_dry_run_knows_of_the_boot_and_records_nothing(tmp_path: Path, machine: Machine) -> None:
    from scheduled.ticks import dispatcher

    home = engine(tmp_path)
    home.run_at("10:00")
    machine.boots("second")

    (decision,) = preview.decisions(home.config, at("12:00"), dispatcher.RunRequest())

    assert (decision.verdict.value, decision.slot) == ("run", at("11:59:30"))
    assert home.state["boot"]["id"] == "first"


def test_without_a_job_for_it_a_boot_is_nothing_to_record() -> None:
    assert reboot.boot_events([job()], empty(), Heartbeat(0, 30, 30, "second"), at("12:00")) == []


def test_a_state_that_knows_no_boot_makes_nothing_due() -> None:
    mount = job("mount", "@reboot")
    state = remembered(mount)

    (event,) = reboot.boot_events([mount], state, Heartbeat(0, 30, 30, "second"), at("12:00"))

    assert (event["event"], event["jobs"]) == ("booted", [])


def test_what_a_list_says_of_a_job_for_the_boot() -> None:
    from scheduled.views import jobs, upcoming

    mount = job("mount", "@reboot")
    shown = snapshot(mount, events=(seen(mount, at("11:00")),))

    assert jobs.rows(shown)[0]["next_run"] is None
    assert upcoming.of_job(shown, mount, 3)["next"] == []


def remembered(what: Job) -> State:
    state = empty()
    apply.apply(state, seen(what, at("10:00")))
    return state
