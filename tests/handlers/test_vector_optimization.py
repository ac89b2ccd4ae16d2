"""Vector stores: which are compacted, and what there is for those of another kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from handlers.maintenance import vector_optimization
from scheduled.handler import Incomplete, Skip
from tests.builders import databases
from tests.builders.command import scheduled
from tests.builders.configuration import written
from tests.builders.ecosystem import NOW, context

JOB = "maintenance.vector_optimization"


def optimized(root: Path, *stores: str, **params: Any) -> dict[str, Any]:
    told = context(root, params={"stores": [*stores], **params}, slot=NOW)
    result: Any = vector_optimization.run(told)
    return dict(result)


def test_d13_stores_in_sqlite_are_compacted_by_their_fragmentation(tmp_path: Path) -> None:
    of_chroma = databases.made(tmp_path / "chroma" / "chroma.sqlite3", wal=True)
    file = databases.made(tmp_path / "vectors.db", rows=2000, left=1800)
    rows = databases.rows(of_chroma)

    result = optimized(tmp_path, "chroma", "*.db")

    statuses = {Path(entry["path"]).name: entry["status"] for entry in result["stores"]}
    assert statuses == {"chroma.sqlite3": "compacted", "vectors.db": "not worth it"}
    assert (result["optimized"], result["bytes_freed"] > 0) == (1, True)
    assert databases.rows(of_chroma) == rows
    assert databases.pragma(of_chroma, "freelist_count") == 0
    free = next(entry["free_percent"] for entry in result["stores"] if entry["free_percent"] < 20)
    again = optimized(tmp_path, "vectors.db", max_fragmentation=free / 2)
    assert (again["optimized"], databases.pragma(file, "freelist_count")) == (1, 0)


def test_a_directory_that_is_no_store_of_chroma_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "faiss").mkdir()
    databases.made(tmp_path / "chroma.sqlite3")

    with pytest.raises(Incomplete, match=r"faiss/chroma.sqlite3: no such file") as caught:
        optimized(tmp_path, "faiss", "chroma.sqlite3")

    assert caught.value.result["optimized"] == 1


def test_d13_unbound_it_is_skipped_and_never_a_success(root: Path) -> None:
    with pytest.raises(Skip, match="nothing bound"):
        optimized(root)

    scheduled(root, "enable", JOB)
    assert scheduled(root, "trigger", JOB).code == 75
    row = json.loads(scheduled(root, "history", JOB, "--json").out)["runs"][0]
    assert row["outcome"] == "skipped"
    assert row["reason"].startswith("nothing bound: ")


def test_d13_bound_to_a_command_it_does_that(root: Path) -> None:
    written(root, f"jobs:\n  {JOB}: {{command: 'echo rebuilt > index'}}\n")

    assert scheduled(root, "trigger", JOB).code == 0
    assert (root / "index").read_text() == "rebuilt\n"
