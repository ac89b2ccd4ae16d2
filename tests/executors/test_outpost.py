"""The outpost alone: how its command starts and ends, and that nothing of it outlives its lease."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs.executors import bundle
from scheduled.runs.executors.outpost import wire
from tests.builders.outposts import LocalTransport, Talk, ended, order, script
from tests.builders.process_space import all_processes

FOLDER = Path(bundle.__file__).parent / "outpost"


@pytest.fixture
def transport(tmp_path: Path) -> LocalTransport:
    return LocalTransport(tmp_path)


@pytest.mark.parametrize(
    ("text", "code"),
    [("exit 0", 0), ("exit 70", 70), ("exit 255", 255), ("kill -TERM $$", -15), ("kill -9 $$", -9)],
)
def test_the_exit_code_is_that_of_the_command(
    transport: LocalTransport, text: str, code: int
) -> None:
    assert ended(transport, script(text))[0]["exit_code"] == code


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (order(["/no/such"]), "/no/such: cannot be started: no such file or directory"),
        (order(["/etc/passwd"]), "/etc/passwd: cannot be started: permission denied"),
        (order(["true"], cwd="/no/such"), "cwd: /no/such: no such directory"),
    ],
)
def test_what_cannot_be_started_says_why(transport: LocalTransport, told: Any, reason: str) -> None:
    assert ended(transport, told)[0] == {"failure": reason}


def test_it_starts_with_what_it_is_told(transport: LocalTransport) -> None:
    told = script(
        "echo $A; pwd; umask; cat; echo err >&2", env={"A": "b c"}, umask=0o27, cwd="/usr"
    )

    assert ended(transport, told)[1] == b"b c\n/usr\n0027\nerr\n"


def test_what_a_login_shell_prints_is_no_output(tmp_path: Path) -> None:
    noise = "Welcome!\nHE" + "x" * 50_000

    assert ended(LocalTransport(tmp_path, noise), script("echo hi"))[1] == b"hi\n"


def test_of_too_much_output_the_oldest_is_left_out(transport: LocalTransport) -> None:
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        told = script("head -c 50000000 /dev/zero; echo; echo last", lease=30, max_output=100_000)
        transport.send(json.dumps(told).encode() + b"\n")
        talk.next(wire.STARTED)
        here = "head -c 50000000 /dev/zero; echo"
        talk.until("nobody reads, and it ends all the same", lambda: not all_processes(here))
        talk.next(wire.ENDED)
        transport.send(wire.KNOWN)

    assert talk.output.endswith(b"\nlast\n")
    assert b"bytes left out]" in talk.output
    assert len(talk.output) < 10_000_000


STUBBORN = "trap '' TERM HUP; {mark} & setsid {mark} & (setsid sh -c '{mark}; true' &) ; {mark}"


@pytest.mark.parametrize("how", ["end of file", "silence", "told", "killed", "killed outright"])
def test_nothing_outlives_it(transport: LocalTransport, how: str, tmp_path: Path) -> None:
    mark = f"sleep {970000 + os.getpid()}"
    told = script(STUBBORN.format(mark=mark))
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        transport.send(json.dumps(told).encode() + b"\n")
        pid = json.loads(talk.next(wire.STARTED))["pid"]
        talk.until("all of it runs", lambda: len(all_processes(mark)) >= 4)
        match how:
            case "end of file":
                assert transport.process is not None
                assert transport.process.stdin is not None
                transport.process.stdin.close()
            case "told":
                transport.send(wire.STOP)
            case "killed":
                assert transport.process is not None
                transport.process.send_signal(signal.SIGTERM)
            case "killed outright":
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                os.kill(int(words[1]), signal.SIGKILL)
        talk.until("all of it is dead", lambda: not all_processes(mark))


def test_what_outlives_outpost_and_guard_is_ended_by_the_next_one(
    transport: LocalTransport, tmp_path: Path
) -> None:
    mark = f"sleep {980000 + os.getpid()}"
    stranger = f"sleep {990000 + os.getpid()}"
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        told = script(f"{STUBBORN.format(mark=mark)} & env -i {mark} & wait")
        transport.send(json.dumps(told).encode() + b"\n")
        pid = json.loads(talk.next(wire.STARTED))["pid"]
        talk.until("all of it runs", lambda: len(all_processes(mark)) >= 5)
        outpost = _parent_of(pid)
        for each in (guard := _parent_of(outpost), outpost):
            os.kill(each, signal.SIGSTOP)
        for each in (guard, outpost):
            os.kill(each, signal.SIGKILL)

    with subprocess.Popen(["/bin/sh", "-c", f"{stranger}; true"]) as other:
        question = {"fetch": True, "token": "ab" * 16}
        for is_overdue in (False, True):
            with Talk(LocalTransport(tmp_path)) as talk:
                talk.next(wire.HELLO)
                asked = json.dumps({**question, "overdue": is_overdue})
                talk.stream.send(asked.encode() + b"\n")
                talk.next(wire.UNKNOWN, beats=False)
            assert bool(all_processes(mark)) is not is_overdue
        assert all_processes(stranger)
        for each in all_processes(stranger):
            os.kill(each, signal.SIGKILL)
        other.wait()


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_beat_from_before_a_sleep_renews_no_lease(transport: LocalTransport) -> None:
    """Neither is there time to tidy up then: whoever waited has settled the run."""
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        told = script("trap 'echo tidied' TERM; echo begun; while true; do sleep 0.1; done")
        transport.send(json.dumps(told).encode() + b"\n")
        pid = json.loads(talk.next(wire.STARTED))["pid"]
        while b"begun" not in talk.output:
            talk.next(wire.OUTPUT)
        outpost = _parent_of(pid)
        for each in (outpost, pid):
            os.kill(each, signal.SIGSTOP)
        transport.send(wire.BEAT)
        time.sleep(3.0)  # longer than the lease and the grace
        for each in (pid, outpost):
            os.kill(each, signal.SIGCONT)
        end = json.loads(talk.next(wire.ENDED))

    assert (end["exit_code"], end["stopped"]) == (-9, "lost")


def test_each_beat_is_answered(transport: LocalTransport) -> None:
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        transport.send(json.dumps(script("exec sleep 1000")).encode() + b"\n")
        talk.next(wire.STARTED, beats=False)
        for _ in range(3):
            transport.send(wire.BEAT)
            talk.next(wire.ALIVE, beats=False)


@pytest.mark.parametrize("how", ["ended", "killed"])
def test_a_handler_leaves_no_directory(tmp_path: Path, how: str) -> None:
    (tmp_path / "tmp").mkdir()
    told = order([], handler={"handler": "time:sleep"}, lease=30)
    transport = LocalTransport(tmp_path, variables={"TMPDIR": str(tmp_path / "tmp")})
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        transport.send(json.dumps(told).encode() + b"\n")
        pid = json.loads(talk.next(wire.STARTED))["pid"]
        if how == "killed":
            os.kill(_parent_of(pid), signal.SIGKILL)
        else:
            talk.next(wire.ENDED)
            transport.send(wire.KNOWN)
        assert transport.process is not None
        transport.process.wait(30)

    assert [*(tmp_path / "tmp").iterdir()] == []


def test_where_a_handler_can_have_no_directory_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / ("scheduled-" + "ab" * 8)).touch()
    transport = LocalTransport(tmp_path, variables={"TMPDIR": str(tmp_path / "tmp")})
    failure = ended(transport, order([], handler={"handler": "time:sleep"}))[0]["failure"]

    assert failure == "a temporary directory for its handler cannot be made: file exists"


def test_a_command_may_tidy_up_and_has_the_last_word(transport: LocalTransport) -> None:
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        told = script("trap 'echo tidy; exit 5' TERM; echo begun; sleep 100 & wait", grace=20)
        transport.send(json.dumps(told).encode() + b"\n")
        talk.next(wire.OUTPUT)
        transport.send(wire.STOP)
        end = json.loads(talk.next(wire.ENDED))
        transport.send(wire.KNOWN)

    assert (end["exit_code"], end["stopped"]) == (5, "told")
    assert talk.output == b"begun\ntidy\n"


def test_an_end_is_kept_until_somebody_knows_it(tmp_path: Path) -> None:
    first = LocalTransport(tmp_path)
    ended(first, script("exit 9"), known=False)
    (kept,) = (tmp_path / "scheduled/outposts").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700

    question = {"fetch": True, "token": "ab" * 16}
    for known in (False, True):
        assert kept.exists()
        assert ended(LocalTransport(tmp_path), question, known=known)[0]["exit_code"] == 9
    assert not kept.exists()
    with Talk(LocalTransport(tmp_path)) as talk:
        talk.next(wire.HELLO)
        talk.stream.send(json.dumps({**question, "token": "cd" * 16}).encode() + b"\n")
        talk.next(wire.UNKNOWN, beats=False)


def test_an_end_is_kept_beside_what_cannot_be_removed(tmp_path: Path) -> None:
    folder = tmp_path / "scheduled/outposts"
    (folder / "old").mkdir(parents=True)
    (folder / "old/file").touch()
    os.utime(folder / "old", (0, 0))
    ended(LocalTransport(tmp_path), script("exit 9"), known=False)

    assert (folder / ("ab" * 16)).exists()


def test_an_end_that_is_known_is_not_kept(tmp_path: Path) -> None:
    ended(LocalTransport(tmp_path), script("exit 9"))

    assert [*(tmp_path / "scheduled/outposts").iterdir()] == []


@pytest.mark.parametrize("token", ["../../x", "", "AB" * 16, "a/b", None])
def test_a_token_that_is_none_is_not_obeyed(tmp_path: Path, token: Any) -> None:
    transport = LocalTransport(tmp_path)
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        told = script(f"touch {tmp_path}/ran") | {"token": token}
        transport.send(json.dumps(told).encode() + b"\n")
        assert transport.process is not None
        assert transport.process.wait(30) == 0

    assert not (tmp_path / "ran").exists()


def test_without_an_order_it_goes_home(transport: LocalTransport) -> None:
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        assert transport.process is not None
        assert transport.process.stdin is not None
        transport.process.stdin.close()
        assert transport.process.wait(30) == 0


def test_an_older_python_says_what_is_needed() -> None:
    older = "import sys; sys.version_info = (3, 7, 3); sys.version = '3.7.3 (x)'\n"
    ended = subprocess.run(
        [sys.executable, "-I", "-c", older + bundle.BOOTSTRAP],
        input=bundle.line(),
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == b"this is Python 3.7.3, and 3.8 or newer is needed\n"


def test_the_figures_are_those_of_the_command(transport: LocalTransport) -> None:
    busy = "import time; x = b'x' * 60_000_000; t = time.process_time()\n"
    busy += "while time.process_time() < t + 0.3: pass"
    end = ended(transport, order([sys.executable, "-c", busy]))[0]

    assert end["cpu_seconds"] >= 0.3
    assert end["max_rss_bytes"] > 60_000_000


def test_it_is_python_of_years_ago_and_imports_nothing_of_ours() -> None:
    allowed = {"scheduled.runs.executors.outpost", "__future__"}
    for name in bundle.MODULES:
        tree = ast.parse((FOLDER / f"{name}.py").read_text(), feature_version=(3, 8))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed or str(node.module) in sys.stdlib_module_names
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= sys.stdlib_module_names
