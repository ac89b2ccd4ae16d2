"""What crontab and systemd timer share: the command, its log, and the interval."""

import os
from datetime import timedelta
from pathlib import Path

import click

from scheduled.cli.context import Session
from scheduled.config.load import Config
from scheduled.errors import UsageError
from scheduled.installation.tick_command import Target
from scheduled.state import events, tick_interval
from scheduled.system import machine


def target(config: Config) -> Target:
    """Return the program as it runs now, and the options that lead to these paths."""
    places = config.places
    options = ["--root", str(places.root), "--state-dir", str(places.state_dir)]
    if places.config_path is not None:
        options = ["--config", str(places.config_path), *options]
    return Target.running(options)


def interval(config: Config, every: str | None) -> timedelta:
    """Return how often to tick: `--every`, else what is configured. Raises UsageError."""
    seconds = config.tick_interval or tick_interval.DEFAULT_SECONDS
    return tick_interval.parse(every or str(max(1, round(seconds / 60))))


def existing_log(log: Path | None) -> Path | None:
    """Return `--log` as an absolute path. Raises UsageError where its directory is missing."""
    if log is None:
        return None
    path = Path(os.path.abspath(log))
    if not path.parent.is_dir():
        raise UsageError(
            f"--log {log}: {path.parent} is not a directory, so no tick could write its log there;"
            " create it first"
        )
    return path


def note(session: Session, way: str, every: timedelta | None) -> None:
    """Record in the state how often a `crontab` or `timer` of this user calls; None: no more.

    Raises LockedError or StateError.
    """
    by = f"{way} of {machine.user()}"
    seconds = every.total_seconds() if every else None
    if session.store.state["cadence"].get("installed", {}).get(by) != seconds:
        session.store.record(session.now, events.tick_interval_installed(by, seconds))
        session.store.checkpoint(session.now)


def warn_of_another(config: Config, every: timedelta) -> None:
    """Print a hint if the configuration expects another interval, which takes precedence."""
    minutes = every // timedelta(minutes=1)
    if config.tick_interval not in (None, every.total_seconds()):
        click.echo(
            f"Your configuration sets tick_interval to {config.tick_interval:g} seconds, which"
            f" takes precedence. Remove the line, or set it to {minutes}m: whether a tick is"
            " missing is judged by it."
        )
