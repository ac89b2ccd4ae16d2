"""What only an executor by ssh has: keys of hosts, connections that break."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.runs.executors.ssh import SshTransport
from tests.builders import disks, needs, process_space, ssh_server
from tests.builders.dask_cluster import wait_until
from tests.builders.disks import Disk
from tests.builders.elsewhere import Home, job
from tests.builders.process_space import ProcessSpace, all_processes
from tests.builders.ssh_server import SshServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server.running(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, space: ProcessSpace, server: SshServer) -> Iterator[Home]:
    home = Home(tmp_path / "home", space, server.executor())
    yield home
    home.close()


def test_nobody_there_leaves_the_slot_due(home: Home, server: SshServer, tmp_path: Path) -> None:
    nobody = tmp_path / "config"
    nobody.write_text("Host nas\n  HostName 127.0.0.1\n  Port 1\n")
    nobody.chmod(0o600)
    home.configure(job("true", first_run="now"))
    config = (home.folder / "scheduled.yaml").read_text()
    (home.folder / "scheduled.yaml").write_text(config.replace(str(server.config), str(nobody)))

    ticked = home.call("run")
    assert ticked.returncode == 0, ticked.stderr
    assert home.last()["outcome"] is None
    assert "not now: ssh: connect to host 127.0.0.1 port 1" in home.last()["reason"]
    assert "it could not be started: ssh: connect to host" in home.call("why", "far").stdout

    (home.folder / "scheduled.yaml").write_text(config)
    assert home.call("run").returncode == 0
    assert home.last()["outcome"] == "succeeded"


def test_a_strange_host_key_is_refused(home: Home, server: SshServer, tmp_path: Path) -> None:
    strange = tmp_path / "config"
    text = server.config.read_text()
    strange.write_text(text.replace(f"{server.folder}/known", "/dev/null"))
    strange.chmod(0o600)
    home.configure(job(f"touch {tmp_path}/never"))
    path = home.folder / "scheduled.yaml"
    path.write_text(path.read_text().replace(str(server.config), str(strange)))

    assert home.call("trigger", "far").returncode == 75
    assert home.last()["outcome"] is None
    assert home.last()["reason"] == "not now: Host key verification failed"
    assert not (tmp_path / "never").exists()


@pytest.fixture
def jumps(server: SshServer, tmp_path: Path) -> Iterator[Path]:
    """A configuration in which `nas` stands behind one host that hangs, and `far` is refused."""
    with socket.socket() as hangs:
        hangs.bind(("127.0.0.1", 0))
        hangs.listen()
        config = tmp_path / "jumps"
        config.write_text(
            f"Host hangs\n  HostName 127.0.0.1\n  Port {hangs.getsockname()[1]}\n"
            "Host refuses\n  HostName 127.0.0.1\n  Port 1\n"
            "Host nas\n  ProxyJump hangs\nHost refused\n  HostName 127.0.0.1\n"
            f"  ProxyJump refuses\nMatch all\n  Include {server.config}\n"
        )
        config.chmod(0o600)
        yield config


def test_a_jump_host_that_hangs_leaves_nothing_here(home: Home, jumps: Path) -> None:
    executor = {**home.executor, "ssh_config": str(jumps), "connect_timeout": "2s"}
    home.configure(job("true"), executor)

    assert home.call("trigger", "far").returncode == 75
    assert home.call("executors").returncode == 75
    assert home.space.processes("ssh", str(jumps)) == []


def test_a_timeout_that_is_over_before_it_is_connected_says_so(home: Home, jumps: Path) -> None:
    home.configure(job("true", timeout="1s"), {**home.executor, "ssh_config": str(jumps)})

    assert home.call("trigger", "far").returncode == 75
    assert home.last()["reason"] == (
        "not now: its `timeout` of 1 s was over before it was connected"
    )


def test_why_a_jump_host_fails_is_told(home: Home, jumps: Path) -> None:
    home.configure(job("true"), {**home.executor, "ssh_config": str(jumps), "host": "refused"})
    home.call("trigger", "far")

    reason = "not now: ssh: connect to host 127.0.0.1 port 1: Connection refused"
    assert home.last()["reason"] == reason


@pytest.mark.parametrize("level", ["QUIET", "DEBUG3"])
def test_why_a_host_fails_is_told_however_much_ssh_is_to_say(
    home: Home, server: SshServer, tmp_path: Path, level: str
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"LogLevel {level}\nVisualHostKey yes\nHost refuses\n  HostName 127.0.0.1\n  Port 1\n"
        f"Match all\n  Include {server.config}\n"
    )
    config.chmod(0o600)
    more: dict[str, object] = {"ssh_config": str(config)}
    for host, reason in (("refuses", "Connection refused"), ("nas", "the connection ended")):
        home.configure(job("true"), {**home.executor, **more, "host": host, "python": "/bin/false"})
        assert home.call("trigger", "far").returncode == 75
        assert home.last()["reason"].endswith(reason)
    home.configure(job("echo hi"), {**home.executor, **more})
    assert home.call("trigger", "far").returncode == 0
    assert home.output() == "hi\n"


def test_nothing_can_ask_at_the_terminal(tmp_path: Path) -> None:
    needs.programs("script")
    ssh = tmp_path / "ssh"
    ssh.write_text(
        "#!/bin/sh\n(: </dev/tty) 2>/dev/null && echo has one >&2 || echo has none >&2\n"
    )
    ssh.chmod(0o755)
    asks = (
        "from scheduled.runs.executors import replies, ssh\n"
        "stream = ssh.SshTransport({'host': 'nas', 'connect_timeout': 5})\n"
        "try: replies.greeted(stream, replies.Frames(), 5)\n"
        "except Exception as error: print('it', error)\n"
    )
    words = ["script", "-qec", shlex.join([sys.executable, "-c", asks]), "/dev/null"]
    said = subprocess.run(
        words,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert said.stdout.strip() == "it has none"


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ("~/my/python", "{home}/my/python"),
        ("~root/python", "/root/python"),
        ("~", "~"),
        ("~$(id)/x", "~$(id)/x"),
        ("/a/~b/'c'", "/a/~b/'c'"),
        ("~/$(id)", "{home}/$(id)"),
    ],
)
def test_a_python_in_the_home_directory_is_found_by_any_shell(
    python: str, words: str, tmp_path: Path
) -> None:
    told = SshTransport({"host": "nas", "python": python, "connect_timeout": 5})._remote_command()
    told = told.replace("exec ", "printf '%s\\n' ", 1)
    said = subprocess.run(
        ["/bin/sh", "-c", told],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.splitlines()[0] == words.format(home=tmp_path)


def test_a_broken_connection_ends_it_there_and_says_so(home: Home) -> None:
    mark = f"sleep {92000 + os.getpid()}"
    home.configure(job(mark))
    running = home.start("trigger", "far")
    wait_until("it has begun", lambda: all_processes(mark))

    home.space.kill("ssh ", "-T")
    running.wait(timeout=90)
    assert all_processes(mark) == []
    assert home.last()["outcome"] == "interrupted"
    assert "the connection was lost" in home.last()["reason"]


def test_an_end_that_could_not_be_told_is_fetched(
    home: Home, server: SshServer, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    home.configure(job(f"while [ ! -e {gone} ]; do sleep 0.1; done; exit 0"))
    running = home.start("trigger", "far")
    wait_until("it has begun", lambda: all_processes(str(gone)))

    home.space.kill("ssh ", "-T", number=signal.SIGSTOP)
    gone.touch()
    wait_until("it has ended", lambda: not all_processes(str(gone)))
    home.space.kill("ssh ", "-T")
    running.wait(timeout=90)
    assert home.last()["outcome"] == "succeeded"


def test_an_end_that_cannot_be_kept_here_is_told_in_a_sentence(home: Home, tmp_path: Path) -> None:
    gone, other = tmp_path / "gone", tmp_path / "other"
    other.write_text("mine")
    home.configure(job(f"while [ ! -e {gone} ]; do sleep 0.1; done"))
    running = home.start("trigger", "far")
    wait_until("it has begun", lambda: all_processes(str(gone)))

    (answer,) = (home.folder / "state/runs/far").glob("*.answer")
    answer.unlink()
    answer.symlink_to(other)
    gone.touch()
    assert running.wait(timeout=90) == 1
    assert home.last()["error"].startswith("its proxy failed with exit code 1; its output says why")
    (said,) = home.output().splitlines()
    assert said.startswith(f"scheduled: {answer}: ")
    assert said.endswith(": its end cannot be kept")
    assert other.read_text() == "mine"


def test_where_scheduled_is_not_installed_a_handler_says_so(
    home: Home, server: SshServer, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    home.configure(job(handler="json:loads"), server.executor(python=str(python)))

    assert home.call("trigger", "far").returncode == 1
    assert "scheduled is not installed for this Python" in home.last()["error"]
    (asked,) = json.loads(home.call("executors", "--json").stdout)["executors"]
    told = "scheduled is not installed for its Python; it is needed by far"
    assert asked["remarks"] == [told]
    assert told in home.call("doctor").stdout


def test_what_waits_for_a_place_says_so_and_is_not_overdue(
    home: Home, server: SshServer, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    home.configure(
        job(f"while [ ! -e {gone} ]; do sleep 0.1; done", "a", first_run="now")
        + job("true", "b", first_run="now"),
        server.executor(max_concurrent=1),
    )
    running = home.start("run")
    wait_until("it has begun", lambda: all_processes(str(gone)))

    assert home.last()["where"]["host"] == os.uname().nodename
    assert "it waits for a place at the executor nas" in home.call("why", "b").stdout
    assert "waits for a place at the executor nas" in home.call("next", "b").stdout
    status = home.call("status")
    assert "waits for nas" in status.stdout
    document = json.loads(home.call("status", "--json").stdout)
    assert document["overdue"] == []
    assert document["waiting"] == [{"job": "b", "mutex": None, "held_by": [], "executor": "nas"}]
    listed = json.loads(home.call("list", "--json").stdout)["jobs"]
    assert {row["id"]: row["waits_for"] for row in listed}["b"] == {
        "mutex": None,
        "held_by": [],
        "executor": "nas",
    }

    gone.touch()
    assert running.wait(timeout=60) == 0
    assert {row["outcome"] for row in home.rows()} == {"succeeded"}


def test_what_overlap_says_needs_no_free_place(
    home: Home, server: SshServer, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    keys = {"schedule": "* * * * *", "first_run": "now"}
    script = f"while [ ! -e {gone} ]; do sleep 0.1; done"
    home.configure(
        job(script, "replaced", overlap="replace", **keys)
        + job(script, "skipped", overlap="skip", **keys),
        server.executor(max_concurrent=2),
    )
    ticks = [home.start("run")]
    wait_until("both have begun", lambda: len(all_processes(str(gone))) == 2)
    minute = time.time() // 60
    wait_until("the next minute has begun", lambda: time.time() // 60 > minute)

    ticks.append(home.start("run"))
    wait_until("one is replaced", lambda: ("replaced", "interrupted") in _outcomes(home))
    wait_until("one is skipped", lambda: ("skipped", "skipped") in _outcomes(home))
    wait_until("it begins again", lambda: len(all_processes(str(gone))) == 2)
    gone.touch()
    assert [tick.wait(timeout=60) for tick in ticks] == [0, 0]
    assert sorted(_outcomes(home)) == [
        ("replaced", "interrupted"),
        ("replaced", "succeeded"),
        ("skipped", "skipped"),
        ("skipped", "succeeded"),
    ]


def _outcomes(home: Home) -> list[tuple[str, str | None]]:
    return [(row["job"], row["outcome"]) for row in home.rows()]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield from disks.mounted(tmp_path / "home/state")


def test_a_full_disk_here_does_not_end_what_runs_there(
    tmp_path: Path, server: SshServer, disk: Disk
) -> None:
    with process_space.opened() as space:
        home = Home(tmp_path / "home", space, server.executor())
        gone = tmp_path / "gone"
        home.configure(job(f"while [ ! -e {gone} ]; do seq 2000; sleep 0.5; done; echo last"))
        running = home.start("trigger", "far")
        wait_until("it has begun", lambda: all_processes(str(gone)))

        disk.fill()
        time.sleep(13)  # longer than the lease
        assert all_processes(str(gone))
        disk.free()
        gone.touch()
        assert running.wait(timeout=60) == 0
        assert home.last()["outcome"] == "succeeded"
        assert "bytes left out: the disk was full]" in home.output()

        disk.fill()
        home.call("trigger", "far")
        disk.free()
        assert home.call("trigger", "far").returncode == 0
        assert {row["outcome"] for row in home.rows()} == {"succeeded", None}
        home.close()


def test_who_is_killed_before_it_is_connected_has_started_nothing(
    home: Home, server: SshServer
) -> None:
    home.configure(job("true", first_run="now"), server.executor(python="/bin/cat"))
    running = home.start("run")
    wait_until("it connects", lambda: all_processes("/bin/cat", "-I"))
    assert home.space.kill("executors.proxy") > 0
    running.wait(timeout=60)
    assert home.last()["outcome"] is None
    assert "not now" in home.last()["reason"]

    home.configure(job("true", first_run="now"))
    assert home.call("run").returncode == 0
    assert home.last()["outcome"] == "succeeded"


def test_runs_there_have_places_of_their_own_that_all_ticks_share(
    home: Home, server: SshServer
) -> None:
    log = home.folder / "log"
    script = f"echo + >>{log}; sleep 2; echo - >>{log}"
    far = "".join(job(script, f"far{number}", first_run="now") for number in range(5))
    here = f"echo near >>{log}"
    near = {"schedule": "0 0 1 1 *", "command": here, "first_run": "now", "priority": "low"}
    home.configure(
        f"{far}  near: {json.dumps(near)}\nmax_concurrent: 1\n", server.executor(max_concurrent=2)
    )

    ticks = [home.start("run"), home.start("run")]
    assert [tick.wait(120) for tick in ticks] == [0, 0]
    home.call("run")
    lines = log.read_text().split()
    assert lines.index("near") < lines.index("-")
    at_once = [
        lines[: number + 1].count("+") - lines[: number + 1].count("-") for number in range(11)
    ]
    assert max(at_once) == 2
    assert lines.count("+") == lines.count("-") == 5
