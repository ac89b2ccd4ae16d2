"""The folders of `examples/` as people use them: copied, changed, ticked at any time."""

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

from scheduled.config.load import Config, load
from scheduled.config.paths import PathOptions
from scheduled.state.history import HistoryQuery, Row, read
from scheduled.state.incident_entries import open_incidents
from scheduled.state.store import Store
from scheduled.ticks import tick
from scheduled.ticks.dispatcher import RunRequest
from tests.builders.manual import CHECKOUT

FOLDER = CHECKOUT / "examples"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def at(text: str) -> datetime:
    """An instant, "2026-11-21 02:30" in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Example:
    """A copy of an example, with a state, a home and a folder of programs beside it.

    It lies where a script that forgets to quote a path cannot work.
    """

    def __init__(self, name: str, place: Path) -> None:
        place /= "it's a place, 100% mine"
        place.mkdir(parents=True)
        self.root, self.state = place / name, place / "state"
        self.bin, self.home = place / "bin", place / "home"
        shutil.copytree(FOLDER / name, self.root)
        for folder in (self.bin, self.home):
            folder.mkdir()
        self.environ = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "TZ": "UTC",
        }

    def change(self, file: str, **values: str) -> None:
        """Give the settings of a file other values: `NAME=...` of an env file, `name: ...` of YAML.

        What stands behind a value of YAML, a comment, goes with it.
        """
        path = self.root / file
        lines = path.read_text().splitlines()
        for name, value in values.items():
            places = [n for n, line in enumerate(lines) if _is_setting(line, name)]
            assert len(places) == 1, f"{file}: {name} is there {len(places)} times"
            line = lines[places[0]]
            start = line[: line.index(name) + len(name) + 1]
            lines[places[0]] = f"{start}{' ' if start.endswith(':') else ''}{value}"
        path.write_text("\n".join(lines) + "\n")

    def secret(self, file: str, text: str) -> None:
        """Write a file that only its owner may read."""
        path = self.root / file
        path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        path.write_text(text)

    def stand_in(self, name: str, script: str) -> None:
        """Put a program into PATH, before the real one if there is one."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def config(self, **environ: str) -> Config:
        """What the configuration says."""
        options = PathOptions(
            root=str(self.root), state_dir=str(self.state), environ=self.environ | environ
        )
        return load(options)

    def tick(self, when: str, *jobs: str, **environ: str) -> dict[str, Row]:
        """One `scheduled run` at that time; the rows of what ran, by job.

        Jobs that are named run whether they are due or not, as by `trigger`.
        """
        config = self.config(**environ)
        assert config.problems == ()
        request = RunRequest(only=jobs, by_hand=True, slotless=True) if jobs else None
        report = tick.run(config, at(when), environ=self.environ | environ, request=request)
        return {row["job"]: row for row in report.rows}

    def rows(self, job: str) -> list[Row]:
        """Everything that became of a job, oldest first."""
        found = read(Store(self.state).journal, HistoryQuery(job=job, limit=0), lambda _: False)
        return found[::-1]

    def outcomes(self, job: str) -> list[str | None]:
        """How its scheduled times ended, oldest first."""
        return [row["outcome"] for row in self.rows(job)]

    def incidents(self) -> list[tuple[str | None, str]]:
        """The jobs and kinds of the incidents that are open."""
        state = Store(self.state).load().state
        return [(found.job, found.kind) for found in open_incidents(state).values()]


def _is_setting(line: str, name: str) -> bool:
    return line.lstrip().startswith((f"{name}=", f"{name}:"))
