import errno
import os
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import UnreadableFileError
from scheduled.system import files, linux
from tests.builders.synced import Synced


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


def test_a_file_that_is_replaced_is_on_the_disk_before_and_after_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = Synced(monkeypatch)

    files.replace(tmp_path / "a", b"x")

    before, renamed, after = synced.calls
    assert before.startswith("fsync .a.")
    assert (renamed, after) == ("replace a", f"fsync {tmp_path.name}")


def test_a_hole_leaves_a_file_as_long_as_it_is_and_is_read_around(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"head" + b"x" * 1_000_000 + b"tail")

    with path.open("r+b") as stream:
        assert linux.punch_hole(stream.fileno(), 4, 1_000_000)

    status = path.stat()
    assert (status.st_size, status.st_blocks * 512 < 20_000) == (1_000_008, True)
    assert files.read_stretches(path) == [b"head", b"tail"]


def test_a_file_without_a_hole_is_one_stretch_zeros_and_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0a\0")
    (tmp_path / "empty").touch()

    assert files.read_stretches(tmp_path / "a") == [b"\0a\0"]
    assert files.read_stretches(tmp_path / "empty") == []
    with pytest.raises(UnreadableFileError, match="no such file"):
        files.read_stretches(tmp_path / "none")


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("theirs")

    with pytest.raises(FileExistsError):
        files.create(tmp_path / "there", b"ours", mode=0o644)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("there", "theirs")]


def nested(depth: int) -> Any:
    value: Any = {}
    for number in range(depth - 1):
        value = {"a": value} if number % 2 else [1, value, "x"]
    return value


@pytest.mark.parametrize(
    ("value", "deep"),
    [
        ("a", False),
        ({}, False),
        (nested(100), False),
        ([nested(99), nested(3)], False),
        (nested(101), True),
        ((nested(100),), True),
        (nested(100_000), True),
    ],
    ids=["text", "empty", "100", "100 in a list", "101", "101 in a tuple", "100,000"],
)
def test_nesting_has_one_limit_in_every_python(value: Any, deep: bool) -> None:
    assert files.is_too_deep(value) == deep


def test_what_contains_itself_is_too_deep() -> None:
    value: list[Any] = []
    value += [value, {"a": value}]

    assert files.is_too_deep(value)


def test_what_is_shared_is_looked_at_once_a_level() -> None:
    value: Any = {}
    for _ in range(99):
        value = [value] * 1000

    assert not files.is_too_deep(value)


def test_a_file_is_created_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    files.create(tmp_path / "new", b"content")
    with pytest.raises(OSError, match="not permitted"):
        files.create(tmp_path / "new", b"other")

    assert (tmp_path / "new").read_bytes() == b"content"
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'\xef\xbb\xbf {"a": "\xc3\xa9"}\n', {"a": "é"}),
        (b"", "empty, expected JSON"),
        (b"\xef\xbb\xbf", "empty, expected JSON"),
        (" \n\x1c\u00a0\u2028".encode(), "empty, expected JSON"),
        (b"\xef\xbb\xbf{\xff", "not UTF-8 at byte 1"),
        (b"\xef\xbb\xbf\xef\xbb\xbf1", "not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_document(data: bytes, found: object) -> None:
    try:
        document = files.parse_json(data, Path("x.json"))
    except UnreadableFileError as error:
        document = error.reason.partition(" at line")[0]

    assert document == found
