"""What thousands of job files cost: to load them, and to do without loading them."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.cost import process, work
from bench.installation import Installation, asked
from bench.row import Effort, Row
from bench.ticks import NEVER, bare_python
from scheduled.config import load

STATS = "import os, sys\nfor entry in os.scandir(sys.argv[1]): entry.stat()"


def job_files(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure reading the configuration, anew and cached, and ticks that need not read it."""
    count = effort.of(10_000, 200)
    installed = Installation(folder, count, NEVER, in_files=True)
    words = installed.by_cron()
    yield effort.row(
        "job files cold",
        f"loading {count:,} job files, cold",
        partial(work, "jobfiles:cold", installed.root),
        "PyYAML on the same files",
        partial(work, "jobfiles:parsed", installed.files),
        target=1.5,
    )
    installed.settle(words)
    yield effort.row(
        "job files cached",
        f"loading {count:,} job files, cached",
        partial(work, "jobfiles:cached", installed.root),
        "os.stat of the same files",
        partial(work, "jobfiles:looked_at", installed.files),
        target=3.0,
    )
    yield effort.row(
        "idle tick by cron, job files",
        f"idle tick by cron, {count:,} job files",
        partial(installed.idle, words),
        "python -c that stats them",
        partial(process, bare_python(folder), "-c", STATS, installed.files),
        target=1.0,
        turns=9,
    )


def cold(root: str) -> Callable[[], object]:
    """Load without a cache."""
    shutil.rmtree(Path(root, "state", "cache"), ignore_errors=True)
    return cached(root)


def cached(root: str) -> Callable[[], object]:
    """Load what was loaded before."""
    # A tick saves what it has read once it knows that the state is its own.
    return lambda: load.load(asked(Path(root))).save_caches()


def parsed(files: str) -> Callable[[], object]:
    """Read each file, and parse it by PyYAML in the quickest way it has."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return lambda: [yaml.load(Path(path).read_bytes(), loader) for path in _paths(files)]


def looked_at(files: str) -> Callable[[], object]:
    """Take a stat of each file, and nothing else."""
    paths = _paths(files)
    return lambda: [os.stat(path) for path in paths]


def _paths(files: str) -> list[str]:
    return [entry.path for entry in os.scandir(files)]
