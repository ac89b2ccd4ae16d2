"""One job's turn: what becomes of a run whose tick died, and what is on disk before one starts."""

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import OnInterrupted, Overlap
from scheduled.system import locks, machine, processes
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


def begun(pid: int, **more: Any) -> list[dict[str, Any]]:
    """What a tick that died at 12:00 had on record: a run of a minute, and its process."""
    about = {"job": "backup", "run_id": RUN}
    begin = {"slot": "2026-11-21T12:00:00Z", "attempt": 1, "timeout": 60.0}
    boot = {"boot_id": machine.boot_id()}
    spawned = {"pid": pid, "pid_started": processes.start_time(pid)}
    return [
        {"event": "begin", **about, **begin, **boot, **more},
        {"event": "spawned", **about, **spawned, **more},
    ]


# A run whose tick died


@pytest.mark.parametrize("other", [{"boot_id": "of another boot"}, {"pid_started": 1}])
@pytest.mark.parametrize("when", ["12:00:30", "12:30"])
def test_a_process_id_that_was_given_away_again_is_neither_waited_for_nor_killed(
    tmp_path: Path, stranger: int, other: dict[str, Any], when: str
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *begun(stranger, **other))

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
    engine.record("12:00", *begun(4_000_000))
    with held_by_another(engine.state_dir / "locks" / "backup.lock"):
        assert engine.run_at("13:00").carried == 1
    engine.run_at("13:01")

    assert outcomes(engine.rows) == [
        ("12:00", "interrupted"),
        ("12:00", "missed"),
        ("13:00", "succeeded"),
    ]


def test_a_run_that_outlived_its_tick_is_left_alone_until_its_time_is_up(
    tmp_path: Path, stranger: int
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *begun(stranger))

    left = engine.run_at("12:00:59").not_started
    alive = is_alive(stranger)
    engine.run_at("12:01")

    assert [name for name, _ in left] == ["backup"]
    assert alive
    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]
    wait_for_the_end_of(stranger)


def test_a_run_whose_process_was_not_recorded_yet_is_found_by_its_id(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", begun(1)[0])
    environ = {"PATH": os.environ["PATH"], "SCHEDULED_RUN_ID": RUN}

    with subprocess.Popen(["sleep", "60"], env=environ) as process:
        left = engine.run_at("12:00:30").not_started
        process.kill()

    assert f"still running as process {process.pid}" in left[0][1]


def test_what_outlived_its_tick_and_its_time_is_killed_wherever_it_went(tmp_path: Path) -> None:
    command = "echo x >> out; test -f ready && exit; setsid sleep 60 & echo $! > escaped; sleep 60"
    engine = Engine(tmp_path, [job(command=command, timeout=60.0)])
    engine.run_at("11:30")
    pid = tick_and_kill(engine, "12:00", spare_the_job=True)
    (tmp_path / "ready").touch()

    engine.run_at("12:02")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]
    wait_for_the_end_of(pid)
    wait_for_the_end_of(int(engine.lines("escaped")[0]))


def test_a_run_by_hand_whose_tick_died_answers_for_no_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:40", begun(1, slot=None, boot_id="of another boot")[0])

    engine.run_at("11:41")
    engine.run_at("12:00")

    assert outcomes(engine.rows) == [("by hand", "interrupted"), ("12:00", "succeeded")]
    assert engine.rows[-1]["attempt"] == 1


def test_a_job_nobody_knows_any_more_has_its_run_settled_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", begun(1, boot_id="of another boot")[0])
    engine.jobs = ()

    engine.run_at("12:01")

    assert outcomes(engine.rows)[0] == ("12:00", "interrupted")
    assert "open" not in engine.state["jobs"]["backup"]


# A run that was told to stop


@pytest.mark.parametrize(
    ("policy", "attempts"), [(OnInterrupted.RERUN, [1, 2]), (OnInterrupted.SKIP, [1])]
)
def test_a_run_stopped_with_its_tick_is_done_again_unless_the_job_says_otherwise(
    tmp_path: Path, policy: OnInterrupted, attempts: list[int]
) -> None:
    stop_once = f"test -f ready || {{ touch ready; kill -TERM {os.getpid()}; sleep 60; }}"
    engine = Engine(tmp_path, [job(command=stop_once, on_interrupted=policy)])
    engine.run_at("11:30")

    stopped = engine.run_at("12:00")
    engine.run_at("12:01")

    assert stopped.exit_code == 128 + signal.SIGTERM
    assert engine.rows[0]["reason"] == "stopped by SIGTERM"
    assert [row["attempt"] for row in engine.rows] == attempts


# What is on disk, and when


def test_a_run_is_on_the_disk_before_it_starts_and_its_end_before_the_job_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out")])
    engine.run_at("11:30")
    synced: list[tuple[str, bool, bool]] = []
    fdatasync = os.fdatasync

    def noted(descriptor: int) -> None:
        fdatasync(descriptor)
        event = engine.last_event["event"]
        synced.append((event, bool(engine.lines()), locks.is_running(engine.state_dir, "backup")))

    monkeypatch.setattr(os, "fdatasync", noted)
    engine.run_at("12:00")

    assert ("begin", False, True) in synced
    assert ("end", True, True) in synced
    assert not locks.is_running(engine.state_dir, "backup")


def test_runs_that_start_together_reach_the_disk_at_once_and_before_any_of_them_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job(name, command="echo x >> out") for name in "abcd"])
    engine.run_at("11:59")
    synced: list[tuple[int, int]] = []
    fdatasync = os.fdatasync

    def noted(descriptor: int) -> None:
        fdatasync(descriptor)
        synced.append((sum(row["outcome"] is None for row in engine.rows), len(engine.lines())))

    monkeypatch.setattr(os, "fdatasync", noted)
    engine.run_at("12:00")

    assert synced[0] == (4, 0)
    assert outcomes(engine.rows) == [("12:00", "succeeded")] * 4


def test_a_run_that_cannot_be_made_to_last_is_not_started_and_its_job_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out")])
    engine.run_at("11:59")

    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", failing)
        report = engine.run_at("12:00")
        assert (report.exit_code, engine.lines()) == (4, [])
        assert not locks.is_running(engine.state_dir, "backup")
    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]


def test_each_run_has_an_id_that_sorts_by_time_and_that_no_other_has(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("a"), job("b")])
    engine.run_at("11:30")

    ids = [row["run_id"] for row in engine.run_at("12:00").ran]

    assert [run_id[:13] for run_id in ids if run_id] == ["20261121T1200"] * 2
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("command", "noted"), [("true", "2026-11-21T12:00:00"), ("exit 1", None), ("exit 75", None)]
)
def test_the_seeds_key_tells_of_the_last_success_and_of_nothing_else(
    tmp_path: Path, command: str, noted: str | None
) -> None:
    engine = Engine(tmp_path, [job(command=command, last_run_key="hourly")])
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert engine.state["last_run"]["hourly"] == noted
