"""The log cleanup beside those who write to logs."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handlers.maintenance import log_cleanup
from scheduled.system import linux
from tests.builders import disks, log_writers, needs, people
from tests.builders.disks import Disk
from tests.builders.ecosystem import context
from tests.builders.old_logs import MIB, aged, cleaned, log, reasons


def test_a_log_that_somebody_writes_to_is_left_and_the_writer_is_named(tmp_path: Path) -> None:
    open_, mapped = log(tmp_path / "open.log"), log(tmp_path / "mapped.log")
    script = (
        "import mmap, sys, os\n"
        "log = open(sys.argv[1], 'ab')\n"
        "with open(sys.argv[2], 'r+b') as stream: view = mmap.mmap(stream.fileno(), 0)\n"
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(open_), str(mapped)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for path in (open_, mapped):
            aged(path, 40)

        result = cleaned(tmp_path, paths=[str(open_), str(mapped)])
        process.kill()

    assert reasons(result).keys() == {"open.log", "mapped.log"}
    assert f"process {process.pid} (" in reasons(result)["open.log"]
    assert open_.exists()
    assert mapped.exists()
    assert cleaned(tmp_path, paths=[str(open_), str(mapped)])["files_deleted"] == 2


def test_an_ordinary_user_does_not_delete_what_somebody_else_has_open(open_folder: Path) -> None:
    needs.root()
    path = log(open_folder / "a.log")
    people.give(open_folder, people.NOBODY)

    def clean_and_say() -> None:
        raise RuntimeError(reasons(cleaned(open_folder, paths=["a.log"], max_size_mb=0.1)))

    with path.open("ab") as log_of_root:
        process = subprocess.Popen(["sleep", "60"], stdout=log_of_root)
    aged(path, 40)
    said = people.as_nobody(clean_and_say)  # who cannot see root's descriptors in /proc
    process.kill()
    process.wait()

    assert said == "RuntimeError: {'a.log': 'a process that cannot be seen writes to it'}"
    assert path.exists()


def test_a_log_that_was_just_written_is_not_deleted_for_its_size(tmp_path: Path) -> None:
    path, older = log(tmp_path / "a.log", days=0), log(tmp_path / "b.log", days=0.01)

    result = cleaned(tmp_path, paths=[f"{tmp_path}/*.log"], max_size_mb=0.1)

    assert (path.exists(), older.exists()) == (True, False)
    assert reasons(result) == {"a.log": "was written to within the last minute"}


@pytest.mark.slow
def test_d9_beside_four_live_writers_no_line_is_lost(tmp_path: Path) -> None:
    paths = {tmp_path / f"{number}.log": way for number, way in enumerate(log_writers.WAYS)}
    with log_writers.writing(paths) as writers:
        for number in range(60):
            old = log(tmp_path / f"{number}-old.log", mib=0.01)
            told = context(
                tmp_path,
                now=datetime.now(UTC),
                params={"paths": [f"{tmp_path}/*.log"], "max_size_mb": 0.001},
            )
            log_cleanup.run(told)
            assert not old.exists()
        written = {path: writer.stop() for path, writer in writers.items()}

    assert {path: log_writers.numbers(path) for path in paths} == {
        path: [*range(count)] for path, count in written.items()
    }


@pytest.mark.slow
def test_shortened_beside_four_live_writers_each_log_loses_its_oldest_lines_alone(
    tmp_path: Path,
) -> None:
    paths = {tmp_path / f"{number}.log": way for number, way in enumerate(log_writers.WAYS)}
    asked = {"paths": [f"{tmp_path}/*.log"], "max_size_mb": 0.02, "truncate": True}
    shortened = 0
    with log_writers.writing(paths) as writers:
        for _ in range(60):
            result: Any = log_cleanup.run(context(tmp_path, now=datetime.now(UTC), params=asked))
            shortened += result["files_shortened"]
            if "on this file system" in str(result["left"]):
                pytest.skip("needs a file system that removes ranges, such as ext4 or XFS")
        written = {path: writer.stop() for path, writer in writers.items()}

    assert shortened > 4
    for path, count in written.items():
        left = log_writers.numbers(path)
        assert left == [*range(left[0], count)]
    assert any(log_writers.numbers(path)[0] > 0 for path in paths)


def test_no_more_logs_are_shortened_than_is_necessary(tmp_path: Path) -> None:
    large, small = log(tmp_path / "large.log", mib=1), log(tmp_path / "small.log", mib=0.5)
    asked: dict[str, Any] = {"paths": ["*.log"], "max_size_mb": 1.2, "truncate": True}
    with large.open("ab"), small.open("ab"):
        for path in (large, small):
            aged(path, 1)
        said = cleaned(tmp_path, dry_run=True, **asked)
        before = large.stat().st_size
        done = cleaned(tmp_path, **asked)
    if "on this file system" in str(done["left"]):
        pytest.skip("needs a file system that removes ranges, such as ext4 or XFS")

    assert before == 149_796 * 7
    assert small.stat().st_size == 74_898 * 7
    assert done["total_mb"] == round((large.stat().st_size + 74_898 * 7) / MIB, 3)
    assert 1.19 < done["total_mb"] <= 1.2
    assert (done["files_shortened"], done["over_limit_mb"]) == (1, 0)
    assert said == {**done, "dry_run": True}


def test_a_log_is_not_shortened_under_a_writer_that_does_not_append(tmp_path: Path) -> None:
    path = log(tmp_path / "a.log")
    before = path.read_bytes()
    with path.open("r+b"):
        result = cleaned(tmp_path, paths=[str(path)], max_size_mb=0.1, truncate=True)

    assert path.read_bytes() == before
    assert "writes to it, but does not append" in reasons(result)["a.log"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield from disks.mounted(tmp_path / "disk")


def test_where_a_log_cannot_be_shortened_in_place_it_is_left(disk: Disk) -> None:
    path = log(disk.folder / "a.log", mib=0.1)
    content = path.read_bytes()

    with path.open("ab"):
        result = cleaned(disk.folder, paths=["a.log"], max_size_mb=0.01, truncate=True)

    assert reasons(result)["a.log"].startswith("cannot be shortened on this file system: ")
    assert path.read_bytes() == content


def test_where_no_lease_tells_only_root_can_see_that_nobody_writes(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    # As it is on NFS, which not every machine can mount.
    monkeypatch.setattr(linux, "take_lease", lambda _: None)
    written, quiet = log(open_folder / "a.log"), log(open_folder / "b.log")
    theirs = people.give(log(open_folder / "theirs/c.log").parent, people.NOBODY)

    with written.open("ab"):
        aged(written, 40)
        result = cleaned(open_folder, paths=["*.log"])

    def clean_and_say() -> None:
        raise RuntimeError(reasons(cleaned(theirs, paths=["c.log"])))

    assert (written.exists(), quiet.exists()) == (True, False)
    assert "writes to it" in reasons(result)["a.log"]
    assert "only root can tell on this file system" in people.as_nobody(clean_and_say)
    assert (theirs / "c.log").exists()
