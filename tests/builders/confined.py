"""Runs of jobs whose ids permit them little, ticked by root and by an ordinary user."""

import codecs
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Job
from scheduled.jobs.permissions import level_of
from scheduled.quick_classes import replace
from scheduled.runs import confined_child
from tests.builders import needs
from tests.builders.engine import Engine
from tests.builders.jobs import job
from tests.builders.people import NOBODY, as_nobody

ROOT, ORDINARY = "root", "ordinary"
SECRET = "hunter2-hunter2"
LOADED = (confined_child, ctypes, shutil, codecs.lookup("utf-8-sig"))
"""What an ordinary user may not be able to load from root's Python, and needs in a fork of it."""
PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")


class Confined(Engine):
    """An installation in a folder that all may enter, ticked by root or by an ordinary user."""

    def __init__(self, folder: Path, who: str, permissions: Any = None) -> None:
        needs.no_faketime()  # confined runs share no memory with others
        super().__init__(folder, [], permissions=permissions)
        self.who = who
        self._hour = 0

    def run(self, command: str = "", **keys: Any) -> Any:
        """Return the row of the first run of `user.x`; `output` has what it printed."""
        keys = {"id": "user.x", **({"command": command} if command else {}), **keys}
        return self.run_all(job(**keys))[-1]

    def run_all(self, *jobs: Job) -> list[Any]:
        """Return the row of one run of each job, in their order."""
        self.jobs = tuple(
            replace(each, level=level_of(each.id, self.settings["permissions"])) for each in jobs
        )
        told = self.folder / "told"
        self._hour += 1
        self.by_user(lambda: told.write_text(json.dumps(self._ticks())))
        rows = {row["job"]: row for row in json.loads(told.read_text())}
        told.unlink()
        return [rows[each.id] | {"output": self.output_of(rows[each.id])} for each in jobs]

    def by_user(self, action: Any) -> None:
        """Do something as whoever ticks."""
        if self.who == ROOT or os.geteuid() != 0:
            action()
        else:
            told = as_nobody(action)
            assert told == "done", told

    def output_of(self, row: Any) -> str:
        """Return what a run printed."""
        path = self.state_dir / "runs" / row["job"] / f"{row['run_id']}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _ticks(self) -> list[Any]:
        os.environ["A_SECRET"] = SECRET  # what a tick itself was given, other processes may see
        self.run_at(f"{self._hour:02}:30")
        return [*self.run_at(f"{self._hour + 1:02}:00").ran]


@contextmanager
def installation(who: str) -> Iterator[Path]:
    """Yield a folder of the user who ticks, which everybody may enter."""
    if who == ROOT:
        needs.root()
    folder = Path(tempfile.mkdtemp(prefix="confined-", dir="/tmp"))
    folder.chmod(0o755)
    if who == ORDINARY and os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def python_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have handlers run by a Python that every user may run, or skip the test."""
    ours = sys.executable
    for python in (ours, *PYTHONS):
        if _is_for_all(python):
            monkeypatch.setattr(sys, "executable", python)
            return
    pytest.skip("needs a Python 3.11 that every user may run: apt install python3")


def _is_for_all(python: str) -> bool:
    script = "import sys; sys.exit(sys.version_info < (3, 11))"

    def start() -> None:
        subprocess.run([python, "-S", "-c", script], check=True, env={}, cwd="/")

    if os.geteuid() != 0:
        return os.path.exists(python)
    return as_nobody(start) == "done"
