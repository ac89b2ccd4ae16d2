"""Files in folders of others: no link of theirs is followed, whenever they put it there."""

import os
import threading
from pathlib import Path

import pytest

from scheduled.errors import LockedError
from scheduled.system.folder import Folder, LinkError
from scheduled.system.folder_lock import locked
from tests.builders import needs
from tests.builders.people import MALLORY, give


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of another user, in one of ours."""
    needs.root()
    path = tmp_path / "theirs"
    path.mkdir()
    (path / "inbox.json").write_text("{}")
    return give(path)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that is nobody's business."""
    path = tmp_path / "secret"
    path.write_text("secret")
    return path


def test_a_file_is_replaced_and_keeps_owner_and_mode(theirs: Path) -> None:
    (theirs / "inbox.json").chmod(0o640)

    with Folder.open(theirs) as folder:
        folder.replace("inbox.json", b"[]", before=folder.stamp("inbox.json"))

    status = (theirs / "inbox.json").stat()
    assert (status.st_uid, status.st_mode & 0o7777) == (MALLORY, 0o640)
    assert (theirs / "inbox.json").read_bytes() == b"[]"
    assert os.listdir(theirs) == ["inbox.json"]


def test_what_root_makes_in_a_folder_of_somebody_else_is_theirs(theirs: Path) -> None:
    with Folder.open(theirs) as folder, folder.make("deleted") as inner:
        inner.create("a.json", b"{}")
        folder.replace("new.json", b"{}")

    made = [theirs / "deleted", theirs / "deleted" / "a.json", theirs / "new.json"]
    assert {path.stat().st_uid for path in made} == {MALLORY}


def test_g2_a_link_in_a_folder_of_others_is_neither_read_nor_replaced_nor_locked(
    theirs: Path, secret: Path
) -> None:
    (theirs / "link").symlink_to(secret)
    (theirs / "folder").symlink_to(secret.parent)

    with Folder.open(theirs) as folder:
        with pytest.raises(LinkError, match="a link, which is not followed"):
            folder.read_stamped("link")
        with pytest.raises(LinkError), folder.found("link"):
            pass
        with pytest.raises(LinkError):
            folder.replace("link", b"x")
        with pytest.raises(LinkError), locked(folder, "link", 0):
            pass
        with pytest.raises(LinkError):
            folder.inner("folder")
        with pytest.raises(LinkError):
            folder.make("folder")
        with pytest.raises(FileExistsError):
            folder.create("link", b"x")
    with pytest.raises(LinkError):
        Folder.open(theirs / "folder")
    assert secret.read_text() == "secret"


def test_g2_a_hard_link_in_a_folder_of_others_is_not_read(theirs: Path, secret: Path) -> None:
    os.link(secret, theirs / "link")

    with Folder.open(theirs) as folder, pytest.raises(LinkError, match="a hard link"):
        folder.read_stamped("link")


def test_g2_links_in_folders_of_ours_are_followed(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to("theirs")

    with Folder.open(tmp_path / "way") as folder:
        assert folder.path == str(theirs)
        assert folder.read_stamped("inbox.json")[1] == b"{}"


def test_g2_a_folder_that_is_replaced_after_it_was_opened_is_still_the_one(
    theirs: Path, tmp_path: Path
) -> None:
    (tmp_path / "ours").mkdir()

    with Folder.open(theirs) as folder:
        theirs.rename(tmp_path / "away")
        theirs.symlink_to(tmp_path / "ours")
        folder.create("a.json", b"{}")
        folder.replace("b.json", b"{}")

    assert os.listdir(tmp_path / "ours") == []
    assert sorted(os.listdir(tmp_path / "away")) == ["a.json", "b.json", "inbox.json"]


def test_g2_a_pipe_is_never_waited_for(theirs: Path) -> None:
    os.mkfifo(theirs / "pipe")

    with Folder.open(theirs) as folder:
        with pytest.raises(OSError, match="not a regular file"):
            folder.read_stamped("pipe")
        with pytest.raises(OSError, match="not a regular file"), locked(folder, "pipe", 0):
            pass


def test_h9_a_file_written_by_another_program_since_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "inbox.json").write_text("{}")
    with Folder.open(tmp_path) as folder:
        before = folder.stamp("inbox.json")
        (tmp_path / "inbox.json").write_text("theirs")

        with pytest.raises(LockedError, match="written by a program that did not take"):
            folder.replace("inbox.json", b"ours", before=before)

    assert (tmp_path / "inbox.json").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["inbox.json"]


def test_the_lock_is_the_one_of_filelock(tmp_path: Path) -> None:
    from filelock import FileLock, Timeout

    with Folder.open(tmp_path) as folder:
        with (
            locked(folder, "lock", 0),
            pytest.raises(Timeout),
            FileLock(tmp_path / "lock", timeout=0),
        ):
            pass
        with FileLock(tmp_path / "lock"), pytest.raises(LockedError), locked(folder, "lock", 0.02):
            pass


def test_a_lock_file_that_was_replaced_while_waiting_is_taken_anew(tmp_path: Path) -> None:
    from filelock import FileLock

    lock = FileLock(tmp_path / "lock", thread_local=False)
    lock.acquire()

    def replace() -> None:
        (tmp_path / "lock").unlink()
        (tmp_path / "lock").touch()
        lock.release()

    timer = threading.Timer(0.1, replace)
    timer.start()
    with Folder.open(tmp_path) as folder, locked(folder, "lock", 10):
        timer.join()
        assert FileLock(tmp_path / "lock", timeout=0).is_locked is False
        with pytest.raises(LockedError), locked(folder, "lock", 0):
            pass
