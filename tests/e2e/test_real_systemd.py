"""A real systemd of a user's own fires the units that `cron install --systemd` wrote.

It lives in namespaces: its own /run, its own cgroup, its own folder of units. No manager of this
machine is asked anything, and none has to run here.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.installation import systemd_units
from scheduled.installation.tick_command import Target
from tests.builders import ecosystem, needs
from tests.installation.test_systemd_units import HARD

_SYSTEMD = "/lib/systemd/systemd"
_MANAGER = """
mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/systemd/system /run/cgroup
mount -t cgroup2 cgroup2 /run/cgroup && mkdir "/run/cgroup/$NAME" || exit 1
mkdir -m 700 -p /run/user/0
(
    echo 0 > "/run/cgroup/$NAME/cgroup.procs"
    exec unshare --cgroup --mount sh -c '
        mount -t tmpfs tmpfs /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
        exec /lib/systemd/systemd --user'
) &
echo $!
wait
echo 1 > "/run/cgroup/$NAME/cgroup.kill"
sleep 0.2
find "/run/cgroup/$NAME" -depth -type d -exec rmdir {} ';'
"""


class Manager:
    """What goes on beside it: the commands below run where it can be asked."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self.units = folder / "config/systemd/user"
        self._variables = [f"XDG_CONFIG_HOME={folder}/config", f"PATH={os.environ['PATH']}"]

    def ask(self, *command: str | Path) -> subprocess.CompletedProcess[bytes]:
        words = ["nsenter", "--mount", f"--target={self._pid}", "--", "env", "-i"]
        words += [*self._variables, "XDG_RUNTIME_DIR=/run/user/0", "HOME=/nonexistent"]
        return subprocess.run([*words, *command], capture_output=True, check=False)

    def run(self, *command: str | Path) -> str:
        answer = self.ask(*command)
        assert answer.returncode == 0, answer.stderr.decode()
        return answer.stdout.decode()

    def systemctl(self, *words: str) -> str:
        return self.run("systemctl", "--user", *words)

    def scheduled(self, root: Path, *words: str) -> str:
        options = ("--root", str(root), "--state-dir", str(root.parent / "state"))
        return self.run(sys.executable, "-m", "scheduled", *options, *words)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    needs.root()
    needs.programs("unshare", "nsenter", "systemctl", _SYSTEMD)
    (tmp_path / "config/systemd/user").mkdir(parents=True)
    environment = {
        "NAME": f"scheduled-test-{os.getpid()}",
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "XDG_CONFIG_HOME": f"{tmp_path}/config",
        "XDG_RUNTIME_DIR": "/run/user/0",
    }
    outer = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", _MANAGER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    with outer:
        assert outer.stdout is not None
        pid = outer.stdout.readline()
        made = Manager(int(pid or 0), tmp_path)
        try:
            if not pid or not _answers(made, outer):
                pytest.skip("needs a place where a systemd can be started in namespaces (cgroups)")
            yield made
        finally:
            if pid and outer.poll() is None:
                os.kill(int(pid), signal.SIGTERM)


@pytest.mark.slow
def test_the_tick_comes_and_uninstalling_leaves_nothing(manager: Manager, tmp_path: Path) -> None:
    root = ecosystem.home(tmp_path / 'a "home", 100% $mine')

    said = manager.scheduled(root, "cron", "install", "--systemd", "--log", str(tmp_path / "log"))
    installed = _show(manager, root)
    _wait_for(lambda: all(_state(root)["last_run"].values()), seconds=120)
    health = json.loads(manager.scheduled(root, "status", "--json"))
    manager.scheduled(root, "cron", "uninstall", "--systemd")

    assert "systemd calls it now" in said
    assert (installed["status"], installed["active"]) == ("intact", True)
    assert (tmp_path / "log").read_text() == ""
    assert health["gaps"] == []
    assert [path for path in manager.units.rglob("*") if not path.is_dir()] == []
    assert "scheduled" not in manager.systemctl("list-units", "--all")


@pytest.mark.slow
def test_a_long_job_keeps_no_other_tick_from_coming_and_outlives_its_service(
    manager: Manager, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    _configure(root)
    manager.scheduled(root, "cron", "install", "--systemd", "--every", "24h")
    (service,) = manager.units.glob("*.service")

    manager.systemctl("start", service.name)
    _wait_for((root / "begun").exists)
    manager.systemctl("start", service.name)
    _wait_for(lambda: _state(root)["ticks"]["count"] == 1)
    (root / "go on").touch()
    _wait_for(lambda: _state(root)["ticks"]["count"] == 2)

    assert _state(root)["jobs"]["long"]["last"]["outcome"] == "succeeded"
    assert "failed" not in manager.systemctl("show", "--property=Result", service.name)


def test_every_path_reaches_the_program_as_it_is(manager: Manager, tmp_path: Path) -> None:
    python = tmp_path / 'a python, 100% $it\'s \\ "own"'
    python.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > {tmp_path}/words\n")
    python.chmod(0o755)
    target = Target(python, Path("/main.py"), HARD)
    for name, text in systemd_units.texts("1a2b3c4d", target, timedelta(minutes=1)).items():
        (manager.units / name).write_bytes(text)

    manager.systemctl("daemon-reload")
    manager.systemctl("start", "scheduled-1a2b3c4d.service")
    _wait_for((tmp_path / "words").exists)
    _wait_for(lambda: (tmp_path / "words").read_text().endswith("run\0"))

    assert (tmp_path / "words").read_text().split("\0")[5:-1] == [*HARD, "run"]


def _answers(manager: Manager, outer: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + 60
    while manager.ask("systemctl", "--user", "list-timers").returncode != 0:
        if outer.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _configure(root: Path) -> None:
    """One job alone, which goes on until it is told to end."""
    wait = "touch begun; while [ ! -e 'go on' ]; do sleep 0.1; done"
    off = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
    jobs: dict[str, Any] = {name: {"enabled": False} for name in off}
    jobs["long"] = {"command": wait, "schedule": "0 3 1 1 *", "first_run": "now"}
    (root / "scheduled.yaml").write_text(json.dumps({"jobs": jobs}))
    (root / "scheduled.yaml").chmod(0o644)


def _show(manager: Manager, root: Path) -> dict[str, Any]:
    said = manager.scheduled(root, "cron", "show", "--systemd", "--json")
    report: dict[str, Any] = json.loads(said)
    return report


def _state(root: Path) -> dict[str, Any]:
    path = root.parent / "state/scheduled_state.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _wait_for(condition: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.2)
