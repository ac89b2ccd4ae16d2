"""Databases of SQLite as other programs have them, and what is in them."""

import sqlite3
from contextlib import closing
from pathlib import Path


def made(path: Path, *, rows: int = 2000, left: int = 500, wal: bool = False) -> Path:
    """A database that had more rows than are left, evenly spread over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("CREATE INDEX by_text ON entry (text)")
        values = ((number, f"{number:06d}" * 40) for number in range(rows))
        connection.executemany("INSERT INTO entry VALUES (?, ?)", values)
        connection.commit()
        connection.execute("DELETE FROM entry WHERE number >= ?", (left,))
    return path


def rows(path: Path) -> list[tuple[int, str]]:
    """What is in a database, which has to be sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT * FROM entry ORDER BY number").fetchall()


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def beside(path: Path) -> list[str]:
    """The files whose names begin like that of a database, it among them."""
    return sorted(other.name for other in path.parent.iterdir() if other.name.startswith(path.name))
