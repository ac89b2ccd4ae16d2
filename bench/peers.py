"""What others need for the same: those that Debian or the package index has, where they are found.

Each starts due jobs that do nothing. None of them records how they ended, tries them again or tells
anybody, except for what its row says.
"""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.cost import process
from bench.installation import Installation
from bench.row import Effort, Row
from scheduled.config.load import DEFAULTS

PROGRAMS = ("anacron", "parallel")
"""Packages of Debian."""
PACKAGES = ("apscheduler==3.11.3", "schedule==1.2.2")
APSCHEDULER = """
import subprocess, threading
from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
done = threading.Event()
scheduler = BackgroundScheduler(timezone="UTC")
scheduler.add_listener(lambda _: done.set(), EVENT_JOB_EXECUTED)
scheduler.start()
scheduler.add_job(lambda: subprocess.run("true", shell=True, check=True))
done.wait()
scheduler.shutdown()
"""
LOOP = """
import subprocess
import schedule
schedule.every().minute.do(lambda: subprocess.run("true", shell=True, check=True))
schedule.run_all()
"""


def peers(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure a tick with one due job, and one with many, beside what others need for them."""
    single = Installation(folder, 1, "* * * * *")
    single.meet(timedelta(minutes=2))
    tick, what = partial(single.due, single.by_cron(), 1), "tick with one due job"
    for name, words in _for_one_job(folder):
        theirs = partial(process, *words)
        yield effort.row(f"{what}, {name}", what, tick, name, theirs, turns=5)
    if program := shutil.which("parallel"):
        yield _parallel(folder, effort, program)


def missing() -> str:
    """Say what cannot be compared with, because it is not here; nothing if all is."""
    absent = [name for name in PROGRAMS if _path(name) is None]
    if not _has_manager():
        absent.append("a systemd that runs")
    return f"Not compared with, for want of them here: {', '.join(absent)}." if absent else ""


def _for_one_job(folder: Path) -> Iterator[tuple[str, list[str | Path]]]:
    if anacron := _path("anacron"):
        spool, table = folder / "spool", folder / "anacrontab"
        spool.mkdir()
        table.write_text("PATH=/usr/bin:/bin\n1 0 one true\n")
        yield "anacron -f with that job", [anacron, "-d", "-f", "-n", "-t", table, "-S", spool]
    if _has_manager():
        yield "systemd-run --wait of it", ["systemd-run", "--quiet", "--wait", "sh", "-c", "true"]
    if python := _with_packages(folder):
        yield "APScheduler, started for that job", [python, "-c", APSCHEDULER]
        yield "schedule, started for that job", [python, "-c", LOOP]


def _parallel(folder: Path, effort: Effort, program: str) -> Row:
    jobs, width = effort.of(1000, 20), str(DEFAULTS["max_concurrent"])
    many = Installation(folder, jobs, "* * * * *", catch_up_budget=jobs)
    many.meet(timedelta(minutes=2))
    lines, log = folder / "lines", folder / "log"
    lines.write_text("true\n" * jobs)
    words: list[str | Path] = [program, "--will-cite", "-j", width, "--joblog", log, "-a", lines]
    what = f"tick with {jobs:,} due `true` jobs"
    against = f"parallel -j {width} --joblog, the same"
    ours, theirs = partial(many.due, many.by_cron(), jobs), partial(process, *words)
    return effort.row("tick with many due jobs, parallel", what, ours, against, theirs)


def _with_packages(folder: Path) -> Path | None:
    """Return an interpreter with the packages beside it, made in `folder`.

    None where there is no index to install them from, which is said.
    """
    place = folder / "peers"
    venv.create(place, symlinks=True, with_pip=True)
    python = place / "bin" / "python"
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    done = subprocess.run([*command, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"Not compared with: {' '.join(PACKAGES)} cannot be installed here", file=sys.stderr)
        return None
    return python


def _has_manager() -> bool:
    """Return whether systemd runs here: sd_booted(3)."""
    return Path("/run/systemd/system").is_dir() and shutil.which("systemd-run") is not None


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")
