"""`python -m scheduled.demo`, the first thing that a newcomer runs."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_commands_it_ends_with_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "it's a $HOME"
    tour = [sys.executable, "-m", "scheduled.demo", "--into", folder.name]

    printed = run(*tour, cwd=tmp_path).partition("Look around:\n")[2]
    listing, removal = (line[2:] for line in printed.splitlines() if line.startswith("  "))
    listed = run("sh", "-c", listing, cwd=Path("/"))
    run("sh", "-c", removal, cwd=Path("/"))

    assert "daily_report" in listed
    assert list(tmp_path.iterdir()) == []


def run(*command: str, cwd: Path) -> str:
    answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout
