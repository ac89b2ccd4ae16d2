"""Commands tell subscribers what they have done to jobs."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import main

CHECKOUT = str(Path(__file__).parents[2])
CONFIG = """
subscribe:
  log: {kind: command, command: cat >> told}
  names: {kind: command, command: 'echo "$SCHEDULED_EVENT" >> names', on: scheduler.*}
  broken: {kind: command, command: 'exit 7', on: scheduler.task.status}
jobs:
  mine: {schedule: daily, command: 'true'}
"""


class Installed:
    """An installation with subscribers, and its command line."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "scheduled.yaml").write_text(CONFIG)
        (folder / "scheduled.yaml").chmod(0o600)
        monkeypatch.setenv("HOME", str(folder))

    def call(self, *words: str) -> int:
        places = ["--root", str(self.folder), "--state-dir", str(self.folder / "state")]
        return main.main([*places, *words])

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def subscribed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(tmp_path, monkeypatch)


def test_what_commands_do_is_told(subscribed: Installed) -> None:
    create = ("create", "new", "daily", "--command", "true")
    for words in (create, ("pause", "new"), ("delete", "new", "--yes")):
        assert subscribed.call(*words) == 0

    done = ["create", "status", "delete"]
    assert subscribed.lines("names") == [f"scheduler.task.{name}" for name in done]
    told: list[dict[str, Any]] = [*map(json.loads, subscribed.lines("told"))]
    assert {data["job"] for data in told} == {"new"}


def test_a_subscriber_that_fails_does_not_stop_a_command(
    subscribed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert subscribed.call("disable", "mine") == 0

    assert capsys.readouterr().err == ""
    subscribed.call("status")
    assert "broken (exit code 7)" in capsys.readouterr().out


def test_it_is_noted_with_verbose(
    subscribed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribed.call("--verbose", "disable", "mine")

    said = capsys.readouterr().err
    assert "subscriber broken: not told of 1 event: exit code 7" in said


def test_commands_that_only_look_tell_nothing(subscribed: Installed) -> None:
    for words in (("status",), ("list",), ("disable", "mine", "--help")):
        subscribed.call(*words)

    assert subscribed.lines("told") == []


def test_subscribers_that_call_scheduled_do_not_go_on_for_ever(subscribed: Installed) -> None:
    again = f"{sys.executable} -m scheduled --root . --state-dir state skip mine"
    # Without an end of its own, a failure of this test would be one.
    command = f'echo "$SCHEDULED_WITHIN" >> within; [ $(wc -l < within) -gt 9 ] || {again}'
    settings = {"kind": "command", "command": command, "env": {"PYTHONPATH": CHECKOUT}}
    told = {name: {**settings, "on": "scheduler.task.status"} for name in ("a", "b")}
    config = {"subscribe": told, "jobs": {"mine": {"schedule": "daily", "command": "true"}}}
    (subscribed.folder / "scheduled.yaml").write_text(json.dumps(config))

    assert subscribed.call("skip", "mine") == 0

    assert sorted(subscribed.lines("within")) == ["a", "a b", "b", "b a"]
