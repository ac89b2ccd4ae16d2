"""The index of a day of the journal: what is read with it is what is read without it."""

import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from scheduled.errors import StateError
from scheduled.state import day_facts, history, line_index
from scheduled.state.day_files import file_name
from scheduled.state.history import HistoryQuery
from scheduled.state.journal import Journal
from scheduled.state.maintenance import gc
from scheduled.state.store import Store
from tests.builders import soak
from tests.builders.journals import DAY, JOBS, NOW, damage, generated, settle
from tests.builders.looks import begin, end

KINDS = ("begin", "end", "skipped", "deferred")


@pytest.fixture(autouse=True)
def _every_day_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_facts, "SMALL", 0)


def answers(found: Journal) -> list[Any]:
    """What the journal says about each job, as a whole, the newest, and of the last days."""
    queries = [
        HistoryQuery(job=job, since=since, limit=limit)
        for job in (*JOBS, "nobody", "two words")
        for since, limit in ((None, 0), (None, 2), (NOW - 2 * DAY, 0))
    ]
    return [
        (
            history.read(found, query, lambda _: False),
            [*history.events(found, KINDS, query.job, query.since)],
        )
        for query in queries
    ]


@pytest.mark.parametrize("third", range(3))
def test_answers_are_the_same_with_an_index_and_without_whatever_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, third: int
) -> None:
    believed = 0
    for number in range(soak.count(12, 3000)):
        random = Random(3 * number + third)
        monkeypatch.setattr(line_index, "MANY", random.choice((3, 10_000)))
        found = generated(random, tmp_path / str(number))
        if random.random() < 0.3:
            damage(random, found)
            settle(found)
        line_index.keep_up(found)
        damage(random, found)
        believed += sum(_is_indexed(found, day) for day in found.names())

        with_index = answers(Journal(found.folder))
        shutil.rmtree(found.folder.parent / "cache", ignore_errors=True)
        assert with_index == answers(Journal(found.folder)), f"seed {3 * number + third}"
    assert believed > 5


def test_only_the_lines_of_the_job_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _indexed(tmp_path)
    monkeypatch.setattr(Journal, "backwards", _not_to_be_called)

    assert [text[:9] for _, text in line_index.lines_about(found, _day(found), "a")] == [
        b'{"seq":3,',
        b'{"seq":1,',
    ]
    assert [*line_index.lines_about(found, _day(found), "nobody")] == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_lines_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_index, "MANY", 500)
    days = [_indexed(tmp_path / str(runs), "a" * runs) for runs in (10, 1_000, 8_000)]
    for work in (
        line_index.keep_up,
        lambda found: sum(1 for _ in history.events(found, KINDS, "a")),
    ):
        for found in days:
            day_facts.path_of(found, _day(found), line_index.KIND).unlink(missing_ok=True)
        _, small, large = (peak(lambda: work(found)) for found in days)  # noqa: B023 - at once
        assert large < small + 20_000


def test_a_day_that_is_still_written_to_and_a_small_one_have_no_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _indexed(tmp_path / "a")
    assert [_is_indexed(found, day) for day in found.names()] == [True, False]

    monkeypatch.setattr(day_facts, "SMALL", 1 << 20)
    small = _indexed(tmp_path / "b")
    assert not day_facts.path_of(small, _day(small), line_index.KIND).exists()


def test_a_day_that_has_just_been_written_to_is_indexed_another_time(tmp_path: Path) -> None:
    found = _written(tmp_path)
    newest = found.folder / found.names()[-1]
    os.utime(newest, (newest.stat().st_ctime, newest.stat().st_ctime))
    line_index.keep_up(found)
    assert not _is_indexed(found, _day(found))

    settle(found)
    line_index.keep_up(found)
    assert _is_indexed(found, _day(found))


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_something_else_in_place_of_an_index_is_ignored(tmp_path: Path, kind: str) -> None:
    found = _indexed(tmp_path)
    path = day_facts.path_of(found, _day(found), line_index.KIND)
    expected = answers(found)
    path.rename(tmp_path / "elsewhere")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)

    assert answers(found) == expected
    line_index.keep_up(found)
    assert answers(found) == expected
    assert path.is_symlink() == (kind == "link")


def test_an_index_is_ours_alone_and_one_that_cannot_be_written_costs_nothing(
    tmp_path: Path,
) -> None:
    found = _written(tmp_path)
    (tmp_path / "cache").write_text("in the way")
    line_index.keep_up(found)
    (tmp_path / "cache").unlink()

    line_index.keep_up(found)
    path = day_facts.path_of(found, _day(found), line_index.KIND)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_day_that_cannot_be_read_has_no_index_and_the_others_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path).load()
    for number in range(4):
        store.record(NOW + number * DAY, begin(f"r{number}", NOW + number * DAY))
    found = store.journal
    settle(found)
    read, unreadable = Journal.whole_lines, found.names()[1]

    def failing(days: Journal, day: str) -> Iterator[bytes]:
        if day == unreadable:
            raise StateError(f"{day}: cannot be read: Input/output error")
        return read(days, day)

    monkeypatch.setattr(Journal, "whole_lines", failing)
    line_index.keep_up(found)

    assert [_is_indexed(found, day) for day in found.names()] == [True, False, True, False]


def test_one_tick_indexes_so_much_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _written(tmp_path)
    monkeypatch.setattr(line_index, "MOST", 100)
    line_index.keep_up(found)

    assert not _is_indexed(found, _day(found))


def test_an_index_goes_with_its_day(tmp_path: Path) -> None:
    found = _indexed(tmp_path)
    path = day_facts.path_of(found, _day(found), line_index.KIND)
    foreign = path.with_name("journal.notes")
    foreign.touch()
    (found.folder / _day(found)).unlink()
    line_index.keep_up(found)

    assert not path.exists()
    assert foreign.exists()


def test_gc_removes_an_index_together_with_its_day(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    for number in range(8):
        store.record(NOW + number * DAY, begin(f"r{number}", NOW + number * DAY))
    settle(store.journal)
    line_index.keep_up(store.journal)
    expired = gc.expired(tmp_path, NOW + 8 * DAY, 3)

    days = {file.path.name for file in expired if file.path.parent.name == "journal"}
    about = {day_facts.day_of(file.path.name) for file in expired} - {""}
    assert days
    assert about == days


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _written(state_dir: Path, runs: str = "aba") -> Journal:
    found = Journal(state_dir / "journal")
    (state_dir / "journal").mkdir(parents=True)
    state_dir.chmod(0o700)
    for age, jobs in ((1, runs), (0, "b")):
        events = [
            {"seq": number, **end(f"r{number}", NOW - age * DAY, job=job)}
            for number, job in enumerate(jobs, start=1)
        ]
        found.append(file_name(NOW - age * DAY), events, sync=False)
    settle(found)
    return found


def _indexed(state_dir: Path, runs: str = "aba") -> Journal:
    found = _written(state_dir, runs)
    line_index.keep_up(found)
    return found


def _day(found: Journal) -> str:
    return found.names()[0]


def _is_indexed(found: Journal, day: str) -> bool:
    with day_facts.opened(found, day, line_index.KIND, line_index.KEY) as facts:
        return facts is not None


def _not_to_be_called(*_: object) -> None:
    raise AssertionError
