"""An installation to be ticked: a configuration with a number of jobs, and its state folder."""

import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.cost import BenchError, Cost, process
from scheduled.config import load
from scheduled.config.paths import PathOptions
from scheduled.installation import crontab_line, idle_script
from scheduled.installation.tick_command import Target
from scheduled.ticks import tick
from scheduled.ticks.idle_hint import RACE_SECONDS

COMMAND = {"command": "true"}
BUILTIN = ("mail_cleanup", "memory_rollover", "health", "metrics", "daily_report")


class Installation:
    """Jobs, all of one schedule, in `scheduled.yaml` or each in a file of its own."""

    def __init__(
        self,
        folder: Path,
        jobs: int,
        schedule: str,
        *,
        in_files: bool = False,
        name: str = "jobs",
        action: Mapping[str, str] = COMMAND,
        **settings: Any,
    ) -> None:
        self.root = folder / f"{name}-{jobs}"
        self.state = self.root / "state"
        self.files = self.root / "jobs"
        self.root.mkdir()
        mine = {f"job-{n}": {"schedule": schedule, **action} for n in range(jobs)}
        listed = {name: {"enabled": False} for name in BUILTIN}
        configured = {"timezone": "UTC", **settings, "jobs": listed if in_files else listed | mine}
        _written(self.root / "scheduled.yaml", json.dumps(configured, indent=1))
        if in_files:
            self.files.mkdir(mode=0o755)
            for name, job in mine.items():
                _written(self.files / f"{name}.yaml", _as_file(name, job))
            _settled(self.files)
        self.options = ["--root", str(self.root), "--state-dir", str(self.state)]

    def by_cron(self) -> list[str]:
        """Return the words that cron calls: a shell, with the command of the line."""
        target = Target.running(self.options)
        target = replace(target, script=idle_script.find(target.python))
        line = crontab_line.tick_lines(target)[0].decode()
        return ["/bin/sh", "-c", line.split(" ", 5)[5].rstrip("\n")]

    def by_script(self) -> list[str]:
        """Return the words a person types."""
        script = Path(sys.executable).with_name("scheduled")
        if not script.exists():
            raise BenchError(f"{script}: not there; install the checkout with `pip install -e .`")
        return [str(script), *self.options, "run"]

    def settle(self, words: list[str]) -> None:
        """Tick until there is nothing to do: the jobs are registered, the hint is written.

        It is not while files are younger than RACE_SECONDS: those of a new environment, too.
        Raises BenchError if it is not written after all.
        """
        process(*words)
        until = time.monotonic() + 5 * RACE_SECONDS
        while True:
            process(*words)
            if (self.state / "next-due").exists():
                return
            if time.monotonic() > until:
                raise BenchError(f"{shlex.join(words)}: leaves no hint that it was idle")
            time.sleep(RACE_SECONDS / 4)

    def idle(self, words: list[str]) -> Cost:
        """Measure an idle tick that comes some seconds after the last.

        Raises BenchError if it was none: state written, or no heartbeat.
        """
        beat = self.state / "heartbeat"
        wall, rest = beat.read_text("ascii").split(maxsplit=1)
        beat.write_text(f"{float(wall) - 5} {rest}", "ascii")
        before = self._stamps()
        cost = process(*words)
        after = self._stamps()
        if before[0] == after[0] or before[1:] != after[1:]:
            raise BenchError(f"{shlex.join(words)}: was meant to be an idle tick, and was none")
        return cost

    def meet(self, ago: timedelta) -> None:
        """Tick as if it were some time ago, so that the jobs registered then are due now."""
        environ = {"PATH": os.environ["PATH"]}
        tick.run(load.load(asked(self.root)), datetime.now(UTC) - ago, environ=environ)
        self.state.rename(self._template)
        self.state.mkdir()

    def due(self, words: list[str], jobs: int) -> Cost:
        """Measure a tick that finds the registered jobs due.

        Raises BenchError if it did not begin and end each of them once.
        """
        shutil.rmtree(self.state)
        shutil.copytree(self._template, self.state)
        cost = process(*words)
        journal = [path.read_text("ascii") for path in (self.state / "journal").iterdir()]
        events = [json.loads(line) for text in journal for line in text.splitlines()]
        for kind in ("begin", "end"):
            recorded = {event["job"] for event in events if event["event"] == kind}
            times = sum(event["event"] == kind for event in events)
            if not len(recorded) == times == jobs:
                raise BenchError(
                    f"{shlex.join(words)}: {jobs} jobs were due, and {kind} is on record "
                    f"{times} times, for {len(recorded)} of them"
                )
        return cost

    @property
    def _template(self) -> Path:
        return self.root / "template"

    def _stamps(self) -> list[int]:
        names = ("heartbeat", "next-due", "scheduled_state.json")
        return [(self.state / name).stat().st_mtime_ns for name in names]


def asked(root: Path) -> PathOptions:
    """Return the options that name the root and the state folder in it."""
    return PathOptions(str(root), None, str(root / "state"), {"PATH": os.environ["PATH"]}, root)


def _written(path: Path, text: str) -> None:
    path.write_text(f"{text}\n")
    path.chmod(0o644)
    _settled(path)


def _settled(path: Path) -> None:
    """Wait until no file is as young as the tick that read it; the next would read it again."""
    os.utime(path, (path.stat().st_mtime - 60,) * 2)


def _as_file(name: str, job: dict[str, str]) -> str:
    return f"id: {name}\n" + "\n".join(f'{key}: "{value}"' for key, value in job.items())
