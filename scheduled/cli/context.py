"""The session every command gets: the global options, and what they lead to.

The clock is read here, once. Configuration and state are loaded when a command first asks.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scheduled.config import load
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.state.journal import Event
from scheduled.state.store import Store

if TYPE_CHECKING:
    from scheduled.views.snapshot import Snapshot


def clock() -> datetime:
    """Return the time, UTC. The only place where a command reads it."""
    return datetime.now(UTC)  # noqa: TID251


@dataclass
class Session:
    """One invocation of the command line."""

    root: str | None = None
    config_file: str | None = None
    state_dir: str | None = None
    quiet: bool = False
    verbose: bool = False
    color: bool = field(default_factory=lambda: not os.environ.get("NO_COLOR"))
    arguments: list[str] = field(default_factory=list)
    """The command line as it was typed."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=lambda: Path(_cwd()))
    now: datetime = field(default_factory=clock)

    @cached_property
    def path_options(self) -> PathOptions:
        """The options and variables that say where things are."""
        return PathOptions(self.root, self.config_file, self.state_dir, self.environ, self.cwd)

    @cached_property
    def config(self) -> Config:
        """The configuration. Raises ConfigError or UsageError."""
        return load.load(self.path_options)

    @cached_property
    def store(self) -> Store:
        """State and journal as they are now. Raises StateError."""
        return Store(self.config.places.state_dir).load()

    @cached_property
    def zone(self) -> tzinfo:
        """The zone in which times are printed."""
        from scheduled.timing.timezones import zone_info

        return zone_info(self.config.timezone)

    def snapshot(self) -> "Snapshot":
        """Return the installation as it is now, for the views."""
        from scheduled.views.snapshot import observe

        return observe(self.config, self.store.state, self.now, self.zone, self.store.recovered)

    def keep(self, *events: Event) -> None:
        """Record events and write them to the state at once.

        Raises LockedError or StateError.
        """
        self.store.record(self.now, *events)
        self.store.checkpoint(self.now)

    def say(self, sentence: str) -> None:
        """Print a sentence, unless --quiet was given."""
        if not self.quiet:
            import click

            click.echo(sentence)

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches what is printed."""
        return sys.stdout.isatty()


def _cwd() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # cron's working directory may have been deleted
        return "/"
