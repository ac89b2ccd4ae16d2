"""A command gets the text as its input and the facts in its environment, and nothing else."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from scheduled.notify import limits
from tests.builders import sent


def channel(command: Any, **settings: Any) -> dict[str, Any]:
    return {"kind": "command", "command": command, **settings}


def test_the_text_is_its_input_and_the_facts_are_in_its_environment(tmp_path: Path) -> None:
    command = "cat > text; env > env"

    delivery = sent.send(
        tmp_path, channel(command, env={"MINE": "a"}), HOME="/h", TOKEN_OF_A_JOB="x", LC_ALL="C"
    )

    assert delivery.failed == []
    assert (tmp_path / "text").read_text() == "Text 1\n"
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    facts = json.loads(env.pop("SCHEDULED_FACTS"))
    assert facts["subject"] == env["SCHEDULED_SUBJECT"] == "backup fails 1"
    # On another day, what shifts the clock passes itself on to all processes.
    others = {name for name in env if not name.startswith(("SCHEDULED_", "FAKE", "LD_PRELOAD"))}
    assert others - {"_", "PWD", "SHLVL"} == {"HOME", "LC_ALL", "MINE", "PATH"}
    assert {name for name in env if name.startswith("SCHEDULED_")} == {
        "SCHEDULED_SUBJECT", "SCHEDULED_PRIORITY", "SCHEDULED_EVENT", "SCHEDULED_GROUP",
        "SCHEDULED_KIND", "SCHEDULED_JOB", "SCHEDULED_MESSAGE_ID", "SCHEDULED_CREATED",
        "SCHEDULED_CHANNEL", "SCHEDULED_WITHIN",
    }  # fmt: skip


def test_nothing_in_a_message_is_executed(tmp_path: Path) -> None:
    nasty = f"$(touch bad) `touch bad`; touch bad\n{sent.NASTY}"
    message = sent.message(subject=nasty, body=nasty, job=nasty, facts={"deep": nasty * 100})

    delivery = sent.send(tmp_path, channel('printf %s "$SCHEDULED_SUBJECT" > subject'), message)

    assert delivery.failed == []
    assert [path.name for path in tmp_path.iterdir()] == ["subject"]
    assert (tmp_path / "subject").read_text().isprintable()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exit 3", "exit code 3"),
        ("echo one; echo 'two \x1b[31m red' >&2; exit 1", "exit code 1: two  red"),
        ("kill -9 $$", "killed by signal 9"),
        (["/no/such"], "/no/such: no such file or directory"),
        ("yes | head -c 1000000; exit 1", "exit code 1: y"),
        ("echo my-secret-value; exit 1", "exit code 1: ***"),
    ],
)
def test_a_command_that_fails_says_why(tmp_path: Path, command: Any, expected: str) -> None:
    settings = channel(command, env={"MY_TOKEN": "my-secret-value", "PATH": "/usr/bin:/bin"})

    assert sent.reason(sent.send(tmp_path, settings)) == expected


def test_a_command_that_hangs_is_killed_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGE_SECONDS", 0.5)
    command = "(while :; do echo x >> alive; sleep 0.05; done) & sleep 3600"

    reason = sent.reason(sent.send(tmp_path, channel(command, env={"PATH": "/usr/bin:/bin"})))

    assert reason == "not done within 0.5 s"
    before = (tmp_path / "alive").read_text()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_text() == before


def test_what_a_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    command = "setsid sleep 3600 & echo $! > pid"

    assert sent.send(tmp_path, channel(command, env={"PATH": "/usr/bin:/bin"})).failed == []

    import os
    import signal

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
