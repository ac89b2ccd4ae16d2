"""A whole installation in a folder, ticked at whatever time a test says; real processes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scheduled.config.load import DEFAULTS, Config
from scheduled.config.paths import Paths
from scheduled.jobs.model import Job
from scheduled.state.history import HistoryQuery, Row, read
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.ticks import dispatcher, tick
from scheduled.ticks.report import Report
from tests.builders.jobs import at


class Engine:
    """Jobs, and a state folder. `run_at` is one `scheduled run` at that time."""

    def __init__(self, folder: Path, jobs: Sequence[Job], **settings: Any) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.jobs = tuple(jobs)
        self.problems: tuple[str, ...] = ()
        self.settings = {**DEFAULTS, **settings}

    @property
    def config(self) -> Config:
        """What a tick of this installation would load."""
        return Config(
            places=Paths(self.folder, None, self.state_dir, self.folder / "central"),
            jobs=self.jobs,
            timezone="UTC",
            problems=self.problems,
            sources=(),
            **self.settings,
        )

    def run_at(self, when: str, **fields: Any) -> Report:
        """Do one tick at `when`, on the day of the tests unless it names another day.

        `fields` are those of its RunRequest.
        """
        request = dispatcher.RunRequest(**fields) if fields else None
        # Handlers of a test are modules in its folder.
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder)}
        return tick.run(self.config, at(when), environ=environ, request=request)

    def record(self, when: str, *events: Event) -> None:
        """Put events on record, as a command does."""
        Store(self.state_dir).load().record(at(when), *events)

    @property
    def state(self) -> Any:
        """What is remembered now, as JSON."""
        return Store(self.state_dir).load().state

    @property
    def last_event(self) -> Event:
        """What was put on record last."""
        return self.events[-1]

    @property
    def events(self) -> tuple[Event, ...]:
        """All that was put on record, oldest first."""
        return Store(self.state_dir).journal.read(None).events

    @property
    def rows(self) -> list[Row]:
        """Everything that ran, was skipped or was missed, oldest first."""
        journal = Store(self.state_dir).journal
        return read(journal, HistoryQuery(limit=0), lambda _: False)[::-1]

    def lines(self, name: str = "out") -> list[str]:
        """Return what commands appended to the file `name`."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def first_run(folder: Path, job: Job) -> Row:
    """Return the row of the first run of a job, in a folder made for it."""
    folder.mkdir(exist_ok=True)
    engine = Engine(folder, [job])
    engine.run_at("11:30")
    (row,) = engine.run_at("12:00").ran
    return row


def outcomes(rows: Sequence[Row]) -> list[tuple[str, str | None]]:
    """Return slot, as `12:10` on the day of the tests, or "by hand", and outcome of each row."""
    return [(_short(row["slot"]), row["outcome"]) for row in rows]


def _short(slot: str | None) -> str:
    if slot is None:
        return "by hand"
    return slot.removeprefix("2026-11-21T").removesuffix(":00Z")
