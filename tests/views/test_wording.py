"""The printed forms of recorded words."""

import json
from pathlib import Path

import pytest

from scheduled.planning.decide import SKIPPED_BY_USER
from scheduled.state.heartbeat import Cause
from scheduled.views import wording
from tests.builders.jobs import at
from tests.builders.looks import Home, end


def test_recorded_causes_are_printed_in_plain_words() -> None:
    assert wording.printed(Cause.SILENT) == "cron did not run"
    assert wording.printed("left out by hand") == "skipped by user"
    assert wording.printed("stopped by hand: too long") == "stopped by user: too long"
    assert wording.printed(Cause.OFF) == "machine off"


@pytest.mark.parametrize(
    ("outcome", "error", "printed"),
    [
        ("timed_out", "timed out after 20 s", "timed out after 20 s"),
        ("timed_out", "", "timed out"),
        ("failed", "exit code 1", "failed: exit code 1"),
        ("interrupted", "stopped by hand", "interrupted: stopped by user"),
    ],
)
def test_how_a_run_ended_is_said_once(outcome: str, error: str, printed: str) -> None:
    assert wording.ended(outcome, error, error) == printed


def test_people_read_the_printed_form_and_programs_the_recorded_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configure('jobs:\n  backup: {schedule: "0 * * * *", command: "true"}\n')
    home.record(end("r1", at("11:00"), "skipped", reason=SKIPPED_BY_USER, error=""))

    assert "skipped by user" in home.call("history").out
    assert json.loads(home.call("history", "--json").out)["runs"][0]["reason"] == SKIPPED_BY_USER
