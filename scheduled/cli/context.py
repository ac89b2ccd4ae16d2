"""The session every command gets: the global options, and what they lead to.

The clock is read here, once. Configuration and state are loaded when a command first asks.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scheduled.config import load, ownership
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.errors import ScheduledError
from scheduled.quick_classes import dataclass, field
from scheduled.state import known_days, owner
from scheduled.state.journal import Event
from scheduled.state.store import Store
from scheduled.system import collector, machine, streams

if TYPE_CHECKING:
    from scheduled.views.snapshot import Snapshot

Result = TypeVar("Result")


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
    environ: Mapping[str, str] = field(default_factory=machine.given_environment)
    cwd: Path = field(default_factory=lambda: Path(_cwd()))
    now: datetime = field(default_factory=clock)
    is_changing: bool = False
    """Whether the command is one that changes something."""
    is_tick: bool = False
    """Whether it is one that cron calls: without a terminal it does not repeat what is wrong."""
    tells_owner: bool = True
    """Whether a command that reads says whose state that is, if it is another's."""
    owns_state: bool = False
    """Whether the state may be written to."""

    @cached_property
    def path_options(self) -> PathOptions:
        """The options and variables that say where things are."""
        return PathOptions(
            self.root, self.config_file, self.state_dir, self.environ, self.cwd, self.now.year
        )

    @cached_property
    def config(self) -> Config:
        """The configuration. Raises ConfigError, UsageError, NotOwnerError for an unnamed root."""
        with collector.paused(keep=True):
            config = load.load(self.path_options)
        if self.is_changing:
            ownership.refuse_unnamed(config.places, self.environ)
        elif not self.quiet:
            self._mention_unnamed(config)
        return config

    @property
    def known_config(self) -> Config:
        """The configuration, with those of the jobs it offers that are on record."""
        return self.config.with_known(self.store.state["jobs"])

    @cached_property
    def store(self) -> Store:
        """State and journal as they are now. Raises StateError."""
        state_dir = self.config.places.state_dir
        with collector.paused(keep=True):
            store = Store(state_dir).load()
        store.claimant = ownership.reader(self.config, self.now)
        if self.tells_owner and not self.is_changing and not self.quiet:
            self._mention_others(store)
        known_days.load(state_dir)
        if ownership.is_owner(self.config, store):
            self.config.save_caches()
        return store

    def own_state(self) -> None:
        """Have the state ready to be written to. Raises NotOwnerError before anything is."""
        self.is_changing = True
        if self.owns_state:
            return
        config = self.config
        with collector.paused(keep=True):
            self.store = ownership.open_store(config, self.environ, self.arguments, now=self.now)
        self.owns_state = True
        if self.config.subscribe:
            self.store.recorded = []

    def tell_subscribers(self) -> None:
        """Tell subscribers of the configuration what this command has recorded."""
        if not self.owns_state or not self.store.recorded:
            return
        from scheduled.ticks import announcing

        with suppress(ScheduledError):  # what the command was to do is done
            told = announcing.tell_of_command(self.config, self.store, self.environ, self.now)
            for sentence in told if self.verbose else ():
                complain(sentence)

    @cached_property
    def zone(self) -> tzinfo:
        """The zone in which times are printed."""
        from scheduled.timing.timezones import zone_info

        return zone_info(self.config.timezone)

    def snapshot(self, *, is_on_screen: bool = False) -> "Snapshot":
        """Return the installation as it is now, for the views.

        `is_on_screen` is whether what they say is read at once, and not kept.
        """
        from scheduled.views.snapshot import observe

        store = self.store
        seen = observe(self.config, store.state, self.now, self.zone, store.recovered)
        return seen.on_screen() if is_on_screen else seen

    def keep(self, *events: Event) -> None:
        """Record events and write them to the state at once.

        Raises LockedError or StateError.
        """
        self.store.record(self.now, *events)
        self.store.checkpoint(self.now)

    def say(self, sentence: str) -> None:
        """Print a sentence, unless --quiet was given."""
        if not self.quiet:
            streams.echo(sentence)

    def _mention_unnamed(self, config: Config) -> None:
        sentence = ownership.unnamed(config.places, self.environ)
        if sentence:
            complain(f"{sentence}; --root names one")

    def _mention_others(self, store: Store) -> None:
        assert store.claimant is not None
        if sentence := owner.of_others(store.state_dir, store.state, store.claimant):
            complain(f"{sentence}; it is only read here")

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches what is printed."""
        return sys.stdout.isatty()


def complain(sentence: str) -> None:
    """Print on stderr what is wrong, if anybody reads it. Never raises."""
    with suppress(OSError):
        streams.echo(f"scheduled: {sentence}", err=True)


def changes_state(command: Callable[..., Result]) -> Callable[..., Result]:
    """Have a command, unless it is a dry run, own the state before it begins."""

    @wraps(command)
    def owning(session: Session, /, *arguments: Any, **options: Any) -> Result:
        if not options.get("dry_run"):
            session.own_state()
        return command(session, *arguments, **options)

    return owning


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # cron's working directory may have been deleted
        return "/"
