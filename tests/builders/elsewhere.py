"""A root whose jobs run elsewhere, ticked in a process space of its own."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.builders.process_space import ProcessSpace

NAME = "nas"


class Home:
    """A root with one executor, which is called `nas`."""

    def __init__(self, folder: Path, space: ProcessSpace, executor: Mapping[str, object]) -> None:
        self.folder, self.space, self.executor = folder, space, executor
        self.variables: dict[str, str] = {}
        """More of them, for each command."""
        self._started: list[subprocess.Popen[bytes]] = []
        folder.mkdir(exist_ok=True)

    def configure(self, jobs: str, executor: Mapping[str, object] | None = None) -> None:
        """Write a configuration with these jobs, indented by two."""
        path = self.folder / "scheduled.yaml"
        path.write_text(
            f"executors: {json.dumps({NAME: executor or self.executor})}\njobs:\n{jobs}"
        )
        path.chmod(0o644)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on meanwhile."""
        self._started.append(self.space.start(*self._places(), *words, TZ="UTC", **self.variables))
        return self._started[-1]

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call a command."""
        return self.space.call(*self._places(), *words, TZ="UTC", **self.variables)

    def close(self) -> None:
        """End what was started, and goes on."""
        self.space.kill("scheduled", str(self.folder))
        for process in self._started:
            process.kill()
            process.wait()

    def _places(self) -> list[str]:
        return ["--root", str(self.folder), "--state-dir", str(self.folder / "state")]

    def rows(self) -> list[dict[str, Any]]:
        """What history has, newest first."""
        found: list[dict[str, Any]] = json.loads(
            self.call("history", "--json", "--limit", "0").stdout
        )["runs"]
        return found

    def last(self) -> dict[str, Any]:
        """The newest row."""
        return self.rows()[0]

    def output(self, job: str = "far") -> str:
        """What the last run of a job has printed."""
        return self.call("logs", job).stdout


def job(command: Any = None, name: str = "far", **more: object) -> str:
    """A job that runs elsewhere, as an entry of `jobs`."""
    keys = {"schedule": "0 0 1 1 *", "executor": NAME, **more}
    if command is not None:
        keys["command"] = command
    return f"  {name}: {json.dumps(keys)}\n"
