"""Captured output: head and tail stay, the middle goes, and memory stays flat."""

import os
from pathlib import Path

import pytest

from scheduled.runs.output import OutputFile
from scheduled.system import linux
from scheduled.system.masking import Mask


def test_what_fits_is_kept_as_it_is(tmp_path: Path) -> None:
    output = _printed(tmp_path, b"hello\n", limit=100)

    assert output.path.read_bytes() == b"hello\n"


def test_what_does_not_fit_keeps_head_and_tail_and_says_how_much_is_gone(tmp_path: Path) -> None:
    output = _printed(tmp_path, b"a" * 60 + b"b" * 500 + b"c" * 60, limit=100)

    kept = output.path.read_bytes()
    assert kept.startswith(b"a" * 50)
    assert kept.endswith(b"c" * 50)
    assert b"520 bytes cut" in kept


@pytest.fixture(params=["a disk with holes", "a disk without"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of file systems that output may lie on."""
    if request.param == "a disk without":
        monkeypatch.setattr(linux, "punch_hole", lambda *_: False)


@pytest.mark.usefixtures("disk")
def test_a_trim_on_the_way_counts_what_it_took_and_the_writer_goes_on(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "run.log", limit=100)
    descriptor = output.open()
    os.write(descriptor, b"a" * 50 + b"b" * 1000)
    output.trim_if_large()
    assert output.cut == 950

    os.write(descriptor, b"c" * 30)
    os.close(descriptor)
    output.finish()

    kept = output.path.read_bytes()
    assert kept.startswith(b"a" * 50)
    assert kept.endswith(b"b" * 20 + b"c" * 30)
    assert b"980 bytes cut" in kept


@pytest.mark.usefixtures("disk")
def test_output_takes_no_more_of_the_disk_than_some_times_its_limit(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "run.log", limit=10_000)
    descriptor = output.open()
    for _ in range(50):
        os.write(descriptor, b"x" * 100_000)
        output.trim_if_large()
    os.write(descriptor, b"x" * 30_001)
    output.trim_if_large()

    assert output.path.stat().st_blocks * 512 < 4 * 10_000
    assert output.cut == 50 * 100_000 + 30_001 - 10_000


def test_what_is_printed_while_the_file_is_trimmed_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The result is the last line, and a trim took it away with the rest once in a while.
    output = OutputFile(tmp_path / "run.log", limit=100)
    descriptor = output.open()
    os.write(descriptor, b"x" * 1000)
    punch = linux.punch_hole

    def while_it_prints(*where: int) -> bool:
        os.write(descriptor, b"the last line")
        return punch(*where)

    monkeypatch.setattr(linux, "punch_hole", while_it_prints)
    output.trim_if_large()
    output.finish()

    os.close(descriptor)
    assert output.path.read_bytes().endswith(b"x" * 37 + b"the last line")


def test_output_of_others_is_not_for_everybody(tmp_path: Path) -> None:
    output = _printed(tmp_path / "runs" / "job", b"secret", limit=100)

    assert output.path.stat().st_mode & 0o777 == 0o600
    assert output.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_run_that_printed_nothing_leaves_no_file(tmp_path: Path) -> None:
    output = _printed(tmp_path, b"", limit=100)

    assert not output.path.exists()


def test_the_last_lines(tmp_path: Path) -> None:
    output = _printed(tmp_path, b"one\ntwo\n\xff\n", limit=100)

    assert output.tail(2) == ["two", "�"]
    assert OutputFile(tmp_path / "none.log", 100).tail(2) == []


def test_the_last_line_is_the_last_with_anything_in_it(tmp_path: Path) -> None:
    assert _running(tmp_path, b"one\ntwo\r\n\n  \n").last_line(10) == b"two"
    assert OutputFile(tmp_path / "none.log", 100).last_line(10) == b""


@pytest.mark.usefixtures("disk")
def test_a_last_line_that_is_too_long_or_may_be_torn_is_none(tmp_path: Path) -> None:
    too_long = _running(tmp_path, b"x\n" + b"a" * 11)
    # What is left of the head, and of the tail, would make a line nobody printed.
    joined = _running(tmp_path, b'{"a": "' + b"x" * 5000 + b'"}', limit=100)
    joined.trim_if_large()
    whole = _running(tmp_path, b"x" * 5000 + b'\n{"a": 1}\n', limit=100)
    whole.trim_if_large()

    assert too_long.last_line(10) == b""
    assert _running(tmp_path, b"longer than ten" + b" " * 17).last_line(10) == b""
    assert (joined.cut > 0, joined.last_line(1000)) == (True, b"")
    assert (whole.cut > 0, whole.last_line(1000)) == (True, b'{"a": 1}')


def test_a_secret_is_hidden_in_what_a_cut_leaves_and_in_what_needs_none(tmp_path: Path) -> None:
    mask = Mask({"TOKEN": "hunter22"})
    cut = _running(tmp_path / "cut", b"hunter22 " * 100, limit=104)
    whole = _running(tmp_path / "whole", b"so hunter22\n", limit=104)

    cut.finish(mask)
    whole.finish(mask)

    kept = cut.path.read_bytes()
    assert kept.startswith(b"*** *** *** *** *** ***\n[... 796 bytes cut")
    assert kept.endswith(b"]\n*** *** *** *** *** *** ")
    assert whole.path.read_bytes() == b"so ***\n"


def _running(folder: Path, data: bytes, limit: int = 1000) -> OutputFile:
    output = OutputFile(folder / f"{len(data)}.log", limit)
    descriptor = output.open()
    os.write(descriptor, data)
    os.close(descriptor)
    return output


def _printed(folder: Path, data: bytes, limit: int) -> OutputFile:
    output = OutputFile(folder / "run.log", limit)
    descriptor = output.open()
    os.write(descriptor, data)
    os.close(descriptor)
    output.finish()
    return output
