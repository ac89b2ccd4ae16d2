"""What the vacuum does to databases of SQLite, and to which it does nothing."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from handlers.maintenance import database_vacuum
from scheduled.ecosystem import sqlite_upkeep
from scheduled.handler import Incomplete, NotNow, Skip
from scheduled.testing import Trial
from tests.builders import databases, disks, needs, people, soak
from tests.builders.disks import Disk
from tests.builders.ecosystem import NOW, context

HANDLER = "scheduled.handlers.maintenance.database_vacuum"


def vacuumed(root: Path, *paths: Path | str, **params: Any) -> dict[str, Any]:
    params = {"databases": [str(path) for path in paths], **params}
    result: Any = database_vacuum.run(context(root, params=params, slot=NOW))
    return dict(result)


def complaint(root: Path, *paths: Path | str) -> str:
    with pytest.raises(Incomplete) as caught:
        vacuumed(root, *paths)
    return str(caught.value)


@pytest.mark.parametrize("wal", [False, True])
def test_d12_what_is_free_is_given_back_and_tables_are_analyzed(tmp_path: Path, wal: bool) -> None:
    path = databases.made(tmp_path / "app.db", wal=wal)
    rows, size = databases.rows(path), path.stat().st_size
    path.chmod(0o640)

    result = vacuumed(tmp_path, path)

    assert databases.rows(path) == rows
    assert result["bytes_freed"] == size - path.stat().st_size > size / 2
    assert (result["vacuum_type"], result["tables_analyzed"]) == ("full", 1)
    assert databases.pragma(path, "freelist_count") == 0
    assert databases.pragma(path, "journal_mode") == ("wal" if wal else "delete")
    assert path.stat().st_mode & 0o777 == 0o640
    assert databases.beside(path) == ["app.db"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 0
    (entry,) = result["databases"]
    assert (entry["path"], entry["status"]) == (str(path), "compacted")


def test_a_database_is_compacted_only_if_it_pays(tmp_path: Path) -> None:
    path = databases.made(tmp_path / "app.db", rows=2000, left=1900)
    free = vacuumed(tmp_path, path)["databases"][0]["free_percent"]
    inode, content = path.stat().st_ino, path.read_bytes()

    result = vacuumed(tmp_path, path, analyze_tables=False)

    assert 0 < free < 10
    assert (result["vacuum_type"], result["bytes_freed"]) == ("none", 0)
    assert result["databases"][0]["status"] == "not worth it"
    assert (path.stat().st_ino, path.read_bytes()) == (inode, content)
    again = vacuumed(tmp_path, path, analyze_tables=False, min_free_percent=1)
    assert again["databases"][0]["status"] == "compacted"


def test_an_empty_database_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "app.db").touch()

    assert vacuumed(tmp_path, "app.db")["tables_analyzed"] == 0
    assert (tmp_path / "app.db").stat().st_size == 0


def test_without_databases_the_run_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(Skip, match="names no database"):
        vacuumed(tmp_path)


def damages(sound: bytes) -> Iterator[tuple[str, bytes]]:
    """Each kind of damage, and the damaged file."""
    yield "header", b"\0" * 16 + sound[16:]
    yield "schema", sound[:100] + b"\xff" * 400 + sound[500:]
    yield "truncated", sound[: len(sound) // 2 // 4096 * 4096]
    yield "torn", sound[: len(sound) // 2 + 100]
    page = bytearray(sound[4096 : 2 * 4096])
    page[:8] = b"\x07" * 8
    yield "page", sound[:4096] + page + sound[2 * 4096 :]
    yield "not a database", b"something else\n" * 1000


@pytest.mark.parametrize("wal", [False, True])
def test_d12_a_damaged_database_is_an_error_and_stays_as_it_is(tmp_path: Path, wal: bool) -> None:
    sound = databases.made(tmp_path / "sound.db", wal=wal).read_bytes()
    for kind, content in damages(sound):
        path = tmp_path / kind / "app.db"
        path.parent.mkdir()
        path.write_bytes(content)
        other = databases.made(tmp_path / kind / "other.sqlite")

        with pytest.raises(Incomplete, match=str(path)) as caught:
            vacuumed(tmp_path, path, other)

        assert path.read_bytes() == content, kind
        assert databases.beside(path) == ["app.db"], kind
        statuses = [entry["status"] for entry in caught.value.result["databases"]]
        assert statuses == ["failed", "compacted"], kind


def test_an_index_that_lacks_rows_is_damage(tmp_path: Path) -> None:
    path = databases.made(tmp_path / "app.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, '(text)', '(number)')")
    content = path.read_bytes()

    assert "damaged: " in complaint(tmp_path, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("wal", [False, True])
def test_d12_a_database_in_use_is_put_off_and_then_done(
    trial: Trial, tmp_path: Path, wal: bool
) -> None:
    busy = databases.made(tmp_path / "busy.db", wal=wal)
    free = databases.made(tmp_path / "free.db")
    params = {"databases": [str(busy), str(free)]}
    with closing(sqlite3.connect(busy, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO entry VALUES (-1, 'unfinished')")

        first = trial.run(HANDLER, params=params)

        assert (first.outcome, first.error) == (None, "")
        assert first.reason == f"not now: in use: {busy}"
        assert databases.pragma(free, "freelist_count") == 0
        writer.execute("COMMIT")

    second = trial.run(HANDLER, params=params)

    assert second.outcome == "succeeded"
    assert databases.pragma(busy, "freelist_count") == 0
    assert databases.rows(busy)[0] == (-1, "unfinished")


def test_many_databases_in_use_do_not_keep_the_others_from_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, waits, connect = 0.2, [], sqlite3.connect
    busy = [databases.made(tmp_path / f"busy{number}.db", rows=2, left=1) for number in range(9)]
    free = databases.made(tmp_path / "free.db")

    def connected(path: str, *, timeout: float, **more: Any) -> sqlite3.Connection:
        waits.append(timeout)
        connection: sqlite3.Connection = connect(path, timeout=timeout, **more)
        return connection

    with ExitStack() as stack:
        for path in busy:
            writer = stack.enter_context(closing(connect(path, isolation_level=None)))
            writer.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", connected)
        monkeypatch.setattr(sqlite_upkeep, "MOST_WAITED", most)
        with pytest.raises(NotNow, match=f"in use: {busy[0]}, .*{busy[-1]}"):
            vacuumed(tmp_path, *busy, free)
        monkeypatch.undo()

    assert databases.pragma(free, "freelist_count") == 0
    assert waits[0] == most
    assert sum(waits) <= 2 * most


def test_what_was_done_before_it_was_put_off_counts_in_the_end(tmp_path: Path) -> None:
    busy, free = databases.made(tmp_path / "busy.db"), databases.made(tmp_path / "free.db")
    with closing(sqlite3.connect(busy, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entry").fetchone()
        with pytest.raises(NotNow, match="in use") as caught:
            vacuumed(tmp_path, busy, free, "missing.db")
        reader.execute("ROLLBACK")

    assert "missing.db: matches no file" in str(caught.value)
    with pytest.raises(Incomplete) as failed:
        vacuumed(tmp_path, busy, free, "missing.db")
    freed = {Path(row["path"]).name: row["bytes_freed"] for row in failed.value.result["databases"]}
    assert freed["free.db"] > 0
    assert failed.value.result["bytes_freed"] == freed["free.db"] + freed["busy.db"]


def test_readers_of_a_write_ahead_log_keep_the_old_pages_and_that_is_said(tmp_path: Path) -> None:
    path = databases.made(tmp_path / "app.db", wal=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT * FROM entry").fetchall()

        result = vacuumed(tmp_path, path)

        assert reader.execute("SELECT * FROM entry").fetchall() == before
    (entry,) = result["databases"]
    assert entry["note"] == "it has readers; the space is given back once they are done"
    assert databases.pragma(path, "freelist_count") == 0


def test_of_many_problems_the_first_are_named_and_all_failures_listed(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}.db").write_bytes(b"x" * 5000)
    databases.made(tmp_path / "00-sound.db")

    with pytest.raises(Incomplete, match=r"09\.db: .*; and 2 more$") as caught:
        vacuumed(tmp_path, "*.db")

    statuses = [entry["status"] for entry in caught.value.result["databases"]]
    assert statuses == ["failed"] * 12 + ["compacted"]


def test_only_databases_of_ours_are_touched(tmp_path: Path) -> None:
    victim = databases.made(tmp_path / "elsewhere" / "app.db")
    second = databases.made(tmp_path / "elsewhere" / "second.db")
    content = victim.read_bytes(), second.read_bytes()
    (tmp_path / "link.db").symlink_to(victim)
    (tmp_path / "hard.db").hardlink_to(second)
    os.mkfifo(tmp_path / "pipe.db")
    (tmp_path / "folder.db").mkdir()

    said = complaint(tmp_path, "link.db", "hard.db", "pipe.db", "folder.db", "/")

    assert "link.db: a link, and no link is followed" in said
    assert "hard.db: a hard link" in said
    assert "pipe.db: not a regular file" in said
    assert "folder.db: not a regular file" in said
    assert "/: means the whole machine" in said
    assert (victim.read_bytes(), second.read_bytes()) == content


def test_databases_that_others_could_have_planted_something_beside_are_refused(
    tmp_path: Path,
) -> None:
    needs.root()
    theirs = people.give(databases.made(tmp_path / "theirs.db"))
    opened = databases.made(tmp_path / "open" / "app.db")
    opened.parent.chmod(0o777)
    sticky = databases.made(tmp_path / "sticky" / "app.db")
    sticky.parent.chmod(0o1777)
    beside = databases.made(tmp_path / "beside" / "app.db")
    journal = beside.with_name("app.db-journal")
    journal.symlink_to(theirs)
    content = [path.read_bytes() for path in (theirs, opened, sticky, beside)]

    said = complaint(tmp_path, theirs, opened, sticky, beside)

    assert f"belongs to {people.MALLORY}; type: sudo -u {people.MALLORY} scheduled" in said
    assert "open/app.db: others can write to its directory, or to one above it" in said
    assert "sticky/app.db: others can write to its directory" in said
    assert "app.db-journal beside it is not a file of yours" in said
    assert [path.read_bytes() for path in (theirs, opened, sticky, beside)] == content


def test_why_a_database_in_a_directory_that_is_read_only_is_left(open_folder: Path) -> None:
    needs.root()
    path = databases.made(open_folder / "shut/app.db")
    people.give(path, people.NOBODY)
    path.parent.chmod(0o755)

    said = people.as_nobody(lambda: vacuumed(open_folder, path))

    assert f"{path}: you cannot write to its directory, and SQLite keeps its journal there" in said


def test_files_beside_a_database_are_none_themselves(tmp_path: Path) -> None:
    path = databases.made(tmp_path / "app.db", wal=True)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT * FROM entry").fetchone()
        assert len(databases.beside(path)) == 3

        result = vacuumed(tmp_path, f"{tmp_path}/app*")

    assert [Path(entry["path"]).name for entry in result["databases"]] == ["app.db"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield from disks.mounted(tmp_path / "disk")


def test_without_room_for_it_a_database_is_left(disk: Disk, tmp_path: Path) -> None:
    path = databases.made(disk.folder / "app.db", rows=200, left=50)
    content = path.read_bytes()
    disk.fill(spare=4)

    said = complaint(tmp_path, path)

    assert "compacting it needs" in said
    assert path.read_bytes() == content
    disk.free()
    assert vacuumed(tmp_path, path)["vacuum_type"] == "full"


@pytest.mark.slow
@pytest.mark.parametrize("wal", [False, True])
def test_d12_killed_at_any_moment_no_row_is_lost_and_the_next_run_does_it(
    tmp_path: Path, wal: bool
) -> None:
    original = databases.made(tmp_path / "original.db", rows=12_000, left=4000, wal=wal)
    rows = databases.rows(original)
    path = tmp_path / "work" / "app.db"
    path.parent.mkdir()
    code = (
        "import sys; from scheduled.ecosystem import sqlite_file;"
        "print('ready', flush=True); sys.stdin.readline();"
        "sqlite_file.tend(sys.argv[1], least_free=10, analyze=True)"
    )
    chance, is_cut_short = random.Random(20261121), 0
    for _ in range(soak.count(12, 200)):
        for old in path.parent.iterdir():
            old.unlink()
        shutil.copyfile(original, path)
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(chance.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
        is_cut_short += process.returncode == -signal.SIGKILL
        copy = tmp_path / "copy" / "app.db"
        shutil.copytree(path.parent, copy.parent)
        assert databases.rows(copy) == rows
        shutil.rmtree(copy.parent)

        result = vacuumed(tmp_path, path)

        assert result["databases"][0]["status"] in ("compacted", "not worth it")
        assert databases.pragma(path, "freelist_count") == 0
        assert databases.rows(path) == rows
    assert is_cut_short
