"""The files of the journal: what others begin or remove is seen, whenever that was."""

import os
import random
from pathlib import Path

import pytest

from scheduled.state.day_files import DayFiles

YEAR = 365 * 86400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "journal"
    folder.mkdir(mode=0o700)
    return folder


def begin(folder: Path, day: int, number: int) -> None:
    name = f"2026-11-{day:02}.jsonl"
    (folder / name).write_text(f'{{"seq":{number},"event":"snapshot"}}\n')


@pytest.mark.parametrize("age", [0, 1, 60, -60, YEAR, -YEAR])
def test_a_file_that_was_just_begun_is_seen(folder: Path, age: int) -> None:
    files = DayFiles(folder)
    begin(folder, 1, 1)
    touched = os.stat(folder).st_mtime - age
    os.utime(folder, (touched, touched))
    assert files.names() == ["2026-11-01.jsonl"]

    begin(folder, 2, 2)

    assert files.names() == ["2026-11-01.jsonl", "2026-11-02.jsonl"]


def test_whatever_others_do_is_seen(folder: Path) -> None:
    files, chosen = DayFiles(folder), random.Random(1)
    for _ in range(300):
        day = chosen.randrange(1, 8)
        path = folder / f"2026-11-{day:02}.jsonl"
        if path.exists():
            path.unlink()
        else:
            begin(folder, day, day)

        assert files.names() == sorted(os.listdir(folder))


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    files = DayFiles(tmp_path / "journal")
    before = files.names()
    (tmp_path / "journal").mkdir(mode=0o700)
    begin(tmp_path / "journal", 3, 1)

    assert (before, files.names()) == ([], ["2026-11-03.jsonl"])
