"""The manual and the commands agree on the keys that `--json` prints."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from docs.declared import commands
from scheduled.cli.main import SECTIONS, main
from tests.builders import manual
from tests.builders.crontab import Crontab
from tests.builders.manual import CHECKOUT, Page

JSON = Page(CHECKOUT / "docs" / "reference" / "json.md").section("JSON output")
KEYS = {
    command: manual.code(row[1])
    for row in manual.rows(JSON)
    if len(row) == 2
    for command in manual.code(row[0])
}
"""The documented keys by command, as it stands in the manual."""
IN_AN_ECOSYSTEM = ("branches", "daily-report")
LINES = "events"
"""Prints one object a line, each of its own kind."""


@pytest.mark.parametrize("command", KEYS)
def test_the_keys_of_a_command_are_the_documented_ones(
    command: str, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(Crontab(root / "cron").bin), prepend=os.pathsep)
    (root / "table").write_text("0 1 * * * true\n")
    if command in IN_AN_ECOSYSTEM:
        (root / "AIPASS_REGISTRY.json").write_text('{"metadata": {}, "branches": []}')
    call(capsys, root, "create", "backup", "hourly", "--command", "echo packed")
    call(capsys, root, "trigger", "backup")
    placeholders = {"JOB": "backup", "FILE": "table", "ID": "new", "SCHEDULE": "daily", "CMD": "x"}
    monkeypatch.chdir(root)

    printed = call(capsys, root, *(placeholders.get(word, word) for word in command.split()))

    assert [*printed] == KEYS[command]


def test_the_manual_has_the_keys_of_all_commands_with_json() -> None:
    names = [name for group in SECTIONS.values() for name in commands.typed(group)]
    with_json = {name for name in names if _has_json(name)}
    said = {name for name in names for command in KEYS if f"{command} ".startswith(f"{name} ")}

    assert with_json - said == {LINES}


def _has_json(name: str) -> bool:
    return any("--json" in option.opts for option in commands.context_of(name).command.params)


def call(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> dict[str, Any]:
    """Run a command with `--json` and return what it prints."""
    capsys.readouterr()
    main(["--root", str(root), "--state-dir", str(root / "state"), *words, "--json"])
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed
