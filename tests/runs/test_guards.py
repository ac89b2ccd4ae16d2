"""What holds a job back: a busy machine, a full disk, and a command that says no."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scheduled.jobs.model import Outcome
from scheduled.runs import preconditions
from scheduled.runs.preconditions import Guards, GuardUnusableError
from scheduled.system import load
from tests.builders.beside import wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job

NOTE = "echo $SCHEDULED_SLOT >> out"


@pytest.fixture
def measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no reading count that a test before this one took, seconds ago in the same process."""
    monkeypatch.setattr(preconditions, "STALE_SECONDS", 0.0)


@pytest.mark.usefixtures("measured_anew")
def test_a_machine_short_of_memory_keeps_the_slot_due_until_there_is_some(tmp_path: Path) -> None:
    # Some memory is always taken, and never all of it.
    engine = Engine(tmp_path, [job(command=NOTE, max_memory_percent=0.01)])
    engine.run_at("11:30")
    report = engine.run_at("12:00")
    assert (report.carried, report.exit_code) == (1, 0)
    assert "max_memory_percent is 0.01" in report.not_started[0][1]
    engine.jobs = (job(command=NOTE, max_memory_percent=100.0),)

    engine.run_at("12:10")

    assert engine.lines() == ["2026-11-21T12:00:00Z"]
    assert outcomes(engine.rows) == [("12:00", "succeeded")]


@pytest.mark.usefixtures("measured_anew")
def test_busy_processors_delay_a_guarded_job_and_no_other(tmp_path: Path) -> None:
    shy = job("shy", command=NOTE, max_cpu_percent=20.0)
    engine = Engine(tmp_path, [shy, job("other", command="echo other >> out")])
    engine.run_at("11:30")
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in os.sched_getaffinity(0)]
    try:
        wait_for(
            lambda: all(psutil.Process(burner.pid).cpu_times().user > 0.1 for burner in burners)
        )
        report = engine.run_at("12:00")
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()

    assert engine.lines() == ["other"]
    assert report.not_started[0][0] == "shy"
    assert "max_cpu_percent" in report.not_started[0][1]


BURN = "\nwhile True: pass"


def test_a_disk_with_too_little_free_space_delays_a_job(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, min_free_disk=10**17)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert "min_free_disk" in report.not_started[0][1]
    assert engine.lines() == []


def test_a_guard_that_says_not_now_for_hours_is_recorded_once_a_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, min_free_disk=10**17)])
    engine.run_at("11:30")

    for when in ("12:00", "12:01", "12:02", "13:00", "13:01"):
        engine.run_at(when)

    assert engine.state["jobs"]["backup"]["deferrals"] == 2


def test_a_slot_that_a_guard_delays_for_too_long_is_skipped_as_too_late(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, min_free_disk=10**17, max_lateness=600.0)])
    engine.run_at("11:30")
    engine.run_at("12:00")

    engine.run_at("12:11")

    assert outcomes(engine.rows) == [("12:00", "skipped")]
    assert "deferred" not in engine.state["jobs"]["backup"]


