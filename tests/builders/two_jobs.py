"""An installation with two jobs that are due at the first tick, and the command line on it."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.main import main
from scheduled.state.store import Store
from tests.builders.jobs import RARELY

FIVE = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
OFF = "".join(f"  {name}: {{enabled: false}}\n" for name in FIVE)
JOBS = f"""\
jobs:
  good: {{command: "echo fine", schedule: "{RARELY}", first_run: now, tags: [nightly]}}
  bad: {{command: "echo oops; exit 3", schedule: "{RARELY}", first_run: now}}
"""

Said = tuple[int, str, str]


class Installation:
    """A root and a state folder, and the command line on them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capsys = capsys

    @property
    def places(self) -> list[str]:
        return ["--root", str(self.root), "--state-dir", str(self.root / "state")]

    def call(self, *words: str) -> Said:
        """Exit code, stdout, stderr; words before the command are options for all."""
        code = main([*self.places, *words])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    @property
    def state(self) -> Any:
        return Store(self.root / "state").load().state
