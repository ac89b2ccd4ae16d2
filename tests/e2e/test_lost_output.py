"""Output that cannot be written: a sentence and an exit code in every command, and no work lost."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from scheduled.cli.main import COMMANDS, group
from tests.builders.command import BARE
from tests.builders.jobs import RARELY

LOST = "scheduled: output could not be written: no space left on device"
WORDS = {
    "run": ["-v"],
    "trigger": ["quick"],
    "show": ["quick"],
    "next": ["quick"],
    "why": ["quick"],
    "telemetry": ["status"],
    "logs": ["quick"],
    "create": ["another", "daily", "--command", "true"],
    "update": ["quick", "--timeout", "1h"],
    "delete": ["another"],
    "enable": ["quick"],
    "disable": ["quick"],
    "pause": ["quick"],
    "resume": ["quick"],
    "skip": ["quick"],
    "defer": ["quick", "--for", "1h"],
    "cancel": ["quick"],
    "simulate": ["--to", "1h"],
}
"""Arguments for the commands that need some; in the order of the table they all have work to do."""
ONE_PROCESS = """\
import json, os, sys
from scheduled.cli.main import main

options, commands, target = json.loads(sys.argv[1])
for words in commands:
    child = os.fork()
    if child == 0:
        reader, writer = os.pipe()
        os.close(reader)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(writer if target == "pipe" else full, 1)
        os.dup2(os.open(words[0] + ".err", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        os._exit(main([*options, *words]))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("target", ["full", "pipe"])
def test_b7_output_that_cannot_be_written(tmp_path: Path, target: str) -> None:
    (tmp_path / "scheduled.yaml").write_text(
        f'jobs:\n  quick: {{schedule: "{RARELY}", first_run: now, command: "echo hello"}}\n'
    )
    (tmp_path / "scheduled.yaml").chmod(0o644)
    commands = [[*name.split(), *WORDS.get(name, [])] for name in names()] + [["--help"]]
    options = ["--root", str(tmp_path), "--state-dir", str(tmp_path / "state")]

    said = subprocess.run(
        [sys.executable, "-c", ONE_PROCESS, json.dumps([options, commands, target])],
        env={**BARE, "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=True,
    )

    codes = dict(zip(map(" ".join, commands), map(int, said.stdout.split()), strict=True))
    errors = {words[0]: (tmp_path / f"{words[0]}.err").read_text() for words in commands}
    assert len(codes) > 30
    assert all("bug in" not in text and "Traceback" not in text for text in errors.values())
    if target == "full":
        assert set(codes.values()) <= {0, 1, 2, 4}
        assert errors["history"] == errors["status"] == errors["pause"] == LOST + "\n"
    else:
        assert (codes["history"], codes["status"], codes["--help"]) == (141, 141, 141)
        assert errors["history"] == errors["status"] == errors["pause"] == errors["--help"] == ""
    state = json.loads((tmp_path / "state/scheduled_state.json").read_text())
    assert state["jobs"]["quick"]["counts"]["succeeded"] >= 1
    assert "quick" in state["paused"]


def names() -> list[str]:
    """Every command, with those of groups."""
    found = []
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        children = list(command.commands) if isinstance(command, click.Group) else [""]
        found += [f"{name} {child}".strip() for child in children]
    return [name for name in found if name not in ("cron install", "cron uninstall")]
