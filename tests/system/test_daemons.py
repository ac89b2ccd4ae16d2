"""Whether a daemon runs, by real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.system import daemons

NAME = f"cron-{os.getpid()}"
"""Of this test run alone: others on the machine look at the same processes."""
pytestmark = pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="needs /proc")


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemons, "CRONS", frozenset({NAME}))
    monkeypatch.setattr(daemons, "_has_systemd_cron", lambda _: False)


def has_cron() -> bool:
    callers = daemons.running()
    assert callers is not None
    return callers.cron


def test_a_daemon_that_runs() -> None:
    code = f"open('/proc/self/comm', 'w').write('{NAME}'); print(flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = has_cron()
        process.communicate(b"\n")

    assert found
    assert not has_cron()


def test_a_daemon_that_has_died_and_that_nobody_waits_for() -> None:
    child = os.fork()
    if child == 0:
        Path("/proc/self/comm").write_text(NAME)
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert Path(f"/proc/{child}/comm").read_text() == f"{NAME}\n"
        assert not has_cron()
    finally:
        os.waitpid(child, 0)
