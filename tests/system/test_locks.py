"""Who may proceed: kernel locks, and clear words where there can be none."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from scheduled.errors import LockedError, StateError
from scheduled.system import locks
from tests.builders.locks import held_by_another


def test_a_job_is_run_by_one_at_a_time(tmp_path: Path) -> None:
    first = locks.take_job(tmp_path, "backup")
    assert first is not None

    assert locks.take_job(tmp_path, "backup") is None
    assert locks.take_job(tmp_path, "other") is not None
    first.release()
    assert locks.take_job(tmp_path, "backup") is not None


def test_a_job_is_running_while_another_process_has_its_lock(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    with held_by_another(tmp_path / "locks" / "backup.lock"):
        held = locks.is_running(tmp_path, "backup"), locks.take_job(tmp_path, "backup")

    assert held == (True, None)
    assert not locks.is_running(tmp_path, "backup")
    assert not locks.is_running(tmp_path, "never met")
    assert not (tmp_path / "locks" / "never met.lock").exists()


def test_asking_whether_a_job_runs_does_not_take_it(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "backup.lock").touch()
    locks.is_running(tmp_path, "backup")

    assert locks.take_job(tmp_path, "backup") is not None


def test_a_journal_that_is_held_for_too_long_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    with (
        held_by_another(tmp_path / "locks" / "journal"),
        pytest.raises(LockedError, match="held by another process") as caught,
        locks.journal(tmp_path, wait=0.2),
    ):
        pytest.fail("it was ours all the same")

    assert caught.value.exit_code == 3
    with locks.journal(tmp_path, wait=0.2):
        pass


def test_a_journal_that_is_let_go_of_is_waited_for(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with locks.journal(tmp_path):
            (tmp_path / "held").touch()
            time.sleep(0.3)
            (tmp_path / "done").touch()
        os._exit(0)
    while not (tmp_path / "held").exists():
        time.sleep(0.01)

    with locks.journal(tmp_path):
        was_done = (tmp_path / "done").exists()

    os.waitpid(child, 0)
    assert was_done


def test_a_lock_file_that_is_kept_open_locks_each_time(tmp_path: Path) -> None:
    with locks.LockFile() as file:
        for _ in range(2):
            with locks.journal(tmp_path, file=file):
                assert not _can_lock(tmp_path)
            assert _can_lock(tmp_path)


def test_a_lock_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    with locks.LockFile() as file:
        with locks.journal(tmp_path, file=file):
            pass
        (tmp_path / "locks").rename(tmp_path / "locks of yesterday")

        with locks.journal(tmp_path, file=file):
            assert not _can_lock(tmp_path)


def test_a_forked_process_does_not_lock_for_the_other_as_well(tmp_path: Path) -> None:
    with locks.LockFile() as file, locks.journal(tmp_path, file=file):
        child = os.fork()
        if child == 0:
            with suppress(LockedError), locks.journal(tmp_path, wait=0.0, file=file):
                os._exit(1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        assert not _can_lock(tmp_path)

    assert status == 0


def _can_lock(state_dir: Path) -> bool:
    with suppress(LockedError), locks.journal(state_dir, wait=0.0):
        return True
    return False


def test_the_journal_is_let_go_of_when_its_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locks.journal(tmp_path):
        raise KeyError

    with locks.journal(tmp_path, wait=0.0):
        pass


def test_lock_files_are_nobody_elses_and_stay(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with locks.journal(tmp_path):
            pass
    finally:
        os.umask(before)

    assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "locks" / "journal").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["locks", "locks/backup.lock"])
def test_where_nothing_can_be_locked_it_is_one_clear_sentence(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    place.touch() if name == "locks" else place.mkdir()

    with pytest.raises(
        StateError, match=r"locks.*: a (file|directory) where a .* should be; remove it"
    ):
        locks.take_job(tmp_path, "backup")


def test_our_locks_and_those_of_filelock_exclude_each_other(tmp_path: Path) -> None:
    theirs = FileLock(tmp_path / "locks" / "backup.lock", timeout=0)
    ours = locks.take_job(tmp_path, "backup")
    assert ours is not None
    with pytest.raises(Timeout):
        theirs.acquire()
    ours.release()

    with theirs:
        assert locks.take_job(tmp_path, "backup") is None
    again = locks.take_job(tmp_path, "backup")

    assert again is not None
    again.release()
    assert (tmp_path / "locks" / "backup.lock").exists()


def test_a_lock_that_an_error_has_left_behind_is_free(tmp_path: Path) -> None:
    left = locks.take_job(tmp_path, "backup")
    assert left is not None

    del left

    assert locks.take_job(tmp_path, "backup") is not None


def test_a_forked_child_that_forgets_a_lock_does_not_release_it(tmp_path: Path) -> None:
    ours: locks.Lock | None = locks.take_job(tmp_path, "backup")
    child = os.fork()
    if child == 0:
        ours = None
        os._exit(0)
    os.waitpid(child, 0)

    assert ours is not None
    assert locks.take_job(tmp_path, "backup") is None


def test_a_lock_that_is_let_go_of_is_free_though_a_forked_child_has_it_open(tmp_path: Path) -> None:
    ours = locks.take_job(tmp_path, "backup")
    assert ours is not None
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    ours.release()

    theirs = locks.take_job(tmp_path, "backup")

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert theirs is not None
