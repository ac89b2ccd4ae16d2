"""A command that cannot load all that it needs says so, and the run of a tick is made up for."""

import subprocess
import sys
import venv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled import idle
from scheduled.state.store import Store
from tests.builders.command import options, scheduled, state_dir
from tests.builders.idle import ENTRY
from tests.builders.installed import WITHOUT_SWEEPS, configure, rows

pytestmark = pytest.mark.slow

JOB = '  a: {command: "true", schedule: "0 * * * *", on_interrupted: skip}\n'


@pytest.mark.parametrize("limit", range(5, 16))
def test_h10_a_tick_with_few_descriptors_loses_no_run(tmp_path: Path, limit: int) -> None:
    home = tmp_path / "home"
    home.mkdir()
    configure(home, WITHOUT_SWEEPS + JOB)
    assert scheduled(home, "run").code == 0
    make_due(home)

    few = f'ulimit -n {limit}; exec "$@"'
    python = [sys.executable, "-I", "-S", "-X", "utf8", str(ENTRY)]
    words = ["sh", "-c", few, "sh", *python, *options(home), "run"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert scheduled(home, "run").code == 0

    # What the interpreter itself cannot load at its start, it says in its own way.
    said = done.stderr.rpartition("Remainder of file ignored\n")[2]
    assert "bug in scheduled" not in said
    assert "Traceback" not in said
    assert done.returncode != 1
    newest = rows(home)[-1]
    assert (newest["outcome"], newest["attempt"]) == ("succeeded", 1)
    assert {row["outcome"] for row in rows(home)} <= {"succeeded", None, "missed"}


@pytest.mark.parametrize("limit", range(8, 40, 2))
def test_h10_a_tick_of_many_jobs_with_few_descriptors_loses_no_run(
    tmp_path: Path, limit: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    names = [f"job{number:02}" for number in range(10)]
    configure(home, WITHOUT_SWEEPS + "".join(JOB.replace("  a:", f"  {name}:") for name in names))
    assert scheduled(home, "run").code == 0
    make_due(home, *names)

    few = f'ulimit -n {limit}; exec "$@"'
    python = [sys.executable, "-I", "-S", "-X", "utf8", str(ENTRY)]
    words = ["sh", "-c", few, "sh", *python, *options(home), "run"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert scheduled(home, "run").code == 0

    assert "Traceback" not in done.stderr.rpartition("Remainder of file ignored\n")[2]
    ends = [row for row in rows(home) if row["outcome"] not in (None, "missed")]
    assert sorted(row["job"] for row in ends) == names
    assert {(row["outcome"], row["attempt"]) for row in ends} == {("succeeded", 1)}


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True, with_pip=False)
    bare = tmp_path / "bare/bin/python"

    words = [str(bare), "-I", "-S", str(ENTRY), *options(tmp_path), "list"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("scheduled: cannot be loaded: No module named ")
    assert "Traceback" not in done.stderr


def make_due(home: Path, *names: str) -> None:
    """Let jobs be due since last year, as far as the state knows; without names, `a`."""
    store = Store(state_dir(home)).load()
    for name in names or ("a",):
        long_ago = {"event": "clamped", "job": name, "watermark": "2020-06-01T00:00:00Z"}
        store.record(datetime.now(UTC), long_ago)
    idle.forget(str(store.state_dir))
