"""Rotating a log while others write to it."""

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from scheduled.system import log_rotation
from scheduled.system.folder import Folder
from tests.builders import needs, people


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "scheduled.log"
    path.write_text("first\n")
    path.chmod(0o640)
    return path


def rotated(log: Path, count: int = 5) -> bool:
    return log_rotation.rotate(str(log), log.stat(), count)


def contents(log: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in log.parent.glob("*")}


def test_a_log_is_renamed_and_a_new_one_has_its_mode(log: Path) -> None:
    inode = log.stat().st_ino

    assert rotated(log)

    assert contents(log) == {"scheduled.log": "", "scheduled.log.1": "first\n"}
    assert Path(f"{log}.1").stat().st_ino == inode
    assert log.stat().st_mode & 0o777 == 0o640


def test_older_ones_move_up_and_those_beyond_the_count_are_deleted(log: Path) -> None:
    for text in ("second\n", "third\n", "fourth\n"):
        assert rotated(log, count=2)
        log.write_text(text)

    assert contents(log) == {
        "scheduled.log": "fourth\n",
        "scheduled.log.1": "third\n",
        "scheduled.log.2": "second\n",
    }


def test_what_a_rotation_that_was_killed_left_is_not_overwritten(log: Path) -> None:
    Path(f"{log}.2").write_text("moved, and killed before the log was\n")
    Path(f"{log}.3").write_text("old\n")
    Path(f"{log}.gz").write_text("somebody's\n")
    Path(f"{log}.2.gz").write_text("somebody's\n")
    Path(f"{log}.9").mkdir()

    assert rotated(log)
    Path(f"{log}.9").rmdir()

    assert contents(log) == {
        "scheduled.log": "",
        "scheduled.log.1": "first\n",
        "scheduled.log.2": "moved, and killed before the log was\n",
        "scheduled.log.3": "old\n",
        "scheduled.log.gz": "somebody's\n",
        "scheduled.log.2.gz": "somebody's\n",
    }


def test_one_that_somebody_still_writes_to_is_kept_until_that_ends(log: Path) -> None:
    with log.open("a") as late:
        for _ in range(3):
            assert rotated(log, count=1)
        late.write("last words\n")
        late.flush()
        assert contents(log)["scheduled.log.3"] == "first\nlast words\n"

    assert rotated(log, count=1)
    assert sorted(contents(log)) == ["scheduled.log", "scheduled.log.1"]


def test_of_many_who_have_it_open_one_rotates_it(log: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(8)
    children = [context.Process(target=_rotate_at, args=(barrier, log)) for _ in range(8)]

    for child in children:
        child.start()
    for child in children:
        child.join()

    assert sorted(child.exitcode or 0 for child in children) == [0] * 7 + [1]
    assert contents(log) == {"scheduled.log": "", "scheduled.log.1": "first\n"}


@pytest.mark.parametrize("step", ["opened", "status", "rename"])
def test_one_that_somebody_renames_at_any_moment_is_left_alone(
    log: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a rotation that has renamed the log, and not yet made the new one."""
    opened = log.stat()
    original = getattr(Folder, step)

    def after_a_rename(folder: Folder, *arguments: str) -> object:
        log.rename(log.with_suffix(".theirs"))
        return original(folder, *arguments)

    monkeypatch.setattr(Folder, step, after_a_rename)

    assert not log_rotation.rotate(str(log), opened, 5)
    assert contents(log) == {"scheduled.theirs": "first\n"}


def test_a_rotated_one_that_is_deleted_meanwhile_is_not_missed(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        Path(f"{log}.{number}").write_text(f"{number}\n")
    original = Folder.rename

    def after_a_deletion(folder: Folder, name: str, new: str) -> None:
        if new == "scheduled.log.4":
            Path(f"{log}.3").unlink()
        original(folder, name, new)

    monkeypatch.setattr(Folder, "rename", after_a_deletion)

    assert rotated(log)
    assert contents(log) == {
        "scheduled.log": "",
        "scheduled.log.1": "first\n",
        "scheduled.log.2": "1\n",
        "scheduled.log.3": "2\n",
    }


def _rotate_at(barrier: Barrier, log: Path) -> None:
    opened = log.stat()
    barrier.wait()
    os._exit(log_rotation.rotate(str(log), opened, 5))


def test_no_line_of_writers_is_lost(log: Path) -> None:
    context = multiprocessing.get_context("fork")
    log.write_text("")
    writers = [
        context.Process(target=_append, args=(log, number, number % 2 == 0)) for number in range(4)
    ]

    for writer in writers:
        writer.start()
    rotations = 0
    while any(writer.is_alive() for writer in writers):
        rotations += log.stat().st_size > 0 and rotated(log, count=999)

    lines = "".join(contents(log).values()).splitlines()
    assert sorted(lines) == sorted(
        f"{number} {line}" for number in range(4) for line in range(2000)
    )
    assert rotations > 2


def _append(log: Path, number: int, keeps_open: bool) -> None:
    """Write lines as a shell's `>>` does each time, or as a program that keeps its log open."""
    stream = log.open("a", buffering=1)
    for line in range(2000):
        if not keeps_open:
            stream.close()
            stream = log.open("a", buffering=1)
        stream.write(f"{number} {line}\n")
    stream.close()


@pytest.mark.parametrize("kind", ["hard link", "link", "fifo", "rotated", "another file"])
def test_anything_else_than_the_log_that_is_open_is_left_alone(log: Path, kind: str) -> None:
    opened, name = log.stat(), log
    if kind == "hard link":
        os.link(log, log.with_name("elsewhere"))
        opened = log.stat()
    elif kind == "link":
        log.rename(log.with_name("target"))
        log.symlink_to("target")
    elif kind == "fifo":
        log.unlink()
        os.mkfifo(log)
        opened = log.stat()
    elif kind == "rotated":
        name = log.rename(f"{log}.1")
    else:
        log.rename(log.with_name("moved"))
        log.write_text("another\n")
    before = sorted(os.listdir(log.parent))

    try:
        assert not log_rotation.rotate(str(name), opened, 5)
    except OSError:
        assert kind == "link"
    assert sorted(os.listdir(log.parent)) == before


def test_a_log_of_somebody_else_is_left_alone_and_so_is_one_in_their_folder(log: Path) -> None:
    needs.root()
    people.give(log)
    assert not rotated(log)

    os.chown(log, 0, 0)
    os.chown(log.parent, people.MALLORY, people.MALLORY)
    assert not rotated(log)
    assert sorted(contents(log)) == ["scheduled.log"]


def test_where_nothing_can_be_renamed_an_error_says_so_and_the_log_goes_on(log: Path) -> None:
    needs.root()
    folder = log.parent
    os.chown(log, people.NOBODY, people.NOBODY)
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)

    said = people.as_nobody(lambda: rotated(log))

    assert "Permission denied" in said
    assert contents(log) == {"scheduled.log": "first\n"}
