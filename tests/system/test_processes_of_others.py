"""A record of a run does not make a stranger's process one of it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from scheduled.runs import supervisor
from scheduled.state.records import ActiveRun
from scheduled.system import machine, processes
from scheduled.system.processes import Family
from tests.builders import needs
from tests.builders.jobs import at
from tests.builders.people import MALLORY, wait_for


def test_g3_a_process_that_a_record_names_is_signalled_only_if_it_is_the_runs() -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    own = subprocess.Popen(["sleep", "60"], env={"SCHEDULED_RUN_ID": "r1", "PATH": "/bin"})
    try:
        for pid, expected in ((stranger.pid, {own.pid}), (own.pid, {own.pid})):
            started = processes.start_time(pid) or 0
            family = Family("r1", pid, started)
            found = processes.members(family)
            assert stranger.pid not in found
            assert set(found) <= expected
        processes.send(processes.members(Family("r1", own.pid)), signal.SIGKILL)
        assert own.wait(10) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        for child in (stranger, own):
            child.kill()
            child.wait()


def test_g3_a_process_that_a_record_calls_the_keeper_is_no_keeper() -> None:
    with family_of_strangers() as (parent, child):
        started = processes.start_time(parent) or 0
        forged = Family("r1", child, processes.start_time(child) or 0, parent, started)

        assert processes.keeper(forged) == {}
        assert processes.members(forged) == {}


def test_g3_a_session_whose_leader_has_ended_is_no_runs_because_a_record_says_so() -> None:
    orphaned = ["/bin/sh", "-c", "sleep 60 >/dev/null & echo $!"]
    with subprocess.Popen(orphaned, stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        member = int(leader.stdout.read())
    try:
        assert os.getsid(member) == leader.pid
        assert processes.members(Family("r1", leader.pid, 1)) == {}
    finally:
        os.kill(member, signal.SIGKILL)


def test_g3_a_process_of_another_user_that_says_it_is_the_runs_is_not() -> None:
    needs.root()
    environ = {"SCHEDULED_RUN_ID": "r1", "PATH": "/bin:/usr/bin"}
    with subprocess.Popen(["sleep", "60"], env=environ, user=MALLORY) as theirs:
        environment = Path(f"/proc/{theirs.pid}/environ")
        try:
            assert wait_for(lambda: b"SCHEDULED_RUN_ID=r1" in environment.read_bytes())
            assert processes.find("r1") == 0
            assert processes.members(Family("r1")) == {}
        finally:
            theirs.kill()


def test_g3_nothing_that_a_forged_record_names_is_signalled() -> None:
    with family_of_strangers() as (parent, child):
        for pid, keeper in ((child, parent), (parent, child), (parent, 1), (1, parent)):
            run = ActiveRun(
                run_id="r1",
                slot=None,
                attempt=1,
                started_at=at("12:00"),
                deadline_seconds=60.0,
                boot_id=machine.boot_id(),
                pid=pid,
                pid_started=processes.start_time(pid),
                keeper=keeper,
                keeper_started=processes.start_time(keeper),
            )
            supervisor.signal_run(run, signal.SIGTERM)
        time.sleep(0.05)
        assert processes.is_alive(parent, processes.start_time(parent) or 0)
        assert processes.is_alive(child, processes.start_time(child) or 0)


@contextlib.contextmanager
def family_of_strangers() -> Iterator[tuple[int, int]]:
    """A process and its child, which are no run's, and do not ignore signals."""
    starts = "import subprocess as s; p = s.Popen(['sleep', '60']); print(p.pid, flush=True)"
    code = [sys.executable, "-c", f"{starts}; p.wait()"]
    with subprocess.Popen(code, stdout=subprocess.PIPE, start_new_session=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            yield parent.pid, child
        finally:
            for pid in (child, parent.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
