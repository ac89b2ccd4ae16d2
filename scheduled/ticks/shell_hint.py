"""The hint for the tick that cron's shell makes by itself, without Python: `scheduled-tick`.

It says the same as the hint of `scheduled.idle` in a form that a shell can compare as text: the
words of the command and the variables that count, and of each file what `stat` prints. A line per
item, so there is none where one of them has a line break in it.

No hint is left where the shell could be wrong: where more files count than one call of `stat`
should look at, where a path depends on the current directory, and where this machine's clocks are
not what the shell takes them for.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from scheduled import idle, version
from scheduled.quick_classes import NamedTuple
from scheduled.system import machine, private
from scheduled.system.files import Stamp, stamp_of

MAGIC = "scheduled shell hint 1"
MOST_STAMPS = 50
"""With more files, Python looks at them in less time than `stat` prints them."""
LATE_SECONDS = 30.0
"""How much later than cron's minute a tick may come before Python has to look at the clocks."""
AGREE_SECONDS = 1.0


class Limits(NamedTuple):
    """Until when the shell may find that nothing is due."""

    due: float
    """Epoch seconds."""
    silence: float
    """Seconds since the last tick."""
    code: int
    """What an idle tick exits with."""


def write(
    state_dir: str,
    arguments: Sequence[str],
    limits: Limits,
    stamps: Mapping[str, Stamp | None],
    safe_before: float,
) -> None:
    """Write the hint, or remove the old one where the shell cannot decide. Raises OSError.

    `arguments` are those of a tick that named its root and state directory. What was changed after
    `safe_before` (epoch seconds) may be newer than this process.
    """
    try:
        lines = list(_lines(state_dir, arguments, limits, stamps, safe_before))
    except (OSError, _UndecidableError):
        private.remove(f"{state_dir}/{idle.SHELL_HINT}")
        return
    text = "".join(f"{line}\n" for line in lines)
    idle.replace(state_dir, idle.SHELL_HINT, text.encode("utf-8", "surrogateescape"))


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command by which cron's line starts the tick that `arguments` ask for.

    Empty if cron could not start it from any directory, or if it is no plain tick.
    """
    places = idle.plain_tick(list(arguments))
    if not sys.executable or places is None or not idle.is_placed(places):
        return []
    entry = os.path.abspath(os.path.join(os.path.dirname(version.__file__), "__main__.py"))
    options = [word for name in idle.PLACES if name in places for word in (name, places[name])]
    return [os.path.abspath(sys.executable), *idle.FLAGS, entry, *options, "run"]


class _UndecidableError(Exception):
    """The shell cannot decide."""


def _lines(
    state_dir: str,
    arguments: Sequence[str],
    limits: Limits,
    stamps: Mapping[str, Stamp | None],
    safe_before: float,
) -> Iterator[str]:
    words = command(arguments)
    if not words or len(stamps) > MOST_STAMPS or not _clocks_agree():
        raise _UndecidableError
    yield from (MAGIC, str(limits.code), str(int(limits.due)), str(int(limits.silence)))
    yield str(len(words))
    yield from map(_line, words)
    for name in idle.VARIABLES:
        value = os.environb.get(name)
        yield "" if value is None else _line("=" + os.fsdecode(value))
    for place in (words[words.index("--root") + 1], state_dir):
        yield _line(f"{_identity(os.stat(place))} {place}")
    for path, stamp in stamps.items():
        yield _stamp_line(path, stamp)
    # Another interpreter or another version of the program makes the next tick a full one.
    for path in (words[0], version.__file__):
        status = os.stat(path)
        if status.st_ctime >= safe_before:
            raise _UndecidableError
        yield _stamp_line(path, stamp_of(status))
    yield "end"


def _stamp_line(path: str, stamp: Stamp | None) -> str:
    """Return what `stat` prints about an unchanged file, after a sign; `!` and the path if none."""
    if not path.startswith("/"):
        raise _UndecidableError
    if stamp is None:
        return _line(f"!{path}")
    status = os.stat(path)
    if stamp_of(status) != stamp:
        raise _UndecidableError
    size, modified, _ = stamp
    seconds, nanoseconds = divmod(modified, 1_000_000_000)
    if seconds < 0:
        raise _UndecidableError
    return _line(f"={size} {seconds}.{nanoseconds:09d} {_identity(status)} {path}")


def _identity(status: os.stat_result) -> str:
    return f"{status.st_ino} {status.st_dev} {status.st_mode:x}"


def _line(text: str) -> str:
    if "\n" in text:
        raise _UndecidableError
    return text


def _clocks_agree() -> bool:
    """Return whether the times that the shell reads are those of this process's clocks.

    In some containers /proc/uptime is that of the container, and what fakes a clock may not fake
    all of them.
    """
    reading, writing = os.pipe()
    try:
        made = os.fstat(reading).st_mtime
    finally:
        os.close(reading)
        os.close(writing)
    uptime = machine.uptime()
    booted = time.clock_gettime(time.CLOCK_BOOTTIME)
    return (
        abs(time.clock_gettime(time.CLOCK_REALTIME) - made) < AGREE_SECONDS
        and abs(booted - uptime) < AGREE_SECONDS
    )
