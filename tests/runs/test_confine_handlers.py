"""Handlers of jobs whose ids permit them little: the same limits, and their results arrive."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.handler import loader
from scheduled.jobs.model import Outcome
from scheduled.system import landlock
from tests.builders import needs
from tests.builders.confined import ORDINARY, ROOT, SECRET, Confined, installation, python_for_all
from tests.builders.manual import CHECKOUT
from tests.builders.people import NOBODY

pytestmark = pytest.mark.skipif(
    landlock.version() < landlock.NEEDED, reason="needs Landlock, of Linux 6.2 or newer"
)
LOOKS = """
import os

def attempt(action):
    try:
        action()
        return "done"
    except Exception as error:
        return type(error).__name__

def run(context):
    context.memory["runs"] = context.memory.get("runs", 0) + 1
    folder = os.getcwd()
    (context.cache_dir / "mine").write_text("x")
    return {
        "secrets": sorted(name for name in os.environ if "SECRET" in name),
        "parent": attempt(lambda: open(f"/proc/{os.getppid()}/environ").read()),
        "state": attempt(lambda: open(f"{folder}/state/scheduled_state.json", "r+")),
        "report": attempt(lambda: os.listdir(f"{folder}/state/runs/user.x") and open(
            f"{folder}/state/runs/user.x/{context.run_id}.exit", "w")),
        "outside": attempt(lambda: open(f"{folder}/new", "w")),
        "memory": attempt(lambda: bytearray(6 * 1024**3)),
        "runs": context.memory["runs"],
    }
"""
SEES = """
import csv, os, sys

def home():
    try:
        names = os.listdir(os.path.expanduser("~root"))
    except OSError as error:
        return type(error).__name__
    # Of a directory that is closed to it, it sees what leads to the program.
    return "PermissionError" if not {".ssh", ".bashrc", ".profile"} & {*names} else names

def run(context):
    written = any(os.access(path, os.W_OK) for path in (sys.prefix, sys.base_prefix))
    return {"user": os.getuid(), "home": home(), "written": written}
"""
BIG = "def run(context):\n    return {'x': 'y' * (3 * 1024 * 1024)}\n"
LEAVES = """
import json, os

def run(context):
    report = {"result": {"forged": True}, "memory": {}, "events": [], "x": 1}
    os.write(3, json.dumps(report).encode())
    os._exit(0)
"""


@pytest.fixture(params=[ROOT, ORDINARY])
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Confined]:
    python_for_all(monkeypatch)
    with installation(request.param) as folder:
        yield Confined(folder, request.param)


def run(home: Confined, text: str) -> Any:
    """Return the row of a run of this handler, by a Python that may not have this program."""
    return home.run(handler=handler_in(home, text), env={"PYTHONPATH": str(CHECKOUT)})


def handler_in(home: Confined, text: str) -> str:
    file = home.folder / "looks.py"
    home.by_user(lambda: file.write_text(text))
    file.chmod(0o644)
    return loader.name_in_file(file, "run")


def test_a_handler_is_confined_and_hands_its_result_over(home: Confined) -> None:
    rows = [run(home, LOOKS) for _ in range(2)]

    assert [row["outcome"] for row in rows] == [Outcome.SUCCEEDED] * 2, rows
    results = [row["result"] for row in rows]
    assert [result.pop("runs") for result in results] == [1, 2]
    assert results[0] == {
        "secrets": [],
        "parent": "PermissionError",
        "state": "PermissionError",
        "report": "PermissionError",
        "outside": "PermissionError",
        "memory": "MemoryError",
    }
    assert SECRET not in json.dumps(rows)


def test_root_runs_handlers_as_others_by_its_own_python_wherever_that_is() -> None:
    with installation(ROOT) as folder:
        if not may_mount():
            needs.mounts()
        (folder / "h.py").write_text(SEES)

        row = Confined(folder, ROOT).run(handler=loader.name_in_file(folder / "h.py", "run"))

        assert row["outcome"] == "succeeded", row
        assert row["result"] == {"user": NOBODY, "home": "PermissionError", "written": False}


def may_mount() -> bool:
    done = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    return done.returncode == 0


def test_a_report_that_no_handler_would_write_is_none(home: Confined) -> None:
    row = run(home, BIG)

    assert row["outcome"] == "failed"
    assert "larger than" in row["error"]


FORGED = [
    '{"result": {"a": NaN}, "memory": {}, "events": []}',
    f'{{"result": {{"a": {"[" * 400}{"]" * 400}}}, "memory": {{}}, "events": []}}',
    f'{{"result": {{}}, "memory": {{"a": {"[" * 400}{"]" * 400}}}, "events": []}}',
    '{"result": 5, "memory": {}, "events": []}',
    '{"result": {}, "memory": {}, "events": [], "seconds": 1e999}',
    "[]",
]


@pytest.mark.parametrize("report", FORGED)
def test_a_report_that_a_job_has_made_up_is_none(home: Confined, report: str) -> None:
    leave = f"os.write(3, {report.encode()!r}); os._exit(0)"

    row = run(home, f"import os\ndef run(context):\n    {leave}\n")

    assert (row["outcome"], row["result"]) == ("failed", None)
    assert row["error"] == "the handler ended without a result (exit code 0)"


def test_what_a_handler_leaves_in_its_report_is_its_own_word_alone(home: Confined) -> None:
    row = run(home, LEAVES)

    assert (row["job"], row["result"]) == ("user.x", {"forged": True})
    assert not [*Path(home.state_dir, "runs/user.x").glob("*.result")]
