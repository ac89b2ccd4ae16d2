"""What a sweep over all branches costs, when nothing is remembered and when nothing changed."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

from bench.cost import work
from bench.row import Effort, Row
from scheduled.demo import example
from scheduled.demo.example import Layout
from scheduled.handler import Context

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
MEMORY = ("{name}.local.json", "{name}.observations.json")
READ = {
    "memory_rollover": MEMORY,
    "health": (*MEMORY, "DASHBOARD.local.json", "ai_mail.local/inbox.json"),
}
"""What a handler has to read of a branch."""
SEEN = {
    "memory_rollover": ("", *MEMORY),
    "health": ("", "README.md", "ai_mail.local", *READ["health"]),
}
"""What it has to look at to know that nothing changed; the branch's folder is among it."""


def sweeps(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure the handlers `memory_rollover` and `health`, cold and warm."""
    count = effort.of(10_000, 200)
    home = _home(folder / "home", count)
    for handler in READ:
        yield effort.row(
            f"{handler} cold",
            f"{handler}, {count:,} branches, cold",
            partial(work, "sweeps:cold", handler, home),
            "reading the same bytes",
            partial(work, "sweeps:bytes_read", handler, home, count),
            target=1.5,
        )
        yield effort.row(
            f"{handler} warm",
            f"{handler}, {count:,} branches, warm",
            partial(work, "sweeps:warm", handler, home),
            "os.stat of the same files",
            partial(work, "sweeps:bare_stats", handler, home, count),
            target=2.0,
        )
    shutil.rmtree(home)


def cold(handler: str, home: str) -> Callable[[], object]:
    """Sweep without remembering anything."""
    shutil.rmtree(Path(home, "cache"), ignore_errors=True)
    return warm(handler, home)


def warm(handler: str, home: str) -> Callable[[], object]:
    """Sweep with the facts of the sweep before."""
    run = import_module(f"scheduled.handlers.{handler}").run
    root = Path(home)
    context = Context(handler, "run", NOW, UTC, root, root / "AI_CENTRAL", root / "cache")
    return lambda: run(context)


def bytes_read(handler: str, home: str, count: str) -> Callable[[], object]:
    """Open and read the files that the handler reads, and nothing else."""
    paths = _paths(home, int(count), READ[handler])

    def read() -> None:
        for path in paths:
            with open(path, "rb") as stream:
                stream.read()

    return read


def bare_stats(handler: str, home: str, count: str) -> Callable[[], object]:
    """Take a stat of each file and folder that the handler has to look at, and nothing else."""
    paths = _paths(home, int(count), SEEN[handler])

    def look() -> None:
        for path in paths:
            os.stat(path)

    return look


def _home(home: Path, count: int) -> Path:
    """Make an ecosystem of that many branches with files as long as in real life."""
    entries = [
        example.add_branch(
            home, _name(n), _place(n), Layout.HOME, NOW, lines=(450 + n % 50, 200 + n % 10)
        )
        for n in range(count)
    ]
    example.write_registry(home, entries, Layout.HOME, NOW)
    time.sleep(1.5)  # what is younger than a second is not remembered
    return home


def _paths(home: str, count: int, names: tuple[str, ...]) -> list[str]:
    return [
        os.path.join(home, _place(n), name.format(name=_name(n)))
        for n in range(count)
        for name in names
    ]


def _name(number: int) -> str:
    return f"BRANCH_{number}"


def _place(number: int) -> str:
    return f"group_{number // 100}/branch_{number}"
