"""What it costs to look back, over a journal of a million events, and at ten thousand jobs."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from bench.cost import found, process, work
from bench.journals import last_hours, next_day, of_a_day, of_a_week, of_many_jobs, scheduled
from bench.row import Effort, Row
from scheduled.cli.context import Session
from scheduled.cli.main import group
from scheduled.state import day_facts, line_index
from scheduled.state.journal import Journal

READ = """
import json, sys
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        json.loads(line)
"""
LOAD = """
import json, sys
with open(sys.argv[1], "rb") as stream:
    json.load(stream)
"""


def journal(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure commands that look back over a day, against reading all of its journal once."""
    events = effort.of(1_000_000, 2_000)
    path = _only_day(of_a_day(folder, events))
    for words in (("history", "--limit", "5"), ("why", "job7"), ("state", "check")):
        what = " ".join(words)
        yield effort.row(
            what,
            f"{what} over {events:,} events of a day",
            partial(process, *scheduled(folder), *words),
            "wc -l of the journal",
            partial(process, found("wc"), "-l", path),
        )
    next_day(folder)
    yield effort.row(
        "index of a day",
        f"index of {events:,} events, made by the first tick of the next day",
        partial(work, "journal:index", folder),
        "reading its lines in Python",
        partial(work, "journal:texts", path),
    )


def numbers(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure statistics and telemetry over a day that nobody has counted yet."""
    records = effort.of(1_000_000, 2_000)
    path = _only_day(of_a_day(folder, records))
    for words in (("stats",), ("telemetry", "metrics")):
        what = " ".join(words)
        yield effort.row(
            what,
            f"{what} over {records:,} records of a day",
            partial(process, *scheduled(folder), *words),
            "json.loads of each",
            partial(process, sys.executable, "-S", "-c", READ, path),
            blocks=1,
        )


def reading(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure commands over a week, against the lines that each of them needs."""
    events = effort.of(1_000_000, 2_000)
    root, small = folder / "week", folder / "small"
    week = of_a_week(root, events)
    of_a_week(small, 200)
    days = Journal(week / "journal")
    newest = days.backwards(days.names()[-1])
    needed: dict[tuple[str, ...], Iterable[bytes]] = {
        ("history", "--limit", "20"): (text for _, text in islice(newest, 40)),
        ("why", "job7"): last_hours(days, "job7"),
        ("stats", "--since", "7d"): _ends(days),
    }
    for words, texts in needed.items():
        path = folder / f"{words[0]}.jsonl"
        with open(path, "wb") as stream:
            stream.writelines(text + b"\n" for text in texts)
        what = f"{' '.join(words)} over {events:,} events of a week"
        against = "json.loads of the lines it needs"
        yield effort.row(
            " ".join(words),
            what,
            partial(process, *scheduled(root), *words),
            against,
            partial(process, sys.executable, "-S", "-c", READ, path),
            target=1.5,
        )
        yield effort.row(
            f"{' '.join(words)}, loaded",
            f"{what}, configuration and state loaded",
            partial(work, "journal:answer", small, root, *words),
            against,
            partial(work, "journal:lines", path),
            target=1.5,
        )


def many_jobs(folder: Path, effort: Effort) -> Iterator[Row]:
    """Measure what shows all jobs, against loading the state."""
    jobs = effort.of(10_000, 200)
    root, small = folder / "many", folder / "few"
    of_many_jobs(small, 20, 20)
    path = of_many_jobs(root, jobs, min(jobs, 200)) / "scheduled_state.json"
    for words in (("status",), ("list",)):
        what = f"{words[0]} with {jobs:,} jobs"
        against = "json.load of the state"
        yield effort.row(
            " ".join(words),
            what,
            partial(process, *scheduled(root), *words),
            against,
            partial(process, sys.executable, "-S", "-c", LOAD, path),
            target=3.0,
        )
        yield effort.row(
            f"{' '.join(words)}, started",
            f"{what}, without start-up",
            partial(work, "journal:command", small, root, *words),
            against,
            partial(work, "journal:state", path),
            target=3.0,
        )


def command(small: str, root: str, *words: str) -> Callable[[], object]:
    """Return a call of a command: all that it does once Python has started and imported.

    It is called in a `small` root first, which imports what it needs and leaves the caches of
    schedules and ids empty for the other root.
    """
    _called(_session(small), words)
    return lambda: _called(_session(root), words)


def answer(small: str, root: str, *words: str) -> Callable[[], object]:
    """Return a call of a command for which configuration and state have been loaded as well."""
    _called(_session(small), words)
    session = _session(root)
    session.config, session.store  # noqa: B018 - loads them
    return lambda: _called(session, words)


def _session(root: str) -> Session:
    return Session(root=root, state_dir=f"{root}/state")


def _called(session: Session, words: Sequence[str]) -> None:
    group.main(args=[*words], obj=session, standalone_mode=False)


def index(root: str) -> Callable[[], object]:
    """Return what indexes the day that is over."""
    days = Journal(Path(root, "state", "journal"))
    day_facts.SMALL = 0
    day_facts.path_of(days, days.names()[0], line_index.KIND).unlink(missing_ok=True)
    return partial(line_index.keep_up, days)


def texts(path: str) -> Callable[[], object]:
    """Return what reads the lines of a file and does nothing with them."""

    def read() -> None:
        with open(path, "rb") as stream:
            for _ in stream:
                pass

    return read


def lines(path: str) -> Callable[[], object]:
    """Return what reads and parses the lines of a file."""

    def read() -> None:
        with open(path, "rb") as stream:
            for line in stream:
                json.loads(line)

    return read


def state(path: str) -> Callable[[], object]:
    """Return what loads a JSON file."""

    def load() -> None:
        with open(path, "rb") as stream:
            json.load(stream)

    return load


def _only_day(state_dir: Path) -> Path:
    (path,) = (state_dir / "journal").iterdir()
    return path


def _ends(days: Journal) -> Iterator[bytes]:
    """Yield the ends of runs."""
    for day in days.names():
        yield from (text for _, text in days.backwards(day, b'"event":"end"'))
