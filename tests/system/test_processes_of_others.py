"""A record of a run does not make a stranger's process one of it."""

import signal
import subprocess

from scheduled.system import processes
from scheduled.system.processes import Family


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
