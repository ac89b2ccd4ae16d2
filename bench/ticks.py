"""What a tick costs: an idle one, by both ways in, and those with one or many jobs to run."""

import sys
import venv
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.cost import Cost, Measure, found, process
from bench.installation import Installation
from bench.row import Effort, Row
from scheduled.config.load import DEFAULTS

PASS = "python -c pass"
IMPORTS = "import click, croniter, filelock"
HANDLER = {"handler": "scheduled.handlers.daily_report"}
"""A built-in one that finds no ecosystem, and little to say."""
NEVER = "0 0 29 2 *"
"""Not this year nor the next."""


def idle(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure ticks that have nothing to do."""
    few, many = 10, effort.of(10_000, 300)
    for jobs in (few, many):
        installed = Installation(folder, jobs, NEVER)
        for way, words, against, bare, target in (
            ("by cron", installed.by_cron(), PASS, interpreter(folder), 0.3),
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
    """Measure a tick that finds one command job to run."""
    installed = Installation(folder, 1, "* * * * *")
    installed.meet(timedelta(minutes=2))
    tick = partial(installed.due, installed.by_cron(), 1)
    what = "tick with one due command job"
    yield effort.row(f"{what}, pass", what, tick, PASS, interpreter(folder), target=5.0, turns=5)
    peer = partial(process, sys.executable, "-c", IMPORTS)
    yield effort.row(f"{what}, imports", what, tick, f'python -c "{IMPORTS}"', peer, turns=5)
    handled = Installation(folder, 1, "* * * * *", name="handler", action=HANDLER)
    handled.meet(timedelta(minutes=2))
    tick = partial(handled.due, handled.by_cron(), 1)
    what = "tick with one due handler job"
    yield effort.row(what, what, tick, PASS, interpreter(folder), target=8.0, turns=5)


def crowd(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure a tick with very many due jobs that do nothing, each of which it has to record."""
    jobs, width = effort.of(1000, 20), DEFAULTS["max_concurrent"]
    installed = Installation(folder, jobs, "* * * * *", catch_up_budget=jobs)
    installed.meet(timedelta(minutes=2))
    lines = folder / "lines"
    lines.write_text("true\n" * jobs)
    alike = ("-a", lines, "-d", "\\n", "-n", "1", "-P", str(width), "/bin/sh", "-c")
    yield effort.row(
        "tick with many due command jobs",
        f"tick with {jobs:,} due `true` jobs, all on record",
        partial(installed.due, installed.by_cron(), jobs),
        f"xargs -P {width} sh -c of the same",
        partial(process, found("xargs"), *alike),
        target=2.0,
    )


def interpreter(folder: Path) -> Measure:
    """Measure the interpreter alone: what is installed beside it often loads more at each start."""
    return partial(process, bare_python(folder), "-c", "pass")


def bare_python(folder: Path) -> Path:
    """Return an interpreter with nothing installed beside it, made in `folder`."""
    place = folder / "bare"
    if not place.exists():
        venv.create(place, symlinks=True, with_pip=False)
    return place / "bin" / "python"


def _own() -> Cost:
    """Return this interpreter, with what is installed beside it: the script needs that."""
    return process(sys.executable, "-c", "pass")
