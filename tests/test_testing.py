"""The fixture for those who write handlers: a real run, at the time a test says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.errors import ConfigError
from scheduled.jobs.model import Outcome
from scheduled.testing import NOON, Trial
from tests.builders import chores
from tests.builders.handlers import decorated, handler_file
from tests.builders.jobs import at
from tests.test_api import codes


def test_a_run_tells_what_came_of_it(trial: Trial) -> None:
    tried = trial.run(chores.sweep, params={"size": 3})

    assert (tried.outcome, tried.slot, trial.now) == (Outcome.SUCCEEDED, NOON, NOON)
    assert tried.result == {"missed": 0, "size": 3}
    assert [name for name, _ in tried.events] == ["data_loss_risk"]
    assert [(message.to, message.subject) for message in tried.messages] == [("@dev_central", "S")]
    assert tried.output == "swept for 2026-11-21 12:00:00+00:00\n"


def test_memory_is_kept_and_further_runs_are_for_further_slots(trial: Trial) -> None:
    slots = [trial.run(chores.sweep).slot for _ in range(3)]

    assert slots == [at("12:00"), at("12:01"), at("12:02")]
    assert trial.memory == {"swept": 3}


def test_a_run_after_an_outage_answers_for_what_was_missed(trial: Trial) -> None:
    trial.schedule = "hourly"
    trial.run(chores.sweep)

    tried = trial.run(chores.sweep, at=at("17:30"))

    assert (tried.slot, tried.missed) == (at("17:00"), 4)


def test_a_failure_and_a_not_now_are_told_and_keep_nothing(trial: Trial) -> None:
    failed, put_off = trial.run(chores.forget), trial.run(chores.later)

    assert (failed.outcome, failed.error) == (Outcome.FAILED, "GiveUp: no broom")
    assert (put_off.outcome, put_off.reason) == (None, "not now: it rains")
    assert trial.memory == {}


def test_after_a_not_now_the_same_slot_is_tried_again(trial: Trial) -> None:
    put_off, done = trial.run(chores.later), trial.run(chores.sweep)

    assert (put_off.slot, done.slot) == (NOON, NOON)


def test_a_run_by_hand_has_no_slot(trial: Trial) -> None:
    assert trial.run(chores.sweep, by_hand=True).slot is None


def test_the_handler_runs_elsewhere_and_at_the_time_that_was_said(trial: Trial) -> None:
    tried = trial.run(chores.whole, at=at("2027-02-03T04:05"))

    assert tried.result == {"now": "2027-02-03T04:05:00+00:00", "root": str(trial.root)}


def test_a_file_of_a_handler_folder_can_be_tried(trial: Trial, tmp_path: Path) -> None:
    path = handler_file(tmp_path, "good.py", decorated("good"))

    assert trial.run(f"{path}:good").result == {"by": "good"}


def test_a_time_at_which_nothing_is_due_fails_the_test(trial: Trial) -> None:
    trial.run(chores.sweep)

    with pytest.raises(pytest.fail.Exception, match=r"nothing ran at 2026-11-21T12:00:30"):
        trial.run(chores.sweep, at=at("12:00:30"))


def test_a_key_of_the_job_that_is_wrong_is_told(trial: Trial) -> None:
    with pytest.raises(ConfigError, match=r"trial\.timeout"):
        trial.run(chores.sweep, timeout="soon")


def test_a_function_can_be_called_with_the_context_of_a_run(trial: Trial) -> None:
    trial.run(chores.sweep)
    context = trial.context(params={"size": 1}, missed=2)

    assert chores.sweep(context) == {"missed": 2, "size": 1}
    assert (context.memory, trial.memory) == ({"swept": 2}, {"swept": 1})


@pytest.mark.slow
def test_the_tests_in_the_manual_pass(tmp_path: Path) -> None:
    (tests,) = codes("Test a handler")
    (tmp_path / "chores.py").write_text(codes("From Python")[0])
    (tmp_path / "test_chores.py").write_text(tests)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["scheduled.testing"]\n')

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert re.search(r"\b2 passed", done.stdout)
