"""What is printed, to a terminal and to a pipe: colours, widths, encodings."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.jobs import at
from tests.builders.looks import Home, end, lived_in


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


def test_a_pipe_gets_no_colours_and_whole_lines(home: Home) -> None:
    long = "x" * 250
    home.record(end("r2", at("11:30"), "failed", error=long))

    said = _program(home, "history")

    assert "\x1b" not in said.stdout
    assert any(line.endswith(long) for line in said.stdout.splitlines())
    assert not any(line.endswith(" ") for line in said.stdout.splitlines())


def test_what_cannot_be_encoded_is_no_traceback(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error="日本 größer"))

    said = _program(home, "history", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert said.returncode == 0
    assert "?? gr??er" in said.stdout


@pytest.mark.parametrize(
    ("options", "environ", "colored"),
    [((), {}, True), (("--no-color",), {}, False), ((), {"NO_COLOR": "1"}, False)],
)
def test_a_terminal_gets_colours_unless_it_says_no(
    home: Home, options: tuple[str, ...], environ: dict[str, str], colored: bool
) -> None:
    output = _on_a_terminal(home, *options, "history", **environ)

    assert "succeeded" in output
    assert ("\x1b[" in output) == colored


def test_a_narrow_terminal_cuts_no_id(home: Home) -> None:
    output = _on_a_terminal(home, "--no-color", "list", "--all", COLUMNS="50")

    assert "backup" in output
    assert "memory_rollover" in output
    assert "…" not in output


def _command(home: Home, *arguments: str) -> list[str]:
    places = ("--root", str(home.folder), "--state-dir", str(home.state_dir))
    return [sys.executable, "-m", "scheduled", *places, *arguments]


def _program(home: Home, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(home, *arguments),
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def _on_a_terminal(home: Home, *arguments: str, **environ: str) -> str:
    ours, theirs = pty.openpty()
    surroundings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", **environ}
    process = subprocess.Popen(
        _command(home, *arguments), env=surroundings, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    chunks = []
    while chunk := _read(ours):
        chunks.append(chunk)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(chunks).decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side has hung up
        return b""
