"""What is looked at: events as a tick records them, pictures of them, a home to look in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from rich.console import RenderableType

from scheduled.cli.context import Session
from scheduled.cli.main import group
from scheduled.errors import ScheduledError
from scheduled.jobs.model import Job
from scheduled.state import apply
from scheduled.state.document import empty
from scheduled.state.store import Store
from scheduled.state.tick_interval import Cadence
from scheduled.timing import expression, instants
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.instants import format_utc
from scheduled.views import terminal
from scheduled.views.columns import Part
from scheduled.views.snapshot import Snapshot
from tests.builders.jobs import at

Event = dict[str, Any]


def seen(job: Job, moment: datetime) -> Event:
    """The first sight of a job: it counts from `moment`."""
    kept = fingerprint(expression.parse(job.schedule, job.timezone))
    known = {
        "fingerprint": kept,
        "anchor": format_utc(moment),
        "watermark": format_utc(moment),
    }
    known |= {"schedule": job.schedule, "zone": job.timezone}
    return {"event": "seen", "at": format_utc(moment), "job": job.id, **known}


def begin(run_id: str, slot: datetime, job: str = "backup") -> Event:
    """A run that starts at its slot."""
    run = {"job": job, "run_id": run_id, "slot": format_utc(slot), "attempt": 1}
    return {"event": "begin", "at": format_utc(slot), **run}


def end(
    run_id: str, slot: datetime, outcome: str = "succeeded", job: str = "backup", **more: Any
) -> Event:
    """A run that started at its slot and took two seconds."""
    finished = format_utc(slot + timedelta(seconds=2))
    ordinary = {
        "event": "end",
        "at": finished,
        "job": job,
        "run_id": run_id,
        "slot": format_utc(slot),
        "outcome": outcome,
        "reason": "",
        "attempt": 1,
        "catch_up": False,
        "missed": 0,
        "started_at": format_utc(slot),
        "finished_at": finished,
        "duration_seconds": 2.0,
        "result": {"files": 3} if outcome == "succeeded" else None,
        "error": "" if outcome == "succeeded" else "exit code 1",
        "exit_code": 0 if outcome == "succeeded" else 1,
        "answered": True,
        "by_hand": False,
    }
    return ordinary | more


def snapshot(*jobs: Job, events: tuple[Event, ...] = (), **fields: Any) -> Snapshot:
    """At noon UTC, a minute after the last tick, with what `events` left in the state."""
    state = empty()
    for event in events:
        apply.apply(state, event)
    ordinary: dict[str, Any] = {
        "now": at("12:00"),
        "zone": UTC,
        "state": state,
        "state_dir": Path("/nonexistent"),
        "cadence": Cadence(timedelta(minutes=1)),
        "last_tick": at("11:59"),
    }
    return Snapshot(jobs=jobs, **ordinary | fields)


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def named(name: str) -> click.Command:
    """The command of that name."""
    command = group.get_command(group.make_context("scheduled", [], resilient_parsing=True), name)
    assert command is not None, name
    return command


@dataclass
class Home:
    """A root with its configuration and its own state folder."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    def configure(self, text: str) -> None:
        """Write scheduled.yaml."""
        path = self.folder / "scheduled.yaml"
        path.write_text(text)
        path.chmod(0o644)

    def session(self, now: datetime) -> Session:
        return Session(
            root=str(self.folder),
            state_dir=str(self.state_dir),
            environ={"TZ": "UTC", **self.environ},
            cwd=self.folder,
            now=now,
        )

    def call(
        self, command: click.Command | str, *arguments: str, now: datetime | None = None
    ) -> Said:
        """Call a command; our own errors become what the command line makes of them."""
        session = self.session(now or at("12:00"))
        if isinstance(command, str):
            command = named(command)
        result = CliRunner().invoke(command, arguments, obj=session, standalone_mode=False)
        if isinstance(result.exception, ScheduledError | click.ClickException):
            return Said(result.exception.exit_code, result.stdout, str(result.exception))
        if result.exception is not None:
            raise result.exception
        return Said(result.return_value or 0, result.stdout, result.stderr)

    def record(self, *events: Event) -> None:
        """Put events on record, each at its own time; the checkpoint with them."""
        store = Store(self.state_dir).load()
        for event in events:
            moment = instants.parse_utc(event["at"]) or at("12:00")
            store.record(moment, event)
        store.checkpoint(at("12:00"))

    def jobs(self) -> dict[str, Job]:
        return {job.id: job for job in self.session(at("12:00")).config.jobs}

    def printed(self, job: str, run_id: str, text: str) -> Path:
        """The captured output of a run."""
        path = self.state_dir / "runs" / job / f"{run_id}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path


BACKUP_AND_POLL = """\
jobs:
  backup:
    schedule: "0 * * * *"
    command: "true"
    description: "Copy [/rc] [bold]everything[/bold]"
  poll:
    schedule: every 90m
    command: "true"
    enabled: false
"""


def lived_in(folder: Path) -> Home:
    """A home with two jobs besides the shipped ones; `backup` has run once, at eleven."""
    made = Home(folder)
    made.configure(BACKUP_AND_POLL)
    backup = made.jobs()["backup"]
    made.record(seen(backup, at("10:30")), begin("r1", at("11:00")), end("r1", at("11:00")))
    made.printed("backup", "r1", "copied 3 files\n")
    return made


def text(parts: Sequence[RenderableType | Part]) -> str:
    """What a wide terminal shows of a page."""
    return terminal.rendered(*parts, width=250, color=False)
