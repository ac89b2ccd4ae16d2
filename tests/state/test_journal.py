"""The journal: append-only, torn lines told apart from events, one file a day."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduled.errors import StateError
from scheduled.state import journal as journal_module
from scheduled.state.journal import Journal, Position
from scheduled.system import files
from tests.builders import soak
from tests.builders.synced import Synced

DAY = "2026-11-21.jsonl"


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    journal = _begun(tmp_path)

    journal.append(DAY, [{"event": "a"}, {"event": "b"}], sync=True)

    assert [event["event"] for event in journal.read(None).events] == ["snapshot", "a", "b"]


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    end = journal.read(None).end
    journal.append(DAY, [{"event": "new"}], sync=True)

    assert [event["event"] for event in journal.read(end).events] == ["new"]


def test_a_torn_last_line_is_no_event_and_swallows_none(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    with open(tmp_path / DAY, "ab") as stream:
        stream.write(b'{"event": "half')
    assert [event["event"] for event in journal.read(None).events] == ["snapshot"]

    journal.append(DAY, [{"event": "whole"}], sync=True)

    batch = journal.read(None)
    assert [event["event"] for event in batch.events] == ["snapshot", "whole"]
    assert len(batch.broken) == 1


def test_a_line_being_written_is_left_for_the_next_read(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    with open(tmp_path / DAY, "ab") as stream:
        stream.write(b'{"event": "slow')
    end = journal.read(None).end
    with open(tmp_path / DAY, "ab") as stream:
        stream.write(b'"}\n')

    assert [event["event"] for event in journal.read(end).events] == ["slow"]


def test_reading_goes_on_into_the_next_day(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    end = journal.read(None).end
    journal.begin_file("2026-11-22.jsonl", {"event": "snapshot", "state": {}})
    journal.append("2026-11-22.jsonl", [{"event": "today"}], sync=True)

    assert [event["event"] for event in journal.read(end).events] == ["snapshot", "today"]


def test_an_append_that_finds_the_disk_full_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    before = (tmp_path / DAY).read_bytes()
    limit = len(before) + 10

    child = os.fork()
    if child == 0:
        os._exit(_append_with_limit(journal, limit))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert (tmp_path / DAY).read_bytes() == before


def test_what_is_appended_is_on_the_disk_before_anybody_relies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _begun(tmp_path)
    synced = Synced(monkeypatch)

    journal.append(DAY, [{"event": "a"}, {"event": "b"}], sync=True)
    journal.append(DAY, [{"event": "it only helps"}], sync=False)

    assert synced.calls == [f"fsync {DAY}"]


def test_a_new_days_file_is_on_the_disk_before_and_after_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "journal").mkdir(0o700)
    synced = Synced(monkeypatch)

    _begun(tmp_path / "journal")

    beside, *others = synced.calls
    assert beside.startswith(f"fsync .{DAY}.")
    assert others == [f"replace {DAY}", "fsync journal"]


def test_a_sync_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _begun(tmp_path)
    before = (tmp_path / DAY).read_bytes()

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(StateError, match="input/output error; no job is started"):
        journal.append(DAY, [{"event": "a"}], sync=True)

    assert (tmp_path / DAY).read_bytes() == before


def test_the_journal_is_nobody_elses(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal = _begun(tmp_path / "journal")
        journal.append("2026-11-22.jsonl", [{"event": "a"}], sync=True)
    finally:
        os.umask(before)

    assert journal.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in journal.folder.iterdir()} == {0o600}


@settings(max_examples=soak.count(60, 5000), deadline=None)
@given(st.lists(st.sampled_from((b"a", b"b", b"ab", b"\n")), max_size=40), st.integers(1, 9))
def test_backwards_are_the_whole_lines_that_contain_what_is_looked_for(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], block: int
) -> None:
    folder = tmp_path_factory.mktemp("journal", numbered=True)
    data = b"".join(pieces)
    (folder / DAY).write_bytes(data)
    *whole, _unfinished = data.split(b"\n")
    starts = [sum(len(text) + 1 for text in whole[:number]) for number in range(len(whole))]
    expected = [*zip(starts, whole, strict=True)][::-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "_BLOCK", block)
        for needle in (b"", b"a", b"aba"):
            found = Journal(folder).backwards(DAY, needle)
            assert [*found] == [(at, text) for at, text in expected if needle in text]


def test_what_is_no_file_of_a_day_is_left_alone(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    for name in ("notes.jsonl", f"{DAY}.bak", f".{DAY}.new", f"x{DAY}"):
        (tmp_path / name).write_text('{"event": "none"}\n')

    assert journal.names() == [DAY]
    assert len(journal.read(None).events) == 1


@pytest.mark.parametrize("line", ["", "7", "[]", '{"event": 7}', '{"at": "x"}', "{", "null"])
def test_a_line_that_is_no_event_is_left_out_and_told_unless_it_is_empty(
    tmp_path: Path, line: str
) -> None:
    journal = _begun(tmp_path)
    with open(tmp_path / DAY, "a") as stream:
        stream.write(f'{line}\n{{"event": "after"}}\n')

    batch = journal.read(None)

    assert [event["event"] for event in batch.events] == ["snapshot", "after"]
    told = (f"{DAY}: line 2 after byte 0 is damaged, ignored",) if line else ()
    assert batch.broken == told


def test_a_file_of_a_pruned_day_is_passed_over(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    begin = Position("2026-11-20.jsonl", 77)

    assert [event["event"] for event in journal.read(begin).events] == ["snapshot"]


def test_old_days_are_pruned_and_the_newest_file_always_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    days = [f"2026-11-{day:02}" for day in range(10, 21)]
    for day in days:
        journal.begin_file(f"{day}.jsonl", {"event": "snapshot", "state": {}})

    journal.prune(date(2026, 11, 20), keep_days=3)

    assert journal.names() == [f"{day}.jsonl" for day in days[-4:]]


def test_the_day_that_is_just_a_month_old_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for day in ("10", "11", "12", "14", "15", "16"):
        journal.begin_file(f"2026-11-{day}.jsonl", {"event": "snapshot", "state": {}})

    gone = journal.prune(date(2026, 11, 15), keep_days=3)

    # The 12th is three days old, the 11th older; of four files none goes, whatever their age.
    assert gone == ["2026-11-10.jsonl", "2026-11-11.jsonl"]
    assert journal.prune(date(2027, 11, 15), keep_days=3) == []


def test_no_file_of_the_journal_stays_open(tmp_path: Path) -> None:
    journal = _begun(tmp_path)
    before = len(os.listdir("/proc/self/fd"))

    journal.append(DAY, [{"event": "a"}], sync=True)
    journal.read(None)

    assert len(os.listdir("/proc/self/fd")) == before


def test_a_clock_that_is_years_ahead_for_once_deletes_no_history(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for day in ("2026-11-20", "2026-11-21", "2040-01-01"):
        journal.begin_file(f"{day}.jsonl", {"event": "snapshot", "state": {}})

    journal.prune(date(2040, 1, 1), keep_days=30)

    assert len(journal.names()) == 3


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, True), (3, False), (10_000, False), (-1, True)]
)
def test_a_position_holds_where_a_line_ends(tmp_path: Path, offset: int, expected: bool) -> None:
    journal = _begun(tmp_path)
    end = journal.read(None).end
    assert end is not None

    place = Position(DAY, end.offset if offset < 0 else offset)

    assert journal.holds(place) is expected


def _begun(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.begin_file(DAY, {"event": "snapshot", "state": {}})
    return journal


def _append_with_limit(journal: Journal, limit: int) -> int:
    """In a child: append with a file size limit, which fails as a full disk does, half-way."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        journal.append(DAY, [{"event": "too long for what is left"}], sync=True)
    except StateError:
        return 0
    return 1


def test_the_newest_snapshot_that_can_be_read_is_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin_file("2026-11-20.jsonl", {"event": "snapshot", "state": {}})
    journal.append("2026-11-20.jsonl", [{"event": "tick"}], sync=False)
    before = journal.read(None).end
    journal.append("2026-11-20.jsonl", [{"event": "snapshot"}, {"event": "tick"}], sync=False)
    (tmp_path / "2026-11-21.jsonl").write_bytes(b'{"event":"snapsh\n')

    assert journal.newest_snapshot() == before


def test_a_journal_without_a_snapshot_has_no_newest_one(tmp_path: Path) -> None:
    (tmp_path / "2026-11-21.jsonl").write_bytes(b'{"event":"tick"}\n')

    assert Journal(tmp_path).newest_snapshot() is None


def test_the_directory_of_a_new_journal_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(
        files, "sync_folder", lambda folder: synced.append((folder, os.listdir(folder)))
    )

    Journal(tmp_path / "journal").begin_file("2026-11-21.jsonl", {"event": "snapshot"})

    assert synced[0] == (tmp_path, ["journal"])
