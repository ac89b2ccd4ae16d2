"""`logs --follow`, `logs --failed`, and the output that `trigger` shows while the job runs."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from scheduled.runs.live_output import LiveOutput
from scheduled.runs.output import OutputFile
from scheduled.system import linux
from scheduled.system.masking import Mask
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end
from tests.builders.people import wait_for
from tests.builders.two_jobs import OFF

SLOW = """\
  slow:
    command: "echo caf\\u00e9; until [ -e go ]; do sleep 0.05; done; echo second; exit 3"
    schedule: "0 3 1 1 *"
"""


class Place:
    """A root with a job that waits in the middle, and the command line on it."""

    def __init__(self, root: Path) -> None:
        self.root, self.go = root, root / "go"
        (root / "scheduled.yaml").write_text(f"jobs:\n{OFF}{SLOW}")
        (root / "scheduled.yaml").chmod(0o644)
        self.command = [sys.executable, "-m", "scheduled", "--root", str(root)]
        self.command += ["--state-dir", str(root / "state")]

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [*self.command, *words]
        return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def trigger(self) -> subprocess.Popen[str]:
        """Start a run, and wait until it has printed its first line."""
        child = self.start("trigger", "slow")
        assert wait_for(lambda: bool(list(self.root.glob("state/runs/slow/*.log"))), 60)
        return child


@pytest.fixture
def place(root: Path) -> Place:
    return Place(root)


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


@pytest.mark.slow
def test_e13_a_run_in_progress_is_followed_until_it_ends(place: Place) -> None:
    with place.trigger(), place.start("logs", "-f", "slow") as following:
        first = line(following)
        place.go.touch()
        rest, errors = following.communicate(timeout=60)

    assert first == "café\n"
    assert rest == "second\n"
    assert errors == ""
    assert following.returncode == 0


@pytest.mark.slow
def test_e13_where_nothing_runs_the_next_run_is_waited_for(place: Place) -> None:
    place.go.touch()
    place.trigger().communicate()
    place.go.unlink()
    with place.start("logs", "slow", "--follow") as following:
        with place.trigger():
            first = line(following)
            place.go.touch()
        rest, _ = following.communicate(timeout=60)

    assert first + rest == "café\nsecond\n"


def test_ctrl_c_ends_it_and_says_nothing(place: Place) -> None:
    with place.trigger() as run, place.start("logs", "-f", "slow") as following:
        line(following)
        following.send_signal(signal.SIGINT)
        rest, errors = following.communicate(timeout=60)
        is_alive = run.poll() is None
        place.go.touch()

    assert (rest, errors.strip()) == ("", "")
    assert following.returncode == 130
    assert is_alive


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(place: Place) -> None:
    with place.trigger(), place.start("logs", "-f", "slow") as following:
        line(following)
        assert following.stdout is not None
        following.stdout.close()
        place.go.touch()
        assert following.stderr is not None
        errors = following.stderr.read()

    assert "Traceback" not in errors


def test_e13_trigger_shows_on_a_terminal_what_the_job_prints_while_it_runs(place: Place) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*place.command, "--no-color", "trigger", "slow"],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = bytearray()
    reader = threading.Thread(target=_drain, args=(ours, shown))
    reader.start()
    assert wait_for(lambda: "café\r\n".encode() in shown, 60)
    before = bytes(shown)
    place.go.touch()
    child.wait()
    reader.join()
    os.close(ours)

    assert b"second" not in before
    assert shown.count(b"second\r\n") == 1
    assert child.returncode == 1
    assert b"slow: failed: exit code 3" in shown


def test_of_several_runs_the_newest_that_failed(home: Home) -> None:
    home.record(begin("r2", at("11:10")), end("r2", at("11:10"), "failed"))
    home.record(begin("r3", at("11:20")), end("r3", at("11:20")))
    home.printed("backup", "r2", "went wrong\n")
    home.printed("backup", "r3", "went well\n")

    assert home.call("logs", "backup", "--failed").out == "went wrong\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("backup", "--failed"), "no run that failed is on record"),
        (("backup", "r1", "--failed"), "exclude each other"),
        (("backup", "-f", "--json"), "exclude each other"),
        (("backupp", "-f"), "did you mean backup?"),
        (("backupp", "--failed"), "did you mean backup?"),
    ],
)
def test_what_cannot_be_shown_is_refused(home: Home, words: Sequence[str], reason: str) -> None:
    said = home.call("logs", *words)

    assert said.code == 2
    assert reason in said.err


def test_a_failed_run_that_printed_nothing_says_why_it_failed(home: Home) -> None:
    home.record(begin("r2", at("11:10")), end("r2", at("11:10"), "failed"))

    assert home.call("logs", "backup", "--failed").err.endswith("printed nothing: exit code 1")


def test_a_terminal_gets_a_header_and_a_pipe_does_not(home: Home) -> None:
    command = [sys.executable, "-m", "scheduled", "--no-color", "--root", str(home.folder)]
    command += ["--state-dir", str(home.state_dir), "logs", "backup"]
    ours, theirs = pty.openpty()
    subprocess.run(command, stdout=theirs, env={**os.environ, "COLUMNS": "150"}, check=True)
    os.close(theirs)
    shown = bytearray()
    _drain(ours, shown)
    os.close(ours)
    piped = subprocess.run(command, capture_output=True, check=True).stdout

    first, second = shown.decode().splitlines()
    assert re.match(r"run r1 of backup, scheduled for (\S.* )?11:00\S*, started ", first)
    assert first.endswith(", succeeded, took 2.00 s")
    assert second == "copied 3 files"
    assert piped == b"copied 3 files\n"


def test_the_pieces_of_an_output_add_up_also_where_one_ends_within_a_character(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r1.log"
    live = LiveOutput(path)
    assert live.read() == ""

    pieces = []
    for data in (b"caf\xc3", b"\xa9\n", b"", b"\xff\n"):
        with path.open("ab") as stream:
            stream.write(data)
        pieces.append(live.read())

    assert pieces == ["caf", "é\n", "", "\ufffd\n"]


def test_what_was_cut_out_before_it_was_read_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "r1.log"
    path.write_bytes(b"start\n")
    live = LiveOutput(path)
    first = live.read()
    with path.open("ab") as stream:
        stream.write(b"x" * 200_000 + b"end\n")
        stream.flush()
        if not linux.punch_hole(stream.fileno(), 0, 200_000):
            pytest.skip("needs a file system with holes, such as ext4, xfs or tmpfs")

    assert first == "start\n"
    assert live.read() == "\n[...]\nxxxxxxend\n"
    assert live.read() == ""


def test_a_file_that_is_cut_to_its_limit_is_read_on_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "r1.log"
    path.write_bytes(b"x" * 1000)
    live = LiveOutput(path)
    live.read()
    path.write_bytes(b"x" * 10)
    assert live.read() == ""
    with path.open("ab") as stream:
        stream.write(b"end\n")

    assert live.read() == "end\n"


@pytest.mark.parametrize("late", [b"end\n", b"x" * 300 + b"end\n"])
def test_what_is_printed_just_before_the_output_is_cut_is_not_lost(
    tmp_path: Path, late: bytes
) -> None:
    output = OutputFile(tmp_path / "r1.log", limit=1000)
    output.path.write_bytes(b"a" * 3000)
    output.path.chmod(0o600)
    live = LiveOutput(output.path)
    first = live.read()
    with output.path.open("ab") as stream:
        stream.write(late)
    output.finish()

    assert first == "a" * 3000
    assert live.read() == late.decode()
    assert live.read() == ""


def test_what_was_cut_out_before_it_was_read_is_marked_at_the_end_of_the_run(
    tmp_path: Path,
) -> None:
    output = OutputFile(tmp_path / "r1.log", limit=1000)
    output.path.write_bytes(b"a" * 3000)
    output.path.chmod(0o600)
    live = LiveOutput(output.path)
    live.read()
    with output.path.open("ab") as stream:
        stream.write(b"b" * 5000 + b"end\n")
    output.finish()

    assert live.read() == "\n[...]\n" + "b" * 496 + "end\n"


@pytest.mark.parametrize("late", [b"end\n", b"a longer end\n"])
def test_what_is_printed_just_before_secrets_are_hidden_is_not_lost(
    tmp_path: Path, late: bytes
) -> None:
    output = OutputFile(tmp_path / "r1.log", limit=1000)
    output.path.write_bytes(b"token swordfish!\nworking\n")
    output.path.chmod(0o600)
    live = LiveOutput(output.path)
    live.read()
    with output.path.open("ab") as stream:
        stream.write(late)
    output.finish(Mask({"TOKEN": "swordfish!"}))

    assert output.path.read_bytes() == b"token ***\nworking\n" + late
    assert live.read() == late.decode()


def _drain(descriptor: int, shown: bytearray) -> None:
    """Read until the other side of a terminal is closed."""
    while True:
        try:
            shown += os.read(descriptor, 4096)
        except OSError:  # EIO
            return
