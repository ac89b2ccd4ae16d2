"""The outpost alone: how its command starts and ends, and that nothing of it outlives its lease."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs.executors import bundle
from scheduled.runs.executors.outpost import wire
from tests.builders.outposts import LocalTransport, Talk, order
from tests.builders.process_space import all_processes

FOLDER = Path(bundle.__file__).parent / "outpost"


@pytest.fixture
def transport(tmp_path: Path) -> LocalTransport:
    return LocalTransport(tmp_path)


def ended(
    transport: LocalTransport, told: Any, *, known: bool = True
) -> tuple[dict[str, Any], bytes]:
    """Give an order, and return how the command ended and what it has printed."""
    with Talk(transport) as talk:
        talk.next(wire.HELLO)
        transport.send(json.dumps(told).encode() + b"\n")
        end: dict[str, Any] = json.loads(talk.next(wire.ENDED))
        if known:
            transport.send(wire.KNOWN)
        return end, talk.output


def script(text: str, **more: Any) -> Any:
    return order(["/bin/sh", "-c", text], **more)


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
    assert ended(LocalTransport(tmp_path), question)[0]["exit_code"] == 9
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
