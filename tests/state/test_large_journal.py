"""A large journal: what is read, and what is kept in memory, does not grow with it."""

import json
import random
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import StateError
from scheduled.jobs.model import Outcome
from scheduled.state import history, journal, lines
from scheduled.state.history import HistoryQuery
from scheduled.state.journal import Journal, Line, Position
from scheduled.state.maintenance.check import examine
from scheduled.state.store import Store
from scheduled.timing.instants import format_utc
from tests.builders import soak
from tests.builders.jobs import at
from tests.builders.looks import begin, end

DAY = "2026-11-21.jsonl"
FEW, MANY = 400, 4_000
START = at("00:00")


def grown(folder: Path, events: int) -> Path:
    """A state directory whose journal has so many events of one day, and a checkpoint."""
    state_dir = folder / str(events)
    store = Store(state_dir).load()
    store.record(START, {"event": "tick", "ran": 0})
    with open(state_dir / "journal" / DAY, "ab") as stream:
        for number in range(events // 2):
            slot = START + timedelta(seconds=number * 80_000 / events)
            stream.writelines(
                lines.encode({"seq": 3 + 2 * number + offset, **event})
                for offset, event in enumerate(
                    (
                        begin(f"r{number}", slot, f"job{number % 40}"),
                        end(f"r{number}", slot, job=f"job{number % 40}"),
                    )
                )
            )
    done = Store(state_dir).load()
    assert done.recovered == []
    done.checkpoint(START)
    return state_dir


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("few"), FEW)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grown(tmp_path_factory.mktemp("many"), MANY)


def bytes_read(work: Callable[[], object]) -> int:
    """How many bytes the process reads from files meanwhile."""
    before = _read_so_far()
    work()
    return _read_so_far() - before


def _read_so_far() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def latest(state_dir: Path, **fields: Any) -> list[str | None]:
    rows = history.read(Journal(state_dir / "journal"), HistoryQuery(**fields), lambda _: False)
    return [row["run_id"] for row in rows]


def test_h8_the_newest_runs_are_read_from_the_end(few: Path, many: Path) -> None:
    assert latest(many, limit=5) == [f"r{MANY // 2 - number}" for number in range(1, 6)]
    of_one_job = {"job": "job7", "since": at("21:00"), "limit": 0}
    for fields in ({"limit": 5}, of_one_job):
        small = bytes_read(lambda: latest(few, **fields))  # noqa: B023 - called at once
        large = bytes_read(lambda: latest(many, **fields))  # noqa: B023
        assert large < (many / "journal" / DAY).stat().st_size / 3
        assert large <= small + 600_000


@pytest.mark.slow
def test_h8_memory_does_not_grow_with_the_journal(few: Path, many: Path) -> None:
    for work in (
        lambda state_dir: latest(state_dir, limit=5),
        lambda state_dir: latest(state_dir, outcome=Outcome.FAILED, limit=5),
        examine,
    ):
        peak(lambda: work(few))  # noqa: B023 - called at once; what is imported on use
        assert peak(lambda: work(many)) < peak(lambda: work(few)) + 500_000  # noqa: B023


def test_h8_a_tick_reads_only_what_follows_the_checkpoint(few: Path, many: Path) -> None:
    def tick(state_dir: Path) -> int:
        return bytes_read(lambda: Store(state_dir).load())

    assert tick(many) < tick(few) + 20_000


def test_h8_a_file_that_grows_gets_more_snapshots_and_is_checked_from_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SNAPSHOT_AFTER", 50_000)
    store, other = Store(tmp_path).load(), Store(tmp_path).load()
    for number in range(600):
        slot = START + timedelta(seconds=number)
        store.record(slot, begin(f"r{number}", slot), end(f"r{number}", slot), sync=False)
        if number == 300:
            other.refresh()
    store.checkpoint(START)
    other.refresh()

    size, newest = (tmp_path / "journal" / DAY).stat().st_size, store.journal.newest_snapshot()
    assert newest is not None
    assert size > 200_000
    assert 0 < size - newest.offset < 60_000
    assert store.state == other.state == Store(tmp_path).load().state
    checked = examine(tmp_path)
    assert (checked.problems, checked.notes, checked.differences) == ((), (), ())
    assert checked.events == 1200 + size // 50_000 + 1
    (tmp_path / "scheduled_state.json").unlink()
    assert Store(tmp_path).load().state == store.state
    assert latest(tmp_path, limit=3) == ["r599", "r598", "r597"]


