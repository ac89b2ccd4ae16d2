"""What the checks are given: plain values from configuration, state and surroundings."""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path

from scheduled.errors import StateError, UnavailableError
from scheduled.installation import crontab, crontab_entries, systemd, tick_lines
from scheduled.installation.crontab_entries import Entry
from scheduled.installation.crontab_line import calls_us
from scheduled.installation.doctor.program_names import Call
from scheduled.installation.systemd import Installed
from scheduled.installation.tick_lines import TickLine
from scheduled.quick_classes import dataclass, field
from scheduled.system import machine
from scheduled.system.trusted import Trust

SYSTEM_CRONTABS = (Path("/etc/crontab"), Path("/etc/cron.d"))
ANACRONTAB = Path("/etc/anacrontab")
"""Its jobs run as root."""
TIMER_PATH = "/usr/local/bin:/usr/bin:/bin"
"""What every systemd gives at least; one that runs is asked."""
CRON_PATH = "/usr/bin:/bin"
"""The PATH of every cron, unless the crontab sets another."""


@dataclass(frozen=True)
class JobFacts:
    """A job that is enabled, as its runs under cron would find their surroundings."""

    id: str
    commands: tuple[str, ...] = ()
    """What it executes, a shell command each: its command, then its `only_if`."""
    calls: tuple[Call, ...] = ()
    """What these certainly need."""
    path: str = CRON_PATH
    """The PATH in which the programs are looked up."""
    folder: Path = Path("/")
    """The directory it starts in."""
    cwd_problem: str = ""
    env_file_problem: str = ""


@dataclass(frozen=True)
class ExecutorFacts:
    """A place besides this machine where jobs may run."""

    name: str
    problem: str
    """Why it does not answer; empty if it does."""
    clock_ahead: float | None
    """Seconds that its clock is ahead of this one."""
    remarks: tuple[str, ...] = ()
    """What else somebody should know: a sentence for each."""


