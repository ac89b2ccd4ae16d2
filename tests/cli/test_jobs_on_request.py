"""Built-in jobs that are off until somebody enables them, or names them in the configuration."""

import json
from pathlib import Path

import pytest

from tests.builders.command import scheduled
from tests.builders.configuration import written

JOB = "agency.background_learning"


def listed(root: Path, *options: str) -> dict[str, bool]:
    rows = json.loads(scheduled(root, "list", "--json", *options).out)["jobs"]
    return {row["id"]: row["enabled"] for row in rows}


def test_nobody_sees_them_who_does_not_ask(root: Path) -> None:
    seen = [scheduled(root, *words.split()).out for words in ("list", "status", "next", "--once")]

    assert "agency" not in "".join(seen)
    assert "agency" not in json.dumps(listed(root))
    assert listed(root, "--all")[JOB] is False


def test_enabled_once_they_are_jobs_like_all_others(root: Path) -> None:
    assert scheduled(root, "enable", JOB).out == f"{JOB} is enabled now.\n"

    assert listed(root)[JOB] is True
    assert JOB in scheduled(root, "next").out
    assert JOB in scheduled(root, "simulate").out
    assert "agency.emotion_training" not in listed(root)


def test_disabled_again_they_stay_on_record(root: Path) -> None:
    scheduled(root, "enable", JOB)
    scheduled(root, "disable", JOB)

    assert listed(root)[JOB] is False
    assert JOB not in scheduled(root, "next").out


@pytest.mark.parametrize(
    ("entry", "is_enabled"),
    [
        ("{command: 'echo learned'}", True),
        ("{priority: high}", True),
        ("{command: 'echo learned', enabled: false}", False),
    ],
)
def test_named_in_the_configuration_they_are_on(root: Path, entry: str, is_enabled: bool) -> None:
    written(root, f"jobs:\n  {JOB}: {entry}\n")

    assert listed(root)[JOB] is is_enabled


def test_d14_unbound_their_runs_are_skipped_and_say_so(root: Path) -> None:
    said = scheduled(root, "trigger", JOB)

    row = json.loads(scheduled(root, "history", JOB, "--json").out)["runs"][0]
    assert said.code == 75
    assert row["outcome"] == "skipped"
    assert row["reason"] == f"nothing bound: give {JOB} a command or a handler"


def test_d14_bound_to_a_command_they_do_its_work(root: Path) -> None:
    written(root, f"jobs:\n  {JOB}: {{command: 'echo learned > it', idle_only: false}}\n")

    scheduled(root, "trigger", JOB)

    assert (root / "it").read_text() == "learned\n"


def test_another_job_may_wait_for_one_of_them(root: Path) -> None:
    written(root, f"jobs:\n  next: {{schedule: daily, command: 'true', after: [{JOB}]}}\n")

    assert scheduled(root, "config", "validate").code == 0
