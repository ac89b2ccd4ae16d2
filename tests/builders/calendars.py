"""A home whose jobs run on certain days only, ticked at whatever time a test says."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.config.load import Config, load
from scheduled.config.paths import PathOptions
from scheduled.state.history import HistoryQuery, Row, read
from scheduled.state.store import Store
from scheduled.ticks import tick
from scheduled.ticks.report import Report
from scheduled.timing.instants import parse_utc
from tests.builders.jobs import at

_OFF = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")


class CalendarHome:
    """Files of a configuration, and the ticks that read them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state_dir = root / "state"

    def configure(self, jobs: str, settings: str = "", zone: str = "Europe/Berlin") -> None:
        """Write the configuration; `jobs` is a line for each, without its command."""
        off = "".join(f"  {name}: {{enabled: false}}\n" for name in _OFF)
        own = "".join(
            f"  {line.partition(':')[0]}: {{command: 'true', {line.partition(':')[2].strip()}}}\n"
            for line in jobs.strip().splitlines()
        )
        self.write("scheduled.yaml", f"timezone: {zone}\n{settings}\njobs:\n{off}{own}")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.write_text(text)
        path.chmod(0o644)

    @property
    def config(self) -> Config:
        """The configuration as it is now, in 2026."""
        return self._config_in(2026)

    def _config_in(self, year: int) -> Config:
        environ = {"PATH": os.environ["PATH"]}
        return load(PathOptions(str(self.root), None, str(self.state_dir), environ, year=year))

    def run_at(self, when: str) -> Report:
        """Do one tick."""
        now = at(when)
        return tick.run(self._config_in(now.year), now, environ={"PATH": os.environ["PATH"]})

    @property
    def rows(self) -> list[Row]:
        """Everything that ran, was skipped or was missed, oldest first."""
        journal = Store(self.state_dir).journal
        return read(journal, HistoryQuery(limit=0), lambda _: False)[::-1]

    def told(self) -> list[str]:
        """Return a line for each of them: job, slot, outcome, why."""
        return [
            " ".join(filter(None, (_slot(row["slot"]), row["outcome"], row["reason"])))
            for row in self.rows
        ]

    @property
    def state(self) -> Any:
        """What is remembered now."""
        return Store(self.state_dir).load().state


def _slot(text: str | None) -> str:
    instant = parse_utc(text)
    return f"{instant:%m-%dT%H:%M}" if isinstance(instant, datetime) else "by hand"
