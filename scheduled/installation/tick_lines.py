"""The lines of this user's crontab and systemd units that fire ticks: for which root, which state.

A state that version 0.1.0 wrote does not say whose it is. These lines do.
"""

import contextlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from scheduled.errors import ScheduledError
from scheduled.installation import crontab, crontab_block, systemd
from scheduled.installation.crontab_line import calls_us
from scheduled.quick_classes import NamedTuple

_SCHEDULE = re.compile(r"\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+")
_UNIT = re.compile(r"scheduled-(?P<name>[A-Za-z0-9._-]+)\.service")


class TickLine(NamedTuple):
    """A line that fires a tick."""

    root: str
    """The real path; empty if the line names none."""
    state_dir: str
    """As for `root`."""
    where: str
    """`crontab line 3`, or the path of a unit."""
    name: str = ""
    """The name of the block or unit it stands in; empty for a line of the user's own."""


def of_state(state_dir: Path, environ: Mapping[str, str]) -> list[TickLine]:
    """Return the lines that name a root and this state directory; none of what cannot be read."""
    real = os.path.realpath(state_dir)
    return [line for line in every(environ) if line.root and line.state_dir == real]


def every(environ: Mapping[str, str]) -> Iterator[TickLine]:
    """Return the lines of crontab and units, as far as these can be read."""
    with contextlib.suppress(ScheduledError):
        yield from in_crontab(crontab.read() or b"")
    yield from in_units(systemd.folder(environ))


def in_crontab(text: bytes) -> Iterator[TickLine]:
    """Return the lines of the text of a crontab."""
    names = crontab_block.names_by_line(text)
    for number, line in enumerate(text.split(b"\n"), start=1):
        if calls_us(line):
            command = _SCHEDULE.sub("", os.fsdecode(line).replace("\\%", "%"), count=1)
            yield _read(command, f"crontab line {number}", names.get(number, ""))


def in_units(folder: Path) -> Iterator[TickLine]:
    """Return the lines of the units in a folder of systemd's."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name, unit in ((name, _UNIT.fullmatch(name)) for name in names):
        if unit is None:
            continue
        with contextlib.suppress(OSError, ValueError):
            for line in (folder / name).read_text("utf-8").splitlines():
                key, _, command = line.partition("=")
                if key == "ExecStart":
                    plain = command.replace("%%", "%").replace("$$", "$")
                    yield _read(plain, str(folder / name), unit["name"])


def _read(command: str, where: str, name: str) -> TickLine:
    try:
        words = shlex.split(command)
    except ValueError:  # a quote without its partner
        words = []
    named = {"--root": "", "--state-dir": ""}
    for option, value in zip(words, [*words[1:], ""], strict=False):
        start, _, attached = option.partition("=")
        if start in named and not named[start]:
            named[start] = attached or value
    root, state_dir = (os.path.realpath(path) if path else "" for path in named.values())
    return TickLine(root, state_dir, where, name)