@dataclass(frozen=True)
class Facts:
    """An installation and its surroundings."""

    command: str
    """How to call the program for this installation: `scheduled --root /srv`."""
    root: str
    """The real path."""
    state_dir: Path
    config_path: str
    """The real path; empty if there is no configuration file."""
    name: str
    """That of its block and its units."""
    former: tuple[str, ...]
    """Names that earlier versions gave them."""
    python: Path
    entry: Path
    """The interpreter and the program as they run now."""
    environ: Mapping[str, str]
    now: datetime
    last_tick: datetime | None = None
    jobs: tuple[JobFacts, ...] = ()
    host: str = ""
    """The id of this host; empty if it has none."""
    others: str = ""
    """Whose state it is, in a sentence, if it is that of another root or host."""
    has_channels: bool = False
    """Whether a channel of the configuration tells of failures."""
    zone: str | None = None
    """The zone of the schedules where nobody configured one; None if somebody did."""
    problems: tuple[str, ...] = ()
    """What is wrong with the configuration, a sentence each."""
    warnings: tuple[str, ...] = ()
    damages: tuple[str, ...] = ()
    """What is wrong with the state, a sentence each."""
    output: Mapping[str, int] = field(default_factory=dict)
    """How many bytes the output of each job takes."""
    unlimited: tuple[str, ...] = ()
    """The jobs that run without the limits of their ids, as they did before there were any."""
    refused: tuple[tuple[str, str], ...] = ()
    """Those whose runs cannot be held to them here, each with the reason."""
    executors: tuple[ExecutorFacts, ...] = ()
    """Where jobs may run besides this machine."""
    trust: Trust = field(default_factory=Trust)

    @property
    def crontab(self) -> bytes:
        """The user's crontab; empty if there is none, or if it cannot be read."""
        return self._crontab[0]

    @property
    def crontab_problem(self) -> str:
        """Why the crontab cannot be read; '' if it can."""
        return self._crontab[1]

    @cached_property
    def _crontab(self) -> tuple[bytes, str]:
        try:
            return crontab.read() or b"", ""
        except UnavailableError as problem:
            return b"", str(problem)

    @cached_property
    def units(self) -> list[Installed]:
        """The units of this installation that are there."""
        folder, found = systemd.folder(self.environ), []
        for name in (self.name, *self.former):
            try:
                units = systemd.look(folder, name)
            except StateError:
                continue
            if units.status != "absent":
                found.append(units)
        return found

    @cached_property
    def entries(self) -> list[Entry]:
        """What cron and anacron fire for this user: the crontab, and those of the system."""
        user, found = machine.user(), list(crontab_entries.read(self.crontab))
        for path in (SYSTEM_CRONTABS[0], *_tables(SYSTEM_CRONTABS[1])):
            try:
                text = path.read_bytes()
            except OSError:
                continue
            found += crontab_entries.read(text, str(path), names_user=user)
        if user == "root":
            with suppress(OSError):
                text = ANACRONTAB.read_bytes()
                found += crontab_entries.read_anacrontab(text, str(ANACRONTAB))
        return found

    @cached_property
    def root_entries(self) -> list[Entry]:
        """Those entries that fire ticks of this root and configuration, with whichever state."""
        return [
            entry
            for entry in self.entries
            if calls_us(os.fsencode(f"* * * * * {entry.command}"))
            and option(entry.command, "--root", self.root) == self.root
            and option(entry.command, "--config", self.config_path) == self.config_path
        ]

    @cached_property
    def tick_entries(self) -> list[Entry]:
        """Those of them that fire the ticks of this installation."""
        own = os.path.realpath(self.state_dir)
        return [
            entry for entry in self.root_entries if option(entry.command, "--state-dir", own) == own
        ]

    @cached_property
    def unit_lines(self) -> list[TickLine]:
        """The units that fire the ticks of this installation."""
        lines = tick_lines.in_units(systemd.folder(self.environ))
        own = os.path.realpath(self.state_dir)
        return [
            line for line in lines if line.root in ("", self.root) and line.state_dir in ("", own)
        ]

    @cached_property
    def tick_commands(self) -> list[tuple[str, str]]:
        """What fires the ticks of this installation: each place in words, and its command."""
        return [
            *((entry.where, entry.command) for entry in self.tick_entries),
            *(
                (line.where, command)
                for line in self.unit_lines
                for command in service_commands(Path(line.where))
            ),
        ]

    @property
    def is_called_by_timer(self) -> bool:
        """Whether a timer of systemd's calls the ticks, and cron does not."""
        return bool(self.unit_lines) and not self.tick_entries

    @property
    def caller(self) -> str:
        """What calls the ticks, as messages say it."""
        return "systemd" if self.is_called_by_timer else "cron"

    @cached_property
    def cron_variables(self) -> dict[str, str]:
        """The environment that cron, or a timer of systemd's, gives the ticks of this root."""
        set_there = dict(self.tick_entries[0].variables) if self.tick_entries else {}
        if self.is_called_by_timer:
            set_there = {"PATH": TIMER_PATH, **systemd.variables()}
        usual = {
            "HOME": machine.home(),
            "LOGNAME": machine.user(),
            "SHELL": "/bin/sh",
            "PATH": CRON_PATH,
        }
        return {**usual, **set_there, "LOGNAME": machine.user()}


def words(command: str) -> list[str]:
    """Return the words of a shell command; none if its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def option(command: str, name: str, otherwise: str = "") -> str:
    """Return the real path that an option of a command line names, else `otherwise`."""
    parts = words(command)
    for word, value in zip(parts, [*parts[1:], ""], strict=False):
        start, is_attached, attached = word.partition("=")
        if start == name and (value or is_attached):
            return os.path.realpath(attached if is_attached else value)
    return otherwise


def service_commands(service: Path) -> Iterator[str]:
    """Yield the commands that a unit of systemd's starts; none if it cannot be read."""
    try:
        text = service.read_text("utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        key, _, command = line.partition("=")
        if key.strip() == "ExecStart":
            yield command.strip().lstrip("-@:+!").replace("%%", "%").replace("$$", "$")


def _tables(folder: Path) -> list[Path]:
    """Return the crontabs in a directory of the system's; cron skips names with a dot."""
    try:
        return sorted(path for path in folder.iterdir() if "." not in path.name)
    except OSError:
        return []
