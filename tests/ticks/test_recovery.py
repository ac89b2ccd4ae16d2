"""Recovery: what becomes of a run whose tick died."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Overlap
from scheduled.runs import exit_file
from scheduled.runs.exit_file import ExitStatus
from scheduled.system import machine, processes
from tests.builders.beside import wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.killed import is_alive, tick_and_kill, wait_for_the_end_of
from tests.builders.locks import held_by_another

RUN = "20261121T120000-abc123"


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that is no run of ours."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def survivor() -> Iterator[int]:
    """The process of a run, whose tick has died."""
    mark = {"SCHEDULED_RUN_ID": RUN}
    with subprocess.Popen(["/bin/sleep", "600"], env=mark, start_new_session=True) as process:
        wait_for(lambda: processes.find(RUN) == process.pid)
        try:
            yield process.pid
        finally:
            process.kill()


def events_of_run(pid: int, **more: Any) -> list[dict[str, Any]]:
    """What a tick that died at 12:00 had on record: a run of a minute, and its process."""
    about = {"job": "backup", "run_id": RUN}
    begin = {"slot": "2026-11-21T12:00:00Z", "attempt": 1, "timeout": 60.0}
    boot = {"boot_id": machine.boot_id()}
    spawned = {"pid": pid, "pid_started": processes.start_time(pid)}
    return [
        {"event": "begin", **about, **begin, **boot, **more},
        {"event": "spawned", **about, **spawned, **more},
    ]


@pytest.mark.parametrize("other", [{"boot_id": "of another boot"}, {"pid_started": 1}])
@pytest.mark.parametrize("when", ["12:00:30", "12:30"])
def test_a_process_id_that_was_given_away_again_is_neither_waited_for_nor_killed(
    tmp_path: Path, stranger: int, other: dict[str, Any], when: str
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *events_of_run(stranger, **other))

    report = engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]
    assert report.not_started == []
    assert is_alive(stranger)


@pytest.mark.parametrize("policy", [Overlap.SKIP, Overlap.REPLACE])
def test_a_run_that_is_about_to_be_found_dead_overlaps_nothing(
    tmp_path: Path, policy: Overlap
) -> None:
    engine = Engine(tmp_path, [job(overlap=policy)])
    engine.run_at("11:30")
    engine.record("12:00", *events_of_run(4_000_000))
    with held_by_another(engine.state_dir / "locks" / "backup.lock"):
        assert engine.run_at("13:00").carried == 1
    engine.run_at("13:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("13:00", "succeeded")]


def test_a_run_that_outlived_its_tick_is_left_alone_until_its_time_is_up(
    tmp_path: Path, survivor: int
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *events_of_run(survivor))

    waiting = engine.run_at("12:00:59").not_started
    alive = is_alive(survivor)
    engine.run_at("12:01")

    assert [name for name, _ in waiting] == ["backup"]
    assert alive
    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]
    wait_for_the_end_of(survivor)


def test_a_run_whose_process_was_not_recorded_yet_is_found_by_its_id(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", events_of_run(1)[0])
    environ = {"PATH": os.environ["PATH"], "SCHEDULED_RUN_ID": RUN}

    with subprocess.Popen(["sleep", "60"], env=environ) as process:
        wait_for(lambda: processes.find(RUN) == process.pid)  # its environment is there at last
        waiting = engine.run_at("12:00:30").not_started
        process.kill()

    assert f"still running as process {process.pid}" in waiting[0][1]


def test_what_outlived_its_tick_and_its_time_is_killed_wherever_it_went(tmp_path: Path) -> None:
    command = "echo x >> out; setsid sleep 60 & echo $! > escaped; sleep 60"
    engine = Engine(tmp_path, [job(command=command, timeout=60.0)])
    engine.run_at("11:30")
    pid = tick_and_kill(engine, "12:00", spare_the_job=True)

    engine.run_at("12:02")

    assert outcomes(engine.rows) == [("12:00", "timed_out")]
    wait_for_the_end_of(pid)
    wait_for_the_end_of(int(engine.lines("escaped")[0]))


@pytest.mark.parametrize("code", [137, -9, 3])
def test_a_shell_that_outlived_its_command_for_a_moment_has_timed_out_all_the_same(
    tmp_path: Path, code: int
) -> None:
    engine = Engine(tmp_path, [job(timeout=60.0)])
    engine.run_at("11:30")
    engine.record("12:00", events_of_run(1, boot_id="of another boot")[0])
    folder = engine.state_dir / "runs" / "backup"
    folder.mkdir(mode=0o700, parents=True)
    exit_file.write(str(folder / f"{RUN}.exit"), ExitStatus(code, 61.0, is_stopped=True))

    engine.run_at("12:02")

    assert outcomes(engine.rows) == [("12:00", "timed_out")]


def test_a_run_by_hand_whose_tick_died_answers_for_no_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:40", events_of_run(1, slot=None, boot_id="of another boot")[0])

    engine.run_at("11:41")
    engine.run_at("12:00")

    assert outcomes(engine.rows) == [("by hand", "interrupted"), ("12:00", "succeeded")]
    assert engine.rows[-1]["attempt"] == 1


def test_the_run_of_a_job_that_is_no_longer_configured_is_recovered_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", events_of_run(1, boot_id="of another boot")[0])
    engine.jobs = ()

    engine.run_at("12:01")

    assert outcomes(engine.rows)[0] == ("12:00", "interrupted")
    assert "open" not in engine.state["jobs"]["backup"]
