"""A real cron daemon fires the line that `cron install` wrote.

The daemon and `crontab` live in a mount namespace of their own, where the spool, /run and the
system's crontabs are empty: no crontab of this machine is within reach, and a cron that runs
here already is not disturbed.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import scheduled
from scheduled.state.store import Store
from tests.builders import cron_machine, earlier_version, ecosystem, soak
from tests.builders.cron_machine import Machine
from tests.builders.installed import WITHOUT_SWEEPS, configure

EACH_MINUTE = """\
  backup:
    {schedule: "* * * * *", first_run: now, command: "echo $SCHEDULED_SLOT >> out"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def machine() -> Iterator[Machine]:
    with cron_machine.started() as machine:
        yield machine


@pytest.mark.slow
def test_the_tick_comes_in_crons_bare_environment_and_all_else_stays(
    machine: Machine, tmp_path: Path
) -> None:
    root = ecosystem.home(tmp_path / "a home, 100% mine")
    _configure(root, tmp_path / "environment")
    greet = b'* * * * * echo "$GREETING" 50\\% > ' + os.fsencode(tmp_path / "greeting")
    foreign = b'# caf\xe9: not UTF-8\nMAILTO=""\nGREETING="hello there"\n\n' + greet + b"\n"
    machine.run("crontab", "-", text=foreign)

    machine.scheduled(root, "cron", "install", "--log", str(tmp_path / "log"))
    installed = machine.run("crontab", "-l")
    _wait_for_the_tick(machine, tmp_path / "log")

    assert installed.startswith(foreign + b"# BEGIN scheduled")
    assert (tmp_path / "greeting").read_text() == "hello there 50%\n"
    assert (tmp_path / "log").read_text() == ""
    assert _json(root / "aipass_os/AI_CENTRAL/HEALTH.central.json")["branches"] == 2
    assert all(_json(tmp_path / "state/scheduled_state.json")["last_run"].values())
    environment = (tmp_path / "environment").read_text().splitlines()
    assert "LOGNAME=root" in environment
    assert not [line for line in environment if line.startswith(("TERM=", "LANG=", "VIRTUAL_ENV="))]
    assert _show(machine, root)["status"] == "intact"

    machine.scheduled(root, "cron", "uninstall")
    assert machine.run("crontab", "-l") == foreign


def test_a1_two_roots_of_one_user_run_all_their_jobs_also_after_an_upgrade(
    machine: Machine, tmp_path: Path
) -> None:
    """The block of the first, and its state in the place that all roots shared, are of 0.1.0."""
    minutes = soak.count(2, 5)
    roots = [tmp_path / "one", tmp_path / "other"]
    for root in roots:
        root.mkdir(mode=0o755)
        configure(root, WITHOUT_SWEEPS + EACH_MINUTE)
    shared = tmp_path / ".local/state/scheduled"
    Store(shared).record(datetime.now(UTC), {"event": "tick", "ran": 0})
    program = f"{sys.executable} -I -S -X utf8 {scheduled.__path__[0]}/__main__.py"
    block = earlier_version.block(roots[0], shared, program=program)
    machine.run("crontab", "-", text=b'MAILTO=""\n' + block)

    install = (sys.executable, "-m", "scheduled", "--root", roots[1], "cron", "install")
    machine.run("env", f"HOME={tmp_path}", *install)
    installed = machine.run("crontab", "-l")
    outs = [root / "out" for root in roots]
    _wait_until(lambda: all(len(_lines(out)) >= minutes for out in outs), 60 * (minutes + 2))

    assert block in installed
    assert all(_lines(out) == sorted(set(_lines(out))) for out in outs)  # none ran twice
    assert Store(shared).load().state["owner"]["root"] == str(roots[0])
    assert len([*shared.glob("other-*/scheduled_state.json")]) == 1


@pytest.mark.slow
def test_the_log_that_crons_line_appends_to_is_rotated_beside_a_writer(
    machine: Machine, root: Path, tmp_path: Path
) -> None:
    failing = '  bad: {schedule: "* * * * *", command: "exit 3", alert_after: 1}\n'
    configure(root, f"log_rotation: {{size: 1K}}\n{WITHOUT_SWEEPS}{failing}")
    root.chmod(0o755)
    log, rotated = tmp_path / "of ticks", tmp_path / "of ticks.1"
    log.write_text("earlier\n" * 200)
    machine.scheduled(root, "cron", "install", "--log", str(log))

    with log.open("a", buffering=1) as writer:
        _wait_until(rotated.exists, 150)
        writer.write("last words\n")

    old = rotated.read_text()
    assert old.startswith("earlier\n" * 200)
    assert "last words\n" in old
    _wait_until(lambda: "bad: failed: exit code 3" in rotated.read_text() + log.read_text(), 150)
    assert not (tmp_path / "of ticks.2").exists()


def test_comments_at_the_top_survive_debians_habit_of_hiding_them(
    machine: Machine, root: Path
) -> None:
    foreign = b"# one\n# two\n# three\n0 5 1 1 * /bin/true\n"
    machine.store(foreign)

    machine.scheduled(root, "cron", "install")
    machine.scheduled(root, "cron", "uninstall")

    assert machine.run("crontab", "-l") == foreign


def test_a_last_line_without_a_newline_keeps_the_one_debian_insists_on(
    machine: Machine, root: Path
) -> None:
    machine.store(b"0 5 1 1 * /bin/true")

    machine.scheduled(root, "cron", "install")
    said = machine.scheduled(root, "cron", "uninstall")

    assert "insists on one" in said
    assert machine.run("crontab", "-l") == b"0 5 1 1 * /bin/true\n"


def test_where_there_was_no_crontab_an_empty_one_is_left(machine: Machine, root: Path) -> None:
    absent = _show(machine, root)
    machine.scheduled(root, "cron", "install")
    again = machine.scheduled(root, "cron", "install")
    machine.scheduled(root, "cron", "uninstall")

    assert absent["status"] == "absent"
    assert again.startswith("Nothing to do")
    assert machine.run("crontab", "-l") == b""


def _configure(root: Path, environment: Path) -> None:
    """One job besides the shipped ones, which shows what a job is surrounded by."""
    (root / "scheduled.yaml").write_text(
        "jobs:\n"
        "  environment:\n"
        '    schedule: "* * * * *"\n'
        "    first_run: now\n"
        f"    command: env > '{environment}'\n"
    )


def _show(machine: Machine, root: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(machine.scheduled(root, "cron", "show", "--json"))
    return report


def _wait_for_the_tick(machine: Machine, log: Path) -> None:
    """Until the tick at the next full minute has come and gone. The shell makes the log first."""
    deadline = time.monotonic() + 120
    while not (log.exists() and machine.is_at_rest):
        assert time.monotonic() < deadline, f"no tick, or one without end; {log}: {log.exists()}"
        time.sleep(0.2)


def _wait_until(happened: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "no run for too long"
        time.sleep(0.2)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document
