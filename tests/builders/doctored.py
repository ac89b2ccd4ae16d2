"""An installation for the doctor to look at, and what it says of it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.main import main
from tests.builders.crontab import Crontab
from tests.builders.two_jobs import OFF

JOB = '  backup: {command: "ls /", schedule: "0 3 * * *"}\n'
"""A sound job."""


def problems(document: dict[str, Any], check: str = "") -> list[dict[str, str]]:
    """The findings that are not `ok`, of one check or of all."""
    return [
        finding
        for finding in document["findings"]
        if finding["level"] != "ok" and check in ("", finding["check"])
    ]


class Patient:
    """A root with a state directory and a crontab of its own, called in this process."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.root, self.state_dir = folder / "root", folder / "state"
        self.root.mkdir(mode=0o755)
        self.crontab = Crontab(folder / "cron")
        self._capsys = capsys
        self.monkeypatch = monkeypatch
        monkeypatch.setenv("PATH", f"{self.crontab.bin}:/usr/bin:/bin")
        self.configure(JOB)
        self.call("cron", "install")

    def configure(self, jobs: str, more: str = "") -> None:
        """Write scheduled.yaml with these jobs, and the built-in ones off."""
        path = self.root / "scheduled.yaml"
        path.write_text(f"{more}jobs:\n{OFF}{jobs}")
        path.chmod(0o644)

    def call(self, *words: str) -> tuple[int, str, str]:
        code = main(["--root", str(self.root), "--state-dir", str(self.state_dir), *words])
        return code, *self._capsys.readouterr()

    def examine(self, *options: str) -> dict[str, Any]:
        """What `doctor --json` prints."""
        document: dict[str, Any] = json.loads(self.call("doctor", "--json", *options)[1])
        return document

    def only(self, check: str, options: Sequence[str] = ()) -> dict[str, str]:
        """The only finding of a check that is not `ok`."""
        (finding,) = problems(self.examine(*options), check)
        return finding
