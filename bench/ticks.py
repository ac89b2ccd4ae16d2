"""What a tick costs: an idle one, by both ways in, and one with a single job to run."""

import json
import os
import shlex
import shutil
import sys
import venv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.cost import BenchError, Cost, Measure, process
from bench.row import Effort, Row
from scheduled import cronline
from scheduled.target import Target

PASS = "python -c pass"
IMPORTS = "import click, croniter, filelock"
BUILTIN = ("mail_cleanup", "memory_rollover", "health", "metrics", "daily_report")


class Installation:
    """A configuration with a number of command jobs, and its state folder."""

    def __init__(self, folder: Path, jobs: int, schedule: str) -> None:
        self.root = folder / f"jobs-{jobs}"
        self.state = self.root / "state"
        self.root.mkdir()
        listed = {name: {"enabled": False} for name in BUILTIN}
        mine = {f"job-{n}": {"schedule": schedule, "command": "true"} for n in range(jobs)}
        config = self.root / "scheduled.yaml"
        config.write_text(f"timezone: UTC\njobs: {json.dumps({**listed, **mine}, indent=1)}\n")
        config.chmod(0o644)
        # A file as young as the tick that read it would be read again by the next.
        os.utime(config, (config.stat().st_mtime - 60,) * 2)
        self.options = ["--root", str(self.root), "--state-dir", str(self.state)]

    def by_cron(self) -> list[str]:
        """The words of the line that cron gets."""
        line = cronline.tick_lines(Target.running(self.options))[0]
        return shlex.split(line.decode())[5:]

    def by_script(self) -> list[str]:
        """The words a person types."""
        script = Path(sys.executable).with_name("scheduled")
        if not script.exists():
            raise BenchError(f"{script}: not there; install the checkout with `pip install -e .`")
        return [str(script), *self.options, "run"]

    def settle(self, words: list[str]) -> None:
        """Tick until there is nothing to do: the jobs are met, the hint is written."""
        process(*words)
        process(*words)

    def idle(self, words: list[str]) -> Cost:
        """An idle tick. Raises BenchError if it was not: state written, or no heartbeat."""
        before = self._stamps()
        cost = process(*words)
        after = self._stamps()
        if before[0] == after[0] or before[1:] != after[1:]:
            raise BenchError(f"{shlex.join(words)}: was meant to be an idle tick, and was none")
        return cost

    def _stamps(self) -> list[int]:
        names = ("heartbeat", "next-due", "scheduled_state.json")
        return [(self.state / name).stat().st_mtime_ns for name in names]


def idle(folder: Path, effort: Effort) -> Iterator[Row]:
    """Ticks that have nothing to do."""
    few, many = 10, effort.of(10_000, 300)
    for jobs in (few, many):
        installed = Installation(folder, jobs, "0 0 29 2 *")
        for way, words, against, bare, target in (
            ("by cron", installed.by_cron(), PASS, _bare(folder), 1.0),
            ("by script", installed.by_script(), f"{PASS}, same packages", _own, 2.0),
        ):
            installed.settle(words)
            yield effort.row(
                f"idle tick {way}, {'few' if jobs == few else 'many'} jobs",
                f"idle tick {way}, {jobs:,} jobs",
                partial(installed.idle, words),
                against,
                bare,
                target=target,
                turns=21,
            )


def due(folder: Path, effort: Effort) -> Iterator[Row]:
    """A tick that finds one command job to run."""
    installed = Installation(folder, 1, "* * * * *")
    template = folder / "template"
    words = installed.by_cron()

    def tick() -> Cost:
        shutil.rmtree(installed.state)
        shutil.copytree(template, installed.state)
        cost = process(*words)
        journal = next((installed.state / "journal").iterdir()).read_text("ascii")
        if '"event":"end"' not in journal:
            raise BenchError(f"{shlex.join(words)}: was meant to run a job, and ran none")
        return cost

    _tick_ago(installed, timedelta(minutes=2))
    installed.state.rename(template)
    installed.state.mkdir()
    what = "tick with one due command job"
    yield effort.row(f"{what}, pass", what, tick, PASS, _bare(folder), turns=5)
    peer = partial(process, sys.executable, "-c", IMPORTS)
    yield effort.row(f"{what}, imports", what, tick, f'python -c "{IMPORTS}"', peer, turns=5)


def _bare(folder: Path) -> Measure:
    """The interpreter alone: what is installed beside it often loads more with each start."""
    place = folder / "bare"
    venv.create(place, symlinks=True, with_pip=False)
    return partial(process, place / "bin" / "python", "-c", "pass")


def _own() -> Cost:
    """This interpreter, with what is installed beside it: the script cannot do without."""
    return process(sys.executable, "-c", "pass")


def _tick_ago(installed: Installation, ago: timedelta) -> None:
    """Tick as if it were some time ago, so that the job met then is due now."""
    from scheduled import config, tick
    from scheduled.places import Asked

    environ = {"PATH": os.environ["PATH"]}
    asked = Asked(str(installed.root), None, str(installed.state), environ, installed.root)
    tick.run(config.load(asked), datetime.now(UTC) - ago, environ=environ)
