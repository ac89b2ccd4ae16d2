"""The other side of a handler's run: what counts of one that got half way, what may not stop it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs import builtin
from scheduled.runs import exit_file
from tests.builders import ecosystem
from tests.builders.engine import Engine, first_run
from tests.builders.jobs import at, job

HALF_WAY = """\
from pathlib import Path
from scheduled.handler import Incomplete

def run(context):
    done = context.memory.get("done", 0)
    context.memory["done"] = done + 1
    context.fire("done_so_far", number=done + 1)
    if not (context.root / "ready").exists():
        raise Incomplete("the second half failed", {"done": done + 1})
    return {"done": done + 1}
"""

DEEP = """\
from scheduled.handler import Incomplete

def run(context):
    deep = {{}}
    for _ in range({levels}):
        deep = {{"a": deep}}
    {end}
"""


def test_a_run_that_got_half_way_fails_and_what_it_did_counts(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text(HALF_WAY)
    engine = Engine(tmp_path, [job(handler="half:run", max_retries=1, retry_delay=120.0)])
    engine.run_at("11:30")

    (failed,) = engine.run_at("12:00").ran
    (tmp_path / "ready").touch()
    (again,) = engine.run_at("12:05").ran

    assert (failed["outcome"], failed["error"]) == ("failed", "the second half failed")
    assert failed["result"] == {"done": 1}
    assert (again["outcome"], again["result"]) == ("succeeded", {"done": 2})


def test_mail_is_moved_on_once_though_the_counts_cannot_be_published(tmp_path: Path) -> None:
    home = ecosystem.home(tmp_path, now=at("2026-11-21T12:00"))
    mailbox = home / "drone/ai_mail.local"
    ecosystem.add_message(mailbox, "Old", at("2026-11-18T12:00"))
    (home / "central").mkdir()
    (home / "central/AI_MAIL.central.json").write_text("{")
    (cleanup,) = [job for job in builtin.JOBS if job.id == "mail_cleanup"]
    engine = Engine(home, [replace(cleanup, timezone="UTC")])

    report = engine.run_at("12:00")
    digest = subjects(mailbox)
    (home / "central/AI_MAIL.central.json").unlink()
    mended = engine.run_at("12:05")

    assert report.exit_code == 1
    assert "AI_MAIL.central.json: " in str(report.ran[0]["error"])
    assert digest == ["[SCHEDULED] Stale Mail - 1 Message", "Old"]
    assert [row["outcome"] for row in mended.ran] == ["succeeded"]
    assert subjects(mailbox) == digest
    assert engine.state["mail_cleanup"]["stats"]["auto_opened_total"] == 1
    counts = json.loads((home / "central/AI_MAIL.central.json").read_text())["branch_stats"]
    assert counts["DRONE"] == {"unread": 1, "total": 2}


def subjects(mailbox: Path) -> list[Any]:
    messages = json.loads((mailbox / "inbox.json").read_text())["messages"]
    return [message["subject"] for message in messages]


def test_no_line_that_a_handler_logs_fails_it_whatever_the_encoding(tmp_path: Path) -> None:
    # Half a surrogate pair is what Python makes of a file name that is no UTF-8.
    (tmp_path / "telling.py").write_text(
        "def run(context):\n    context.log('grüße')\n    context.log('a\\udcff')\n"
    )

    row = first_run(tmp_path, job(handler="telling:run", env={"PYTHONIOENCODING": "ascii"}))

    assert row["error"] is None
    log = tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log"
    assert log.read_text("utf-8") == "grüße\na\\udcff\n"


def test_what_a_handler_logged_before_it_was_killed_is_in_its_output(tmp_path: Path) -> None:
    (tmp_path / "killed.py").write_text(
        "import os\n\ndef run(context):\n    context.log('begun')\n    os.kill(os.getpid(), 9)\n"
    )

    row = first_run(tmp_path, job(handler="killed:run"))

    log = tmp_path / "state" / "runs" / "backup" / f"{row['run_id']}.log"
    assert row["outcome"] == "failed"
    assert log.read_text("utf-8") == "begun\n"


@pytest.mark.parametrize(
    ("end", "part"),
    [
        ("return deep", "the result"),
        ("context.memory['a'] = deep['a']", "the memory"),
        ("context.fire('done', data=deep['a'])", "the event 'done'"),
        ("raise Incomplete('half', deep)", "the result"),
    ],
)
@pytest.mark.parametrize("depth", [101, 3000, 100_000])
def test_what_a_handler_hands_over_is_nested_100_deep_at_most(
    tmp_path: Path, end: str, part: str, depth: int
) -> None:
    source = DEEP.format(levels=depth - 1, end=end)
    (tmp_path / "deep.py").write_text(source)

    row = first_run(tmp_path, job(handler="deep:run"))

    assert (row["outcome"], row["result"]) == ("failed", None)
    assert row["error"] == f"{part} is nested more than 100 deep"


def test_what_is_nested_100_deep_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "deep.py").write_text(DEEP.format(levels=99, end="return deep"))

    row = first_run(tmp_path, job(handler="deep:run"))

    assert (row["outcome"], row["error"]) == ("succeeded", None)
    assert json.dumps(row["result"]).count("{") == 100


FULL = """\
import errno

def run(context):
    raise OSError(errno.ENOSPC, "No space left on device")
"""


def test_a_full_disk_is_no_mistake_in_a_handler(tmp_path: Path) -> None:
    (tmp_path / "full.py").write_text(FULL)
    row = first_run(tmp_path, job(handler="full:run"))

    (output,) = (tmp_path / "state/runs/backup").glob("*.log")
    assert row["error"] == "OSError: [Errno 28] No space left on device"
    assert output.read_text() == f"{row['error']}\n"


def described(tmp_path: Path, handler: str) -> dict[str, object]:
    """What a child is told about its run."""
    return {
        "handler": handler,
        "job": "a",
        "run_id": "r",
        "now": "2026-11-21T12:00:00Z",
        "zone": "UTC",
        "attempt": 1,
        "catch_up": False,
        "missed": 0,
        "params": {},
        **{name: str(tmp_path) for name in ("root", "central_dir", "cache_dir", "state_dir")},
        "memory": {},
        "owners": [],
    }


def test_a_result_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "scheduled.runs.handler_child", "missing/report"]

    done = subprocess.run(
        command,
        input=json.dumps(described(tmp_path, "builtins:print")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == exit_file.UNWRITTEN
    assert done.stdout.endswith("The result could not be written: no such file or directory\n")
    assert done.stderr == ""


LOUD = """\
from scheduled.handler import Incomplete

def half(context):
    context.log("done: a half")
    raise Incomplete("half of it", {"done": 1})

def crash(context):
    raise LookupError("x" * 100_000)
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("function", "error", "result"),
    [("half", "half of it", {"done": 1}), ("crash", f"LookupError: {'x' * 100_000}", None)],
)
def test_what_was_done_is_known_where_the_output_has_no_room(
    tmp_path: Path, function: str, error: str, result: object, unbuffered: str
) -> None:
    (tmp_path / "loud.py").write_text(LOUD)
    with open("/dev/full", "wb") as full:
        subprocess.run(
            [sys.executable, "-P", "-m", "scheduled.runs.handler_child", str(tmp_path / "report")],
            input=json.dumps(described(tmp_path, f"loud:{function}")).encode(),
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(tmp_path)},
            stdout=full,
            stderr=full,
            check=False,
        )

    report = json.loads((tmp_path / "report").read_text())
    assert (report["error"], report.get("result")) == (error, result)
