"""A crontab line that fires a tick: what it says, and how one is recognised.

Everything in it is absolute and quoted, for cron has a `PATH`, a working directory and a
meaning of `%` of its own. No variables: an assignment in a crontab reaches all lines below it.
"""

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scheduled.errors import UsageError

_ASSIGNMENT = re.compile(r"""\s*(\w+|"[^"]*"|'[^']*')\s*=""")
_VERBS = {"run", "daily-report", "--once"}


@dataclass(frozen=True)
class Target:
    """What the lines call. Both paths absolute: cron has its own PATH and working directory."""

    python: Path
    entry: Path
    """The way in, `scheduled/__main__.py`: called as a file, since `-m` costs more than a tick."""
    options: Sequence[str] = ()
    """The global options that lead to the same configuration and state as now."""


def every(interval: str) -> str:
    """The five fields for `15`, `15m` or `2h`: an interval that divides the hour or the day.

    Raises UsageError for the others: cron starts counting anew each hour and each day, so
    `*/7` would fire after 7 minutes eight times and then after 4.
    """
    minutes = minutes_in(interval)
    if minutes < 60 and 60 % minutes == 0:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    hours, rest = divmod(minutes, 60)
    if rest or not hours or 24 % hours:
        raise UsageError(
            f"a tick every {minutes} minutes: cron counts anew each hour and each day, and that"
            " does not divide them evenly; use 1 2 3 4 5 6 10 12 15 20 30 minutes"
            " or 1h 2h 3h 4h 6h 8h 12h 24h"
        )
    return {1: "0 * * * *", 24: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")


def minutes_in(interval: str) -> int:
    """How many minutes `15`, `15m` or `2h` are. Raises UsageError for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,3})\s*(m|min|h)?", interval.strip().lower())
    if match is None:
        raise UsageError(f"--every {interval}: expected minutes (15, 15m) or hours (2h)")
    return int(match[1]) * (60 if match[2] == "h" else 1)


def tick_lines(target: Target, when: str = "* * * * *", log: Path | None = None) -> list[bytes]:
    """The one line that fires `run`; everything else is up to the configuration."""
    return [_line(when, target, "run", log)]


def seed_lines(target: Target, log: Path | None = None) -> list[bytes]:
    """The two entries of the AIPass design: an hourly `run`, and the report at 8 AM."""
    return [
        _line("0 * * * *", target, "run", log),
        _line("0 8 * * *", target, "daily-report", log),
    ]


def _line(when: str, target: Target, verb: str, log: Path | None) -> bytes:
    words = [target.python, "-I", "-S", "-X", "utf8", target.entry, *target.options, verb]
    command = " ".join(_quoted(str(word)) for word in words)
    if log is not None:
        command += f" >> {_quoted(str(log))} 2>&1"
    return os.fsencode(f"{when} {command}\n")


def _quoted(word: str) -> str:
    """`word` for the shell inside a crontab, where `%` would end the command (crontab(5)).

    Raises UsageError for what no crontab can say: crons differ in what they make of a
    backslash, and there is no way to write a line break.
    """
    if any(sign in word for sign in "\\\n\r\0"):
        raise UsageError(
            f"{word!r}: a crontab cannot say a path with a backslash or a line break in it;"
            " move it, or use a symlink"
        )
    return shlex.quote(word).replace("%", "\\%")


def calls_us(line: bytes) -> bool:
    """Whether a crontab line starts a tick of ours, as far as can be seen from the line."""
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
