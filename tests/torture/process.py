"""A process that is `scheduled` under a clock that somebody else sets."""

import importlib
import os
import pkgutil
import signal
import sys
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import scheduled
from scheduled import idle
from scheduled.cli import context, plain_tick
from scheduled.cli import main as command_line

BOUNDARIES = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.fork",
    "os.posix_spawn",
    "os.truncate",
    "fcntl.flock",
    "subprocess.Popen",
}
"""What a process is about to do when it is killed; the names are those of Python's audit events."""


def preload() -> None:
    """Import what commands import, so that the processes made by fork need not do it each."""
    for module in pkgutil.walk_packages(scheduled.__path__, "scheduled."):
        if not module.name.endswith(("__main__", ".testing")):
            importlib.import_module(module.name)
    for name in ("croniter", "filelock", "rich.console", "rich.table", "yaml"):
        importlib.import_module(name)


def become(
    folder: Path, now: datetime, words: tuple[str, ...], killed_at: int | None = None
) -> NoReturn:
    """Be the command for the installation in `folder`; it may be killed at a boundary."""
    code = 70
    try:
        os.environ.clear()
        os.environ.update({"PATH": "/usr/bin:/bin", "HOME": str(folder), "TZ": "UTC"})
        os.chdir(folder)
        _set_clock(now)
        arguments = ["--root", str(folder), "--state-dir", str(folder / "state"), *words]
        if killed_at is not None:
            sys.addaudithook(_killer(killed_at))
        code = _call(arguments)
        sys.stdout.flush()
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(code)


def _call(arguments: list[str]) -> int:
    """Go the way of `scheduled.__main__`: the idle tick, the plain one, the command line."""
    for quick in (idle.exit_code, plain_tick.run):
        code = quick(arguments)
        if code is not None:
            return code
    return command_line.main(arguments)


def _set_clock(now: datetime) -> None:
    begun = time.monotonic()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now + timedelta(seconds=time.monotonic() - begun)

    vars(context)["datetime"] = Clock
    vars(idle)["time"] = _Time(now.timestamp())


class _Time:
    """The module `time`, at a given time of day."""

    def __init__(self, now: float) -> None:
        self._now = now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        return self._now


def _killer(boundary: int) -> Any:
    count, tick = 0, os.getpid()

    def hook(event: str, _: tuple[Any, ...]) -> None:
        nonlocal count
        if event in BOUNDARIES and os.getpid() == tick:  # not in a keeper that it forked
            if count == boundary:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

    return hook


if __name__ == "__main__":
    become(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), tuple(sys.argv[3:]))
