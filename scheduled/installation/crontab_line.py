"""A crontab line that fires a tick: what it says, and how one is recognised.

Everything in it is absolute and quoted, for cron has a `PATH`, a working directory and a
meaning of `%` of its own. No variables: an assignment in a crontab reaches all lines below it.
"""

import os
import re
import shlex
from datetime import timedelta
from pathlib import Path, PurePosixPath

from scheduled.errors import UsageError
from scheduled.installation import idle_script
from scheduled.installation.tick_command import Target

_ASSIGNMENT = re.compile(r"""\s*(\w+|"[^"]*"|'[^']*')\s*=""")
_VERBS = {"run", "daily-report", "--once"}


def fields(interval: timedelta) -> str:
    """Return the five fields that fire at an interval accepted by `tick_interval.parse`."""
    minutes = interval // timedelta(minutes=1)
    if minutes < 60:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    return {60: "0 * * * *", 24 * 60: "0 0 * * *"}.get(minutes, f"0 */{minutes // 60} * * *")


def every(five: str) -> str:
    """Return the `--every` that wrote the five fields; empty if none did."""
    minutes = {fields(timedelta(minutes=n)): str(n) for n in range(1, 31) if 60 % n == 0}
    hours = {fields(timedelta(hours=n)): f"{n}h" for n in range(1, 25) if 24 % n == 0}
    return (minutes | hours).get(five, "")


def tick_lines(target: Target, when: str = "* * * * *", log: Path | None = None) -> list[bytes]:
    """Return the line that fires `run`; everything else is left to the configuration."""
    return [_line(when, target, "run", log)]


def seed_lines(target: Target, log: Path | None = None) -> list[bytes]:
    """Return the two entries of the AIPass design: an hourly `run`, and the report at 8 AM."""
    return [
        _line("0 * * * *", target, "run", log),
        _line("0 8 * * *", target, "daily-report", log),
    ]


def _line(when: str, target: Target, verb: str, log: Path | None) -> bytes:
    command = " ".join(map(_quoted, target.words(verb)))
    output = f" >> {_quoted(str(log))} 2>&1" if log is not None else ""
    if target.script is not None and verb == "run":
        alone = idle_script.reading(_quoted(str(target.script)), command)
        command = alone if idle_script.fits(alone + output) else command
    return os.fsencode(f"{when} {command}{output}\n")


def _quoted(word: str) -> str:
    """Quote `word` for the shell inside a crontab, where `%` would end the command (crontab(5)).

    Raises UsageError for what a crontab cannot express: crons differ in how they treat a backslash,
    and there is no way to write a line break.
    """
    if any(sign in word for sign in "\\\n\r\0"):
        raise UsageError(
            f"{word!r}: a crontab cannot contain a path with a backslash or a line break in it;"
            " move it, or use a symlink"
        )
    return shlex.quote(word).replace("%", "\\%")


def calls_us(line: bytes) -> bool:
    """Return whether a crontab line starts a tick, as far as the line shows."""
    text = line.decode("latin-1")
    if text.lstrip().startswith("#") or _ASSIGNMENT.match(text):
        return False
    # `cd /opt/scheduled && make run` does not call us: a command ends at a separator.
    for command in re.split(r"[;&|]+", text):
        words = re.findall(r"[^\s'\"()`]+", command)
        for position, word in enumerate(words):
            path = PurePosixPath(word)
            named = path.name == "scheduled" or path.parts[-2:] == ("scheduled", "__main__.py")
            if named and _VERBS.intersection(words[position + 1 :]):
                return True
    return False
