"""Runs from their start to their end: what is on disk, and when; and how a stop ends one."""

import errno
import os
import signal
from pathlib import Path

import pytest

from scheduled.jobs.model import OnInterrupted
from scheduled.system import locks
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job

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
