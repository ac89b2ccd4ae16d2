import os
from pathlib import Path

import pytest

from scheduled import files
from scheduled.errors import UnreadableFileError


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_file_is_read_to_its_end_with_the_stamp_it_had(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * size)

    assert files.read_stamped(path) == (files.stamp(path), b"x" * size)


def test_a_file_that_tells_no_size_is_read_to_its_end() -> None:
    assert files.read_bytes(Path("/proc/self/status")).startswith(b"Name:")
    assert files.read_bytes(Path("/proc/self/status")).endswith(b"\n")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UnreadableFileError, match="not a regular file"):
        files.read_bytes(tmp_path / "pipe")


def test_a_folder_says_that_it_is_one(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="is a directory"):
        files.read_bytes(tmp_path)
