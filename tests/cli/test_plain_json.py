"""Whatever jobs print, JSON of every command is read by every program."""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from scheduled.cli.main import COMMANDS, group
from scheduled.state import events
from scheduled.state.store import Store
from scheduled.system.plain_json import TOO_DEEP, dumps
from tests.builders.jobs import at
from tests.builders.looks import Home, end, lived_in

ODD = "caf\ud83d \udc80 \x00 ok"
WORDS = {
    "run": ["--only", "poll"],
    "trigger": ["poll"],
    "show": ["backup"],
    "next": ["backup"],
    "why": ["backup"],
    "telemetry": ["analytics"],
    "logs": ["backup"],
    "simulate": ["--to", "1h"],
    "create": ["another", "hourly", "--command", "true"],
    "update": ["another", "--timeout", "1h"],
    "config export": ["--crontab"],
}
"""Arguments for the commands that need some."""


def nested(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Runs that printed what not everybody can read, and a person who wrote such a reason."""
    made = lived_in(tmp_path)
    store = Store(made.state_dir).load()
    result = {ODD: ODD, "nan": math.nan, "more": [math.inf, -math.inf], "deep": nested(900)}
    odd = end("r9", at("11:30"), "failed", error=ODD, reason=ODD, result=result, dead_letter=True)
    store.record(at("11:31"), odd, events.job_paused("poll", None, ODD))
    store.checkpoint(at("11:31"))
    return made


def commands() -> list[tuple[str, click.Command]]:
    """Every command that has --json, with its name."""
    context = group.make_context("scheduled", [], resilient_parsing=True)
    found = []
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        children = command.commands if isinstance(command, click.Group) else {"": command}
        found += [(f"{name} {child}".strip(), command) for child, command in children.items()]
    return [
        (name, command)
        for name, command in found
        if any("--json" in option.opts for option in command.params)
    ]


def test_b6_json_of_every_command_is_read_by_others(home: Home) -> None:
    told = {}
    for name, command in commands():
        if name in ("config import", "ls", "events"):
            continue  # reads a foreign file; another name of list; prints an object a line
        if name in ("branches", "projects"):
            continue  # read a registry, which is not here
        said = home.call(command, *WORDS.get(name, []), "--json")
        assert said.out, (name, said)
        told[name] = said.out
        assert_readable(said.out, name)

    assert len(told) > 12
    assert TOO_DEEP in told["history"]
    assert "caf\\ufffd \\ufffd \\u0000 ok" in told["history"]
    assert told["history"].count("null") > 2


def test_b6_csv_can_be_written_anywhere(home: Home) -> None:
    said = home.call(dict(commands())["history"], "--csv")

    assert "caf\ufffd" in said.out
    said.out.encode()


def test_what_no_json_has_is_text() -> None:
    assert json.loads(dumps({"when": at("12:00"), "where": Path("/x"), "pair": (1, True)})) == {
        "when": "2026-11-21 12:00:00+00:00",
        "where": "/x",
        "pair": [1, True],
    }


def assert_readable(text: str, name: str) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{name}: {constant}")

    document = json.loads(text.encode("utf-8"), parse_constant=refuse)
    assert isinstance(document, dict), name
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    if shutil.which("jq"):
        subprocess.run(["jq", "."], input=text.encode(), check=True, stdout=subprocess.DEVNULL)
