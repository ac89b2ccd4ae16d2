"""The files that the lines of this user's crontab and units append a tick's output to."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from scheduled.errors import ScheduledError
from scheduled.installation import crontab, crontab_entries, systemd, tick_lines
from scheduled.installation.crontab_line import calls_us
from scheduled.installation.doctor import redirection
from scheduled.installation.doctor.facts import words

_APPEND = "append:"


def named(environ: Mapping[str, str]) -> set[str]:
    """Return their absolute paths, links in the directories above resolved; '' is none of them."""
    return {_real(path) for path in (*_of_crontab(), *_of_units(systemd.folder(environ)))}


def _of_crontab() -> Iterator[str]:
    text = b""
    with suppress(ScheduledError):
        text = crontab.read() or b""
    for entry in crontab_entries.read(text):
        if calls_us(os.fsencode(f"* * * * * {entry.command}")):
            # cron starts jobs in the home of their user.
            home = os.path.expanduser(entry.variables.get("HOME", "~"))
            for path in redirection.files(words(entry.command)):
                yield os.path.join(home, path)


def _of_units(folder: Path) -> Iterator[str]:
    for line in tick_lines.in_units(folder):
        with suppress(OSError, ValueError):
            for text in Path(line.where).read_text("utf-8").splitlines():
                key, _, value = text.partition("=")
                if key in ("StandardOutput", "StandardError") and value.startswith(_APPEND):
                    yield value.removeprefix(_APPEND).replace("%%", "%")


def _real(path: str) -> str:
    """Return a path with no link above its last part: a log that is one is not rotated."""
    above, _, name = path.rpartition("/")
    return os.path.join(os.path.realpath(above or "/"), name)
