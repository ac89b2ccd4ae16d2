"""examples/database-dump with real databases: SQLite, and PostgreSQL where it is installed."""

import gzip
import json
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs
from tests.builders import postgres as postgres_server
from tests.builders.examples import Example
from tests.builders.message_servers import Server


@pytest.fixture
def example(tmp_path: Path, web: Server) -> Example:
    needs.programs("sqlite3")
    example = Example("database-dump", tmp_path)
    example.secret("webhook.url", f"http://127.0.0.1:{web.port}/chat")
    example.change("sqlite/dump.yaml", min_free_disk="1K")
    (example.root / "data").mkdir()
    with sqlite3.connect(example.root / "data/app.db") as database:
        database.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    database.close()
    return example


def dumps(example: Example, database: str = "app.db") -> list[Path]:
    return sorted((example.root / "dumps" / database).iterdir())


def text_of(message: dict[str, Any]) -> str:
    text: str = json.loads(message["body"])["text"]
    return text


def test_the_newest_dumps_are_kept_and_the_oldest_is_deleted(example: Example) -> None:
    example.change("sqlite.env", KEEP="2")
    example.tick("2026-11-20 12:00")

    rows = [example.tick(f"2026-11-{day} 12:00")["sqlite-dump"] for day in (21, 22, 23)]

    assert [row["outcome"] for row in rows] == ["succeeded"] * 3
    assert [row["result"]["kept"] for row in rows] == [1, 2, 2]
    assert [path.name[:8] for path in dumps(example)] == ["20261122", "20261123"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in dumps(example)} == {0o600}
    restored = example.root / "restored"
    restored.write_bytes(gzip.decompress(dumps(example)[-1].read_bytes()))
    with sqlite3.connect(restored) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(1,)]
    database.close()


def test_after_three_days_off_there_is_one_dump(example: Example) -> None:
    example.tick("2026-11-20 12:00")

    row = example.tick("2026-11-23 12:00")["sqlite-dump"]

    assert (row["outcome"], row["catch_up"], row["missed"]) == ("succeeded", True, 2)
    assert [path.name[:8] for path in dumps(example)] == ["20261123"]


def test_a_dump_that_fails_is_told_once_deletes_nothing_and_its_end_is_told(
    example: Example, web: Server
) -> None:
    example.change("sqlite.env", KEEP="1")
    example.tick("2026-11-20 12:00")
    example.tick("2026-11-21 12:00")
    whole = (example.root / "data/app.db").read_bytes()
    (example.root / "data/app.db").write_bytes(whole[:1000] + b"\xff" * (len(whole) - 1000))

    for when in ("22 12:00", "22 12:07", "22 12:20", "22 12:21"):
        example.tick(f"2026-11-{when}")
    told = [text_of(message) for message in web.accepted]
    (example.root / "data/app.db").write_bytes(whole)
    example.tick("2026-11-23 12:00")

    assert example.outcomes("sqlite-dump").count("failed") == 3
    assert len(told) == 1
    assert "sqlite-dump" in told[0]
    assert "attempt 3" in told[0]
    assert len(web.accepted) == 2
    assert example.incidents() == []
    assert [path.name[:8] for path in dumps(example)] == ["20261123"]


def test_a_database_that_is_not_there_is_not_made(example: Example) -> None:
    example.change("sqlite.env", DATABASE="data/other.db")

    row = example.tick("2026-11-20 12:00", "sqlite-dump")["sqlite-dump"]

    assert row["outcome"] == "failed"
    assert not (example.root / "data/other.db").exists()


def test_to_keep_no_dump_is_refused(example: Example) -> None:
    example.tick("2026-11-20 12:00", "sqlite-dump")
    example.change("sqlite.env", KEEP="0")

    row = example.tick("2026-11-20 12:01", "sqlite-dump")["sqlite-dump"]

    assert row["outcome"] == "failed"
    assert len(dumps(example)) == 1


