"""Deleting and shortening a log that changes meanwhile."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduled.system import log_files
from scheduled.system.file_writers import Writers
from scheduled.system.log_files import LeftError

LINE = b"123456789 123456789 123456789 1\n"
"""128 of them are a block."""


def replaced(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.write_bytes(path.with_name("old").read_bytes())


def made_a_link(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.symlink_to(path.with_name("old"))


def appended_to(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(LINE)


def rewritten(path: Path) -> None:
    path.write_bytes(path.read_bytes())
    os.utime(path, (1, 1))


def linked(path: Path) -> None:
    path.with_name("second").hardlink_to(path)


@pytest.mark.parametrize("change", [replaced, made_a_link, appended_to, rewritten, linked])
def test_a_log_that_was_changed_since_it_was_looked_at_is_not_deleted(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(LINE)
    file = log_files.look(str(path))
    change(path)

    with pytest.raises((LeftError, OSError)):
        log_files.delete(file, Writers(), dry_run=False)

    assert path.exists()


def test_a_log_is_shortened_by_no_more_than_is_asked_for_and_not_below_a_block(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(LINE * 1280)
    block = os.statvfs(path).f_bsize
    sizes = []

    with path.open("ab"):
        for excess in (block + 1, 1, 100 * block):
            file = log_files.look(str(path))
            try:
                freed = log_files.shorten(file, excess, dry_run=False)
            except LeftError as error:
                pytest.skip(f"{error}: needs one such as ext4 or XFS")
            assert path.stat().st_size == file.bytes - freed
            sizes.append(freed)

    assert sizes == [2 * block, block, len(LINE) * 1280 - 4 * block]
    assert path.read_bytes() == LINE * (block // len(LINE))


def test_the_rest_of_a_line_that_was_cut_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    lines = [b"%06d %s\n" % (number, b"x" * 50) for number in range(500)]
    path.write_bytes(b"".join(lines))
    try:
        freed = log_files.shorten(log_files.look(str(path)), 1, dry_run=False)
    except LeftError as error:
        pytest.skip(f"{error}: needs one such as ext4 or XFS")

    first, *rest = path.read_bytes().splitlines(keepends=True)

    assert first.rstrip() == b"[...]"
    assert rest == lines[freed // len(lines[0]) + 1 :]


def test_a_log_of_one_block_is_not_shortened(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(LINE)

    with pytest.raises(LeftError, match="too short"):
        log_files.shorten(log_files.look(str(path)), 1, dry_run=False)
    assert path.read_bytes() == LINE
