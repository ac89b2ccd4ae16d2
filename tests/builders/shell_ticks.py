"""An installation in which nothing is due, and ticks of it by a shell as cron starts it."""

import os
import posix
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

import scheduled
from scheduled import idle
from scheduled.state import heartbeat
from scheduled.system import files
from scheduled.ticks import shell_hint
from scheduled.ticks.shell_hint import Limits

SCRIPT = Path(scheduled.__file__).parent / "installation" / "scheduled-tick"
FULL = 97
"""What the interpreter of these tests, which is none, exits with."""
SHELLS = [
    words
    for words in (["dash"], ["bash", "--posix"], ["bash"], ["busybox", "ash"])
    if shutil.which(words[0])
]
NAMES = (
    "plain",
    "with  spaces ",
    "star*[a-z]?",
    "quo'te\"$(x)`y`",
    "back\\slash",
    "ümläut",
    "-n",
    "!",
)


class Place(NamedTuple):
    """An installation in which nothing is due, as a full tick leaves it."""

    folder: Path
    arguments: list[str]
    words: list[str]

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def hint(self) -> Path:
        return self.state / idle.SHELL_HINT

    @property
    def beat(self) -> Path:
        return self.state / idle.HEARTBEAT

    def by_shell(self, shell: list[str], *more: str) -> int:
        """Have a shell read the script and end the tick or go on; return the exit code."""
        line = 'test -r "$0" && . "$0"; exec "$@"'
        command = [*shell, "-c", line, str(SCRIPT), *self.words, *more]
        done = subprocess.run(command, env=os.environb, capture_output=True, check=False)
        assert (done.stdout, done.stderr) == (b"", b"")
        return done.returncode

    def is_idle_by_python(self) -> bool:
        """Whether the rule of `scheduled.idle` says so."""
        return idle.exit_code(self.arguments) is not None


class Environment:
    """The variables that count, as the shell gets them and as `scheduled.idle` reads them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.reset()

    def reset(self) -> None:
        for variable in idle.VARIABLES:
            self.change(os.fsdecode(variable), None)
        self.change("HOME", "/home/somebody")

    def change(self, name: str, value: str | None) -> None:
        if value is None:
            self._monkeypatch.delenv(name, raising=False)
            self._monkeypatch.delitem(posix.environ, os.fsencode(name), raising=False)
        else:
            self._monkeypatch.setenv(name, value)
            self._monkeypatch.setitem(posix.environ, os.fsencode(name), os.fsencode(value))


def interpreter(folder: Path) -> Path:
    """Write what stands in for the interpreter: what a shell in doubt starts."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\nexit {FULL}\n")
    program.chmod(0o755)
    return program


def make(folder: Path, *, code: int = 0, due: float = 3600.0, silence: float = 90.0) -> Place:
    """Write the hints of an installation in which nothing is due for `due` seconds."""
    root, state = folder / "root", folder / "state"
    root.mkdir(parents=True)
    state.mkdir(mode=0o700)
    (root / "scheduled.yaml").write_text("jobs: {}\n")
    (root / "jobs").mkdir()
    (state / "scheduled_state.json").write_text("{}\n")
    arguments = ["--root", str(root), "--state-dir", str(state), "run"]
    paths = (root / "scheduled.yaml", root / "jobs", state / "scheduled_state.json")
    stamps = {str(path): files.stamp(path) for path in (*paths, root / "none.yaml")}
    now = time.time()
    idle.write_hint(str(state), arguments, due=now + due, silence=silence, code=code, stamps=stamps)
    limits = Limits(now + due, silence, code)
    shell_hint.write(str(state), arguments, limits, stamps, now + 5)
    heartbeat.save(state, heartbeat.read_clocks(datetime.fromtimestamp(now - 3, UTC)))
    return Place(folder, arguments, shell_hint.command(arguments))