def test_a_writer_goes_on_while_the_database_is_dumped(example: Example) -> None:
    with sqlite3.connect(example.root / "data/app.db", isolation_level=None) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t VALUES (2)")

        row = example.tick("2026-11-20 12:00", "sqlite-dump")["sqlite-dump"]

        writer.execute("COMMIT")
    writer.close()
    assert row["outcome"] == "succeeded"


def test_what_a_killed_dump_left_is_removed_by_the_next(example: Example) -> None:
    left = example.root / "dumps/app.db/.new"
    left.mkdir(parents=True)
    (left / "dump").write_text("half")

    example.tick("2026-11-20 12:00", "sqlite-dump")

    assert not left.exists()
    assert len(dumps(example)) == 1


def test_the_restore_test_waits_for_the_dump_and_finds_one_that_is_damaged(
    example: Example, web: Server
) -> None:
    example.tick("2026-11-21 12:00")  # a Saturday
    (example.root / "data/app.db").rename(example.root / "away")
    example.tick("2026-11-22 12:00")
    waiting = example.outcomes("sqlite-restore-test")
    (example.root / "away").rename(example.root / "data/app.db")

    example.tick("2026-11-22 12:07")
    example.tick("2026-11-22 12:08")
    tested = example.rows("sqlite-restore-test")
    dump = dumps(example)[-1]
    dump.write_bytes(dump.read_bytes()[:-20])
    damaged = example.tick("2026-11-22 13:00", "sqlite-restore-test")

    assert waiting == []
    assert [row["result"] for row in tested] == [{"tables": 1}]
    assert damaged["sqlite-restore-test"]["outcome"] == "failed"


# ---------------------------------------------------------------- PostgreSQL


@pytest.fixture
def postgres(open_folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a client of a server, which has a database `app`."""
    with postgres_server.running(open_folder) as client:
        yield client


@pytest.mark.slow
def test_postgres_is_dumped_pruned_and_restored(example: Example, postgres: dict[str, str]) -> None:
    table = "CREATE TABLE t (x int); INSERT INTO t VALUES (1)"
    psql = ["psql", "--quiet", "--dbname=app", "--command"]
    subprocess.run([*psql, table], env=postgres, check=True)
    example.environ |= {"PATH": postgres["PATH"]}
    example.change("scheduled.yaml", jobs_dirs="[sqlite, postgres]")
    example.change("postgres.env", PGHOST=postgres["PGHOST"], KEEP="2")
    example.change("postgres/dump.yaml", min_free_disk="1K")
    example.tick("2026-11-20 12:00")

    rows = [example.tick(f"2026-11-{day} 12:00") for day in (21, 22, 23)]
    tested = example.rows("postgres-restore-test")
    subprocess.run([*psql, "DROP TABLE t"], env=postgres, check=True)
    example.tick("2026-11-23 13:00", "postgres-dump")
    empty = example.tick("2026-11-23 13:01", "postgres-restore-test")

    assert [row["postgres-dump"]["result"]["kept"] for row in rows] == [1, 2, 2]
    assert [row["result"] for row in tested] == [{"tables": 1}]
    assert empty["postgres-restore-test"]["outcome"] == "failed"
    assert {row["sqlite-dump"]["outcome"] for row in rows} == {"succeeded"}


@pytest.mark.slow
def test_a_password_that_is_asked_for_fails_at_once(
    example: Example, postgres: dict[str, str]
) -> None:
    example.environ |= {"PATH": postgres["PATH"]}
    example.change("scheduled.yaml", jobs_dirs="postgres")
    example.change("postgres.env", PGHOST=postgres["PGHOST"], PGUSER="nobody")
    example.change("postgres/dump.yaml", min_free_disk="1K", timeout="1m")

    row = example.tick("2026-11-20 12:00", "postgres-dump")["postgres-dump"]

    assert row["outcome"] == "failed"
    assert dumps(example, "app") == []
