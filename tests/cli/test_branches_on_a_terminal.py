"""`scheduled branches` on terminals of any width."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ecosystem
from tests.builders.ecosystem import add_memory, entry
from tests.builders.jobs import at
from tests.builders.looks import Home

NAMES = ("DRONE", "FLOW", "A_VERY_LONG_NAME_" * 4)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A checked ecosystem, in which FLOW has too long a memory, and one has too long a name."""
    branches = [entry(name) for name in NAMES]
    home = Home(ecosystem.home(tmp_path / "root", {"branches": branches}, now=at("12:00")))
    add_memory(home.folder / "flow", "FLOW.local.json", 612)
    home.call("run", "--force", "--only", "health")
    return home


@pytest.mark.parametrize("columns", [120, 80, 60, 40])
def test_no_line_is_wider_than_the_terminal(home: Home, columns: int) -> None:
    shown = on_a_terminal(home, columns)

    assert max(map(len, shown)) <= columns
    words = re.sub(r"\s", "", "".join(shown))
    assert "FLOW" in words
    assert "over" in words


def test_a_terminal_that_is_too_narrow_for_the_grid_gets_what_is_worth_a_word(home: Home) -> None:
    (flow,) = (line for line in on_a_terminal(home, 60) if line.startswith("FLOW"))

    assert flow.split()[:4] == ["FLOW", "warning", "memory", "over,"]


def test_a_name_of_wide_characters_leaves_room_for_the_columns(tmp_path: Path) -> None:
    branches = [entry("\N{CJK UNIFIED IDEOGRAPH-6F22}" * 60), entry("FLOW")]
    home = Home(ecosystem.home(tmp_path / "root", {"branches": branches}, now=at("12:00")))

    shown = on_a_terminal(home, 110)

    (headings,) = (line.split() for line in shown if line.startswith("BRANCH"))
    assert headings[1:3] == ["STATUS", "MEMORY"]


def on_a_terminal(home: Home, columns: int) -> list[str]:
    """What a terminal of this width shows, without its colours."""
    code = (
        "import sys; from scheduled.cli.main import main; "
        f"sys.exit(main(['--root', {str(home.folder)!r}, '--state-dir', {str(home.state_dir)!r},"
        " 'branches']))"
    )
    ours, theirs = pty.openpty()
    environ = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "TZ": "UTC"}
    environ.pop("NO_COLOR", None)
    child = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, env=environ)
    os.close(theirs)
    output = b""
    while chunk := _read(ours):
        output += chunk
    os.close(ours)
    assert child.wait() == 0
    assert b"\x1b[" in output
    return re.sub(r"\x1b\[[0-9;]*m", "", output.decode()).splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
