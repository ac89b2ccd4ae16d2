"""Ticks called as cron calls them, which may find that they are idle."""

import subprocess
import sys
from pathlib import Path

import scheduled
from scheduled import idle
from scheduled.state.store import Store
from tests.builders.command import options, state_dir

ENTRY = Path(scheduled.__file__).parent / "__main__.py"


def is_idle(words: list[str]) -> bool:
    """Whether a tick that is called so ends at once."""
    return idle.exit_code(words) is not None


def idle_tick(home: Path) -> int:
    """The exit code of a tick for the ecosystem at `home`."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(ENTRY), *options(home), "run"]
    return subprocess.run(command, capture_output=True, check=False).returncode


def full_ticks(home: Path) -> int:
    """How many ticks so far were not idle."""
    count: int = Store(state_dir(home)).load().state["ticks"]["count"]
    return count
