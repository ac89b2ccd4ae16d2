"""An ecosystem on the disk with our own state beside it, ticked at whatever time a test says."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.config.load import load
from scheduled.config.paths import PathOptions
from scheduled.state.history import HistoryQuery, Row, read
from scheduled.state.store import Store
from scheduled.ticks import tick
from scheduled.ticks.report import Report
from tests.builders.command import state_dir

WITHOUT_SWEEPS = """\
jobs:
  health: {enabled: false}
  mail_cleanup: {enabled: false}
  memory_rollover: {enabled: false}
  metrics: {enabled: false}
  daily_report: {enabled: false}
"""
"""A configuration without the shipped jobs; own ones may be added to it, indented by two."""

ENVIRON = {"PATH": os.environ["PATH"], "TZ": "UTC"}


def tick_at(home: Path, now: datetime) -> Report:
    """One `scheduled run` for the ecosystem at `home`, as if it were `now`; real processes."""
    asked = PathOptions(root=str(home), state_dir=str(state_dir(home)), environ=ENVIRON)
    return tick.run(load(asked), now, environ=ENVIRON)


def configure(home: Path, text: str) -> Path:
    """Give an ecosystem a scheduled.yaml that is fit to be read."""
    path = home / "scheduled.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


def rows(home: Path) -> list[Row]:
    """Everything that ran, was skipped or was missed so far, oldest first."""
    journal = Store(state_dir(home)).journal
    return read(journal, HistoryQuery(limit=0), lambda _: False)[::-1]


def state(home: Path) -> dict[str, Any]:
    """The state file as others read it."""
    document: dict[str, Any] = json.loads((state_dir(home) / "scheduled_state.json").read_text())
    return document


def central_files(home: Path) -> dict[str, bytes]:
    """The central files by name: `HEALTH`, `METRICS`."""
    found = (home / "aipass_os/AI_CENTRAL").glob("*.central.json")
    return {path.name.partition(".")[0]: path.read_bytes() for path in found}


def central(home: Path, name: str) -> dict[str, Any]:
    """What one central file says."""
    document: dict[str, Any] = json.loads(central_files(home)[name])
    return document