def test_h8_a_large_state_is_not_written_into_the_journal_again_and_again(tmp_path: Path) -> None:
    state_file = tmp_path / "state"

    def wants(before: int, after: int, name: str = DAY) -> bool:
        return journal.wants_snapshot(Position(DAY, before), Position(name, after), state_file)

    mark = journal.SNAPSHOT_AFTER
    assert [wants(mark - 1, mark), wants(mark, mark + 1), wants(mark - 1, 2 * mark)] == [
        True, False, True
    ]  # fmt: skip
    assert not wants(mark - 1, mark, "2026-11-22.jsonl")
    with state_file.open("wb") as stream:
        stream.truncate(mark // 2)
    assert [wants(n * mark - 1, n * mark) for n in range(1, 9)] == [False, False, False, True] * 2


def test_h8_a_disk_without_room_for_a_snapshot_keeps_the_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SNAPSHOT_AFTER", 100)
    store = Store(tmp_path).load()
    append, refused = store.journal.append, list[str]()

    def full(name: str, events: Any, **options: Any) -> list[Line]:
        if events[0]["event"] == "snapshot":
            refused.append(name)
            raise StateError("no space left on device")
        return append(name, events, **options)

    monkeypatch.setattr(store.journal, "append", full)
    store.record(START, end("r1", START, job="a"))

    assert refused == [DAY]
    assert store.state["jobs"]["a"]["counts"] == {"succeeded": 1}
    assert Store(tmp_path).load().state == store.state


def test_h8_backwards_all_is_as_forwards(tmp_path: Path) -> None:
    for seed in range(soak.count(30, 2000)):
        events = _random_events(random.Random(seed))
        written = Journal(tmp_path / str(seed))
        written.begin_file("2026-11-20.jsonl", {"seq": 1, "event": "snapshot", "state": {}})
        written.append("2026-11-20.jsonl", events[: len(events) // 2], sync=False)
        written.begin_file(DAY, {"seq": 900, "event": "snapshot", "state": {}})
        written.append(DAY, events[len(events) // 2 :], sync=False)

        assert [*history.newest_first(written)] == history.rows(events), seed
        for job in ("a", "b"):
            of_job = [row for row in history.rows(events) if row["job"] == job]
            assert [*history.newest_first(written, job)] == of_job


def _random_events(chance: random.Random) -> list[dict[str, Any]]:
    """Runs that overlap, slots that are skipped or missed, and what makes no row."""
    moment, events = START, list[dict[str, Any]]()
    running: list[tuple[str, str, datetime]] = []
    for number in range(chance.randrange(60)):
        moment += timedelta(seconds=chance.choice([0, 1, 50, 5000]))
        job = chance.choice(["a", "b", "c"])
        if running and chance.random() < 0.45:
            run_id, job, started = running.pop(chance.randrange(len(running)))
            done = end(run_id, started, job=job, finished_at=format_utc(moment))
            events.append({**done, "at": format_utc(moment)})
        elif chance.random() < 0.6:
            running.append((f"r{number}", job, moment))
            events.append(begin(f"r{number}", moment, job))
        else:
            kind = chance.choice(["skipped", "seen", "tick"])
            slot = {"job": job, "slot": format_utc(moment), "reason": "paused"}
            events.append({"event": kind, "at": format_utc(moment), **slot})
    decoded: list[dict[str, Any]] = json.loads(json.dumps(events))
    return decoded
