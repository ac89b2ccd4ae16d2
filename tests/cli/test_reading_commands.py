"""What holds for every command that reads: JSON on request, nothing is changed."""

import json
from pathlib import Path

import pytest

from tests.builders.looks import Home

READERS: list[tuple[str, ...]] = [
    ("status",),
    ("list",),
    ("show", "backup"),
    ("next",),
    ("next", "backup"),
    ("history",),
    ("history", "backup"),
    ("logs", "backup"),
]


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_every_command_that_reads_prints_one_json_object(
    home: Home, words: tuple[str, ...]
) -> None:
    said = home.call(*words, "--json")

    assert (said.code, said.err) == (0, "")
    assert isinstance(json.loads(said.out), dict)


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_looking_leaves_the_disk_as_it_was(home: Home, words: tuple[str, ...]) -> None:
    home.call(*words)  # the configuration's cache is made by whoever comes first
    before = _files(home.folder)

    home.call(*words)

    assert _files(home.folder) == before


@pytest.mark.parametrize("words", [("status",), ("list",), ("next",), ("history",)], ids=" ".join)
def test_on_a_fresh_machine_looking_works_and_makes_no_file(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    fresh = Home(tmp_path)

    said = fresh.call(*words)

    assert said.code == 0
    assert said.out
    assert _files(tmp_path) == {}


def test_a_job_nobody_has_is_refused_with_the_nearest(home: Home) -> None:
    for command in ("show", "next", "history", "logs"):
        said = home.call(command, "bakcup")

        assert said.code == 2
        assert said.err == "no job is called 'bakcup'; did you mean backup?"


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }
