"""What crontab and systemd timer share: the command, its log, and the interval."""

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import click

from scheduled.cli.context import Session
from scheduled.config import conflicts, installation_name
from scheduled.config.load import Config
from scheduled.config.paths import Paths
from scheduled.errors import UsageError
from scheduled.installation import identity, idle_script, tick_lines
from scheduled.installation.tick_command import Target
from scheduled.installation.tick_lines import TickLine
from scheduled.quick_classes import replace
from scheduled.state import tick_events, tick_interval
from scheduled.system import machine


def target(config: Config, crontab: bytes = b"") -> Target:
    """Return the program as it runs now, and the options that lead to these paths.

    With the script for idle ticks, if the shell that the crontab chooses can read it.
    """
    places = config.places
    options = ["--root", str(places.root), "--state-dir", str(places.state_dir)]
    if places.config_path is not None:
        options = ["--config", str(places.config_path), *options]
    target = Target.running(options)
    if not idle_script.is_readable_by_shells(crontab):
        return target
    return replace(target, script=idle_script.find(target.python))


def name(session: Session) -> str:
    """Return the name of this installation's block and units."""
    return installation_name.of(session.config.places, session.environ)


def former_names(session: Session, lines: Iterable[TickLine]) -> list[str]:
    """Return the names of blocks or units that version 0.1.0 wrote for this root and state."""
    return former_names_of(session.config.places, lines)


def former_names_of(places: Paths, lines: Iterable[TickLine]) -> list[str]:
    """Return those names for these paths."""
    former, root = identity.former_id(places.state_dir), identity.real_root(places.root)
    return (
        [former] if any(line.name == former and line.root in ("", root) for line in lines) else []
    )


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
    if not session.owns_state:  # `cron uninstall` may remove the lines of a state of others
        return
    by = f"{way} of {machine.user()}"
    seconds = every.total_seconds() if every else None
    if session.store.state["cadence"].get("installed", {}).get(by) != seconds:
        session.store.record(session.now, tick_events.tick_interval_installed(by, seconds))
        session.store.checkpoint(session.now)


def is_called(session: Session) -> bool:
    """Whether any line of the user's crontab or units fires the ticks of this root."""
    root = identity.real_root(session.config.places.root)
    return any(line.root in ("", root) for line in tick_lines.every(session.environ))


def name_jobs_without_ticks(config: Config) -> None:
    """Print the jobs that nothing runs any more, and the way back to a crontab."""
    jobs = [job for job in config.jobs if job.enabled]
    if not jobs:
        return
    own = [job.id for job in conflicts.own_jobs(jobs)]
    more = len(jobs) - len(own)
    names = [*own, *([f"{more} built-in job{'' if more == 1 else 's'}"] if more else [])]
    click.echo(f"No longer run: {', '.join(names)}.")
    if own:
        click.echo("`scheduled config export --crontab` prints them as lines of a crontab.")


def warn_of_another(config: Config, every: timedelta) -> None:
    """Print a hint if the configuration expects another interval, which takes precedence."""
    minutes = every // timedelta(minutes=1)
    if config.tick_interval not in (None, every.total_seconds()):
        click.echo(
            f"Your configuration sets tick_interval to {config.tick_interval:g} seconds, which"
            f" takes precedence. Remove the line, or set it to {minutes}m: whether a tick is"
            " missing is judged by it."
        )
