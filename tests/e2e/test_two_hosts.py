"""Two hosts on one state directory: namespaces with a machine id, boot and name of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders.beside import wait_for
from tests.builders.installed import WITHOUT_SWEEPS, configure
from tests.builders.process_space import child_of

pytestmark = pytest.mark.slow

SPACES = ("--mount", "--uts", "--pid")
JOB = """\
  long:
    schedule: "0 0 1 1 *"
    first_run: now
    command: 'hostname >> starts; test -e gate || sleep 600'
"""


class Host:
    """A machine that is switched on; all of it dies at once."""

    def __init__(self, folder: Path, name: str, boot: str) -> None:
        self.folder = folder
        options = [*SPACES, "--fork", "--kill-child", "--mount-proc"]
        self.started: list[subprocess.Popen[bytes]] = []
        self.power = subprocess.Popen(["unshare", *options, "--", "sleep", "100000"])
        self.holder = child_of(self.power.pid)
        self.shell(f"hostname {name}")
        self._bind("/etc/machine-id", name.encode().hex().ljust(32, "0")[:32])
        self._bind("/proc/sys/kernel/random/boot_id", boot)

    def _bind(self, path: str, text: str) -> None:
        own = self.folder / f"{path.replace('/', '_')}-{text}"
        own.write_text(f"{text}\n")
        self.shell(f"mount --bind '{own}' {path}")

    def _inside(self, *words: str) -> list[str]:
        return ["nsenter", f"--target={self.holder}", *SPACES, "--", *words]

    def shell(self, text: str) -> None:
        done = subprocess.run(
            self._inside("sh", "-c", text), capture_output=True, text=True, check=False
        )
        if "permission denied" in done.stderr:
            needs.mounts()
        assert done.returncode == 0, done.stderr

    def words(self, *words: str) -> list[str]:
        places = ["--root", str(self.folder / "root"), "--state-dir", str(self.folder / "state")]
        return self._inside(sys.executable, "-m", "scheduled", *places, *words)

    def start(self, *words: str) -> None:
        null = subprocess.DEVNULL
        process = subprocess.Popen(self.words(*words), stdout=null, stderr=null, env=self.environ())
        self.started.append(process)

    def call(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.words(*words),
            capture_output=True,
            text=True,
            env=self.environ(),
            timeout=120,
            check=False,
        )

    def environ(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "UTC"}

    def switch_off(self) -> None:
        self.power.kill()
        for process in (self.power, *self.started):
            process.wait()


@pytest.fixture
def switched_on(tmp_path: Path) -> Iterator[Callable[[str, str], Host]]:
    needs.root()
    needs.programs("unshare", "nsenter", "mount")
    (tmp_path / "root").mkdir(mode=0o755)
    configure(tmp_path / "root", WITHOUT_SWEEPS + JOB)
    with ExitStack() as stack:

        def switch_on(name: str, boot: str) -> Host:
            host = Host(tmp_path, name, boot)
            stack.callback(host.switch_off)
            return host

        yield switch_on


def starts(host: Host) -> list[str]:
    path = host.folder / "root/starts"
    return path.read_text().split() if path.exists() else []


def rows(host: Host) -> list[dict[str, Any]]:
    """What became of each run of the job, newest first."""
    done = host.call("history", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return [row for row in found if row["job"] == "long"]


@pytest.mark.parametrize("boots", [("1-1", "2-1"), ("1-1", "1-1")], ids=["machines", "containers"])
def test_the_second_is_refused_and_adopts_and_the_first_is_refused_when_it_comes_back(
    switched_on: Callable[[str, str], Host], boots: tuple[str, str]
) -> None:
    first, second = switched_on("first", boots[0]), switched_on("second", boots[1])
    first.start("run")
    wait_for(lambda: starts(first) == ["first"])

    refused = second.call("run")
    reading = second.call("status")
    assert (refused.returncode, reading.returncode) == (2, 0)
    for said in (refused.stderr, reading.stderr):
        assert "this state belongs to the host first (" in said
        assert "and this is second (" in said
        assert "its last tick came " in said

    first.switch_off()
    adopted = second.call("state", "adopt")
    assert adopted.returncode == 0, adopted.stderr
    (second.folder / "root/gate").touch()
    ticked = [second.call("run").returncode for _ in range(2)]

    owner = json.loads((second.folder / "state/scheduled_state.json").read_text())["owner"]
    assert owner["name"] == "second"
    assert set(ticked) == {0}
    assert starts(second) == ["first", "second"]
    ended = [(row["outcome"], row["reason"]) for row in rows(second)]
    assert [outcome for outcome, _ in ended] == ["succeeded", "interrupted"]
    assert str(ended[1][1]).startswith("unknown on ")
    assert len({row["slot"] for row in rows(second)}) == 1

    back = switched_on("first", "1-2")
    assert [back.call(word).returncode for word in ("run", "pause")] == [2, 2]
    assert "belongs to the host second (" in back.call("pause").stderr
    assert starts(back) == ["first", "second"]


@pytest.mark.parametrize("kind", ["sshfs", "bindfs"])
def test_a_state_on_a_file_system_without_locks_is_refused(tmp_path: Path, kind: str) -> None:
    needs.root()
    needs.programs(kind, "unshare", "mount")
    for name in ("root", "far", "near"):
        (tmp_path / name).mkdir(mode=0o755)
    configure(tmp_path / "root", WITHOUT_SWEEPS)
    server = tmp_path / "server"
    server.write_text("#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n")
    server.chmod(0o755)
    mounting = {
        "bindfs": f"bindfs {tmp_path}/far {tmp_path}/near",
        "sshfs": f"sshfs -o ssh_command={server} x:{tmp_path}/far {tmp_path}/near",
    }
    places = f"--root {tmp_path}/root --state-dir {tmp_path}/near/state"
    program = f"{sys.executable} -m scheduled {places}"
    script = (
        f"{mounting[kind]} || exit 77; {program} run; echo $?; {program} doctor; ls {tmp_path}/near"
    )
    words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]

    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TZ": "UTC"}
    done = subprocess.run(
        [*words, script], capture_output=True, text=True, env=environ, timeout=120, check=False
    )

    if done.returncode == 77:
        needs.mounts()
    assert f"{tmp_path}/near/state: it is on fuse" in done.stderr
    assert "pass locks on" in done.stderr
    assert "name it with --state-dir" in done.stderr
    code, *found = done.stdout.splitlines()
    assert code == "2"
    assert any(line.startswith("error: locks: ") and "it is on fuse" in line for line in found)
    assert "state" not in found
    assert list((tmp_path / "far").iterdir()) == []
