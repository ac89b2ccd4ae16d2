"""Commands and ticks beside a run in progress, as somebody types them: nothing of it is lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ecosystem
from tests.builders.beside import wait_for
from tests.builders.command import BARE, options, scheduled, state_dir
from tests.builders.handlers import IMPORT, handler_file
from tests.builders.installed import WITHOUT_SWEEPS, configure, rows, state
from tests.builders.jobs import RARELY
from tests.builders.killed import is_alive

TELLING = f"""\
{IMPORT}
import time
from pathlib import Path


@handler(schedule="{RARELY}", first_run="now")
def long(context):
    folder = Path(context.root)
    (folder / "begun").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    context.fire("finding", message={{"subject": "Found something", "body": "Look at this."}})
    return {{"found": 1}}
"""

COMMAND = "touch begun; while [ ! -e go ]; do sleep 0.02; done"
LONG = f'  long: {{schedule: "{RARELY}", first_run: now, command: "{COMMAND}"}}\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    entries = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("DRONE")]
    return ecosystem.home(tmp_path / "home", {"branches": entries})


@contextmanager
def ticking(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A tick in progress, whose job has begun."""
    command = [sys.executable, "-P", "-m", "scheduled", *options(home), "run"]
    with subprocess.Popen(command, env=dict(BARE), stderr=subprocess.PIPE) as tick:
        wait_for((home / "begun").exists)
        try:
            yield tick
        finally:
            (home / "go").touch()
            tick.kill()


def subjects(home: Path, branch: str) -> list[str]:
    text = (home / branch / "ai_mail.local/inbox.json").read_text()
    return [message["subject"] for message in json.loads(text)["messages"]]


def processes(home: Path) -> list[int]:
    """The processes of the run in progress, as they are on record in the journal."""
    wait_for(lambda: _spawned(home) != [])
    (spawned,) = _spawned(home)
    return [spawned["pid"], spawned["keeper"]]


def _spawned(home: Path) -> list[Any]:
    journal = next((state_dir(home) / "journal").iterdir())
    events = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
    return [event for event in events if event["event"] == "spawned"]


def test_a6_a_message_of_a_handler_whose_tick_was_killed_reaches_the_mailbox(home: Path) -> None:
    handler_file(home, "telling.py", TELLING)
    routes = 'routes: {finding: {to: "@drone"}}\n'
    configure(home, f"handler_dirs: [handlers]\n{routes}{WITHOUT_SWEEPS}")
    with ticking(home) as tick:
        keeper = processes(home)[1]
        os.kill(tick.pid, signal.SIGKILL)
        tick.wait()
        before = subjects(home, "drone")
        (home / "go").touch()
        wait_for(lambda: not is_alive(keeper))

    recovered = scheduled(home, "run")
    again = scheduled(home, "run")

    assert before == []
    assert (recovered.code, recovered.err, again.code) == (0, "", 0)
    assert subjects(home, "drone") == ["Found something"]
    (row,) = [row for row in rows(home) if row["job"] == "long"]
    assert (row["outcome"], row["result"]) == ("succeeded", {"found": 1})
    assert state(home)["outbox"] == []


def test_g4_cancel_stop_ends_the_run_with_all_it_started_and_the_job_stays_cancelled(
    home: Path,
) -> None:
    escaped = "setsid -f env -i /bin/sh -c 'echo $$ > escaped; exec sleep 300'"
    command = f"{escaped}; touch begun; while [ ! -e go ]; do sleep 0.02; done"
    configure(
        home,
        f'{WITHOUT_SWEEPS}  long:\n    schedule: "* * * * *"\n    first_run: now\n'
        f'    command: "{command}"\n',
    )
    with ticking(home) as tick:
        wait_for(lambda: (home / "escaped").exists() and (home / "escaped").read_text() != "")
        run_processes = [*processes(home), int((home / "escaped").read_text())]
        assert all(map(is_alive, run_processes))

        stopped = scheduled(home, "cancel", "long", "--stop", "--reason", "no longer needed")
        wait_for(lambda: not any(map(is_alive, run_processes)))
        error = tick.communicate()[1].decode()

    after = scheduled(home, "run")

    assert stopped.code == 0
    assert "long is cancelled" in stopped.out
    assert "is stopped" in stopped.out
    assert stopped.is_plain_speech
    (row,) = [row for row in rows(home) if row["job"] == "long"]
    assert row["outcome"] == "interrupted"
    assert "stopped by hand: no longer needed" in str(row["reason"])
    assert "Traceback" not in error
    assert after.code == 0
    assert state(home)["jobs"]["long"]["cancelled"]["reason"] == "no longer needed"


def test_a_run_whose_tick_was_killed_can_still_be_stopped(home: Path) -> None:
    configure(home, WITHOUT_SWEEPS + LONG)
    with ticking(home) as tick:
        run_processes = processes(home)
        os.kill(tick.pid, signal.SIGKILL)
        tick.wait()

        stopped = scheduled(home, "cancel", "long", "--stop")
        alive = [pid for pid in run_processes if is_alive(pid)]

    recovered = scheduled(home, "run")

    assert stopped.code == 0
    assert alive == []
    assert not (home / "twice").exists()
    assert recovered.is_plain_speech
    (row,) = [row for row in rows(home) if row["job"] == "long"]
    assert row["outcome"] == "interrupted"


@pytest.mark.parametrize(
    "how", [["long", "--stop"], ["long", "--max-hours", "0"], ["--max-hours", "0"]]
)
def test_a_run_of_a_job_that_is_not_configured_any_more_can_be_stopped(
    home: Path, how: list[str]
) -> None:
    configure(home, WITHOUT_SWEEPS + LONG)
    with ticking(home) as tick:
        run_processes = processes(home)
        configure(home, WITHOUT_SWEEPS)

        stopped = scheduled(home, "cancel", *how)
        alive = [pid for pid in run_processes if is_alive(pid)]
        tick.communicate()
    unknown = scheduled(home, "cancel", "long", "--stop")

    assert (stopped.code, stopped.is_plain_speech) == (0, True)
    assert "is stopped" in stopped.out
    assert alive == []
    (row,) = [row for row in rows(home) if row["job"] == "long"]
    assert row["outcome"] == "interrupted"
    assert unknown.code == 2
    assert "no job is called" in unknown.err


def test_a_second_tick_waits_for_nobody_and_ends_well(home: Path) -> None:
    configure(home, f"{WITHOUT_SWEEPS}handler_dirs: handlers\n")
    handler_file(home, "long.py", TELLING)
    with ticking(home) as tick:
        second = scheduled(home, "run", "--verbose")
        by_hand = scheduled(home, "trigger", "long")

        assert second.code == 0
        assert second.out.startswith("0 ran")
        assert (by_hand.code, by_hand.err) == (75, "long: not started: still running\n")
        assert tick.poll() is None

    assert [row["job"] for row in rows(home)] == ["long"]