def test_a_run_by_hand_heeds_no_guard(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo ran >> out", min_free_disk=10**17)])

    engine.run_at("12:00", by_hand=True, slotless=True)

    assert engine.lines() == ["ran"]


def test_a_guard_that_cannot_be_checked_is_a_problem_and_not_a_silent_wait(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(cwd="nowhere", min_free_disk=1024), job("other", command=NOTE)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert report.exit_code == 2
    assert report.problems == [
        f"backup: min_free_disk: {tmp_path}/nowhere: no such file or directory"
    ]
    assert len(engine.lines()) == 1
    held = engine.state["jobs"]["backup"]["deferred"]
    assert held["reason"] == report.problems[0].removeprefix("backup: ")


@pytest.mark.parametrize(
    ("processors", "memory", "guard"),
    [(20.0, 70.0, None), (20.1, 0.0, "processors"), (0.0, 70.1, "memory")],
)
def test_a_machine_is_idle_up_to_a_fifth_of_its_processors_and_seven_tenths_of_its_memory(
    tmp_path: Path, processors: float, memory: float, guard: str | None
) -> None:
    read_now = Guards(processors, memory, time.monotonic())

    not_now = read_now.check(job(idle_only=True), tmp_path)

    assert (not_now and not_now.reason.split()[0]) == guard


def test_other_thresholds_of_an_idle_machine_count(tmp_path: Path) -> None:
    read_now = Guards(50.0, 80.0, time.monotonic())
    busy = job(idle_only=True, idle_threshold_cpu=60.0, idle_threshold_memory=75.0)

    not_now = read_now.check(busy, tmp_path)

    assert not_now is not None
    assert not_now.reason == "memory busy to 80 %, idle_only is 75 %"


@pytest.mark.usefixtures("measured_anew")
def test_the_load_is_measured_without_psutil(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)

    idle = Guards().check(job(max_memory_percent=100.0, max_cpu_percent=100.0), tmp_path)
    busy = Guards().check(job(max_memory_percent=0.01), tmp_path)

    assert idle is None
    assert busy is not None
    assert busy.guard == "max_memory_percent"


def test_the_kernel_counts_as_psutil_does() -> None:
    measured = load.measure(0.05)

    assert 0 <= measured.processors <= 100
    assert measured.memory == pytest.approx(psutil.virtual_memory().percent, abs=5)


@pytest.mark.usefixtures("measured_anew")
@pytest.mark.parametrize("text", [None, "", "cpu 1 x", "intr 5\n"])
def test_where_neither_can_tell_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(load, "STAT", tmp_path / "stat")
    if text is not None:
        (tmp_path / "stat").write_text(text)

    with pytest.raises(GuardUnusableError, match=r"pip install 'scheduled-cron\[guards\]'"):
        Guards().check(job(idle_only=True), tmp_path)


def test_a_job_without_guards_never_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)

    assert Guards().check(job(), tmp_path) is None


def test_only_if_a_command_says_yes_does_the_job_start(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, only_if="test -e ready")])
    engine.run_at("11:30")
    engine.run_at("12:00")
    (tmp_path / "ready").touch()

    engine.run_at("13:00")

    assert outcomes(engine.rows) == [("12:00", "skipped"), ("13:00", "succeeded")]
    assert engine.rows[0]["reason"] == "only_if said no (exit code 1)"
    assert engine.lines() == ["2026-11-21T13:00:00Z"]


def test_a_condition_that_says_not_now_is_asked_again_for_the_same_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, only_if="test -e ready || exit 75")])
    engine.run_at("11:30")
    assert engine.run_at("12:00").carried == 1
    (tmp_path / "ready").touch()

    engine.run_at("12:05")

    assert outcomes(engine.rows) == [("12:00", "succeeded")]


def test_a_condition_knows_what_the_job_would_know(tmp_path: Path) -> None:
    asks = 'test "$GREETING $SCHEDULED_JOB $PWD" = "hi backup $HERE/work"'
    asked = job(
        command=NOTE, only_if=asks, cwd="work", env={"GREETING": "hi", "HERE": f"{tmp_path}"}
    )
    (tmp_path / "work").mkdir()
    engine = Engine(tmp_path, [asked])
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert [row["outcome"] for row in engine.rows] == [Outcome.SUCCEEDED]


def test_a_condition_given_as_a_list_needs_no_shell(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, only_if=("test", "-e", "a b; c"))])
    (tmp_path / "a b; c").touch()
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert [row["outcome"] for row in engine.rows] == [Outcome.SUCCEEDED]


def test_a_condition_that_does_not_exist_keeps_the_slot_due_and_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, only_if=("/nowhere/ask",))])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert report.not_started == [("backup", "only_if cannot be run: no such file or directory")]
