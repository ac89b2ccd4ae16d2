"""A file is rewritten, and nothing is lost that its own programs write to it meanwhile."""

import contextlib
import errno
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduled.system import linux, rewriting
from scheduled.system.folder import Folder, LinkError
from scheduled.system.rewriting import InUseError
from tests.builders import needs, people, soak
from tests.builders.beside import wait_for


def rewrite(path: Path, change: Callable[[bytes], bytes | None]) -> bool:
    with Folder.open(path.parent) as folder:
        return rewriting.rewrite(folder, path.name, change)


def cannot_exchange(*_: object) -> None:
    raise OSError(errno.EINVAL, "no")


@pytest.fixture(params=["swapped", "replaced"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file, where names can be swapped and where not."""
    if request.param == "replaced":
        monkeypatch.setattr(linux, "exchange", cannot_exchange)
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o604)
    return path


def test_content_is_replaced_and_nothing_else_is_left(file: Path) -> None:
    (file.parent / ".file.new").write_bytes(b"left by one that was killed")

    assert rewrite(file, lambda data: data + b" and new") is True

    assert file.read_bytes() == b"old and new"
    assert file.stat().st_mode & 0o777 == 0o604
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_nothing_is_written_where_nothing_changes(file: Path) -> None:
    before = file.stat()

    assert rewrite(file, lambda _: None) is False
    assert file.stat() == before


def test_what_replaces_the_file_meanwhile_stays(file: Path) -> None:
    def change(data: bytes) -> bytes:
        (file.parent / "beside").write_bytes(b"newer")
        os.replace(file.parent / "beside", file)
        return b"ours"

    with pytest.raises(InUseError):
        rewrite(file, change)

    assert file.read_bytes() == b"newer"
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_who_opens_it_meanwhile_waits_and_what_they_write_stays(file: Path) -> None:
    opened = threading.Event()

    def append() -> None:
        opened.set()
        with open(file, "ab") as stream:
            stream.write(b" and theirs")

    writer = threading.Thread(target=append)

    def change(data: bytes) -> bytes:
        writer.start()
        opened.wait()
        assert people.wait_for(lambda: waits_for_a_lease(file))
        return b"ours"

    with pytest.raises(InUseError):
        rewrite(file, change)

    writer.join()
    assert file.read_bytes() == b"old and theirs"


def waits_for_a_lease(file: Path) -> bool:
    """Whether somebody waits for a lease of the file to end."""
    number = file.stat().st_ino
    return any(
        "BREAKING" in line and f":{number} " in line
        for line in Path("/proc/locks").read_text().splitlines()
    )


def test_one_that_is_open_for_writing_is_refused(file: Path) -> None:
    with open(file, "ab"), pytest.raises(InUseError):
        rewrite(file, lambda _: b"ours")

    assert file.read_bytes() == b"old"


def test_one_that_is_removed_meanwhile_stays_removed(file: Path) -> None:
    def change(_: bytes) -> bytes:
        file.unlink()
        return b"ours"

    with pytest.raises(FileNotFoundError):
        rewrite(file, change)

    assert [*file.parent.iterdir()] == []


def test_no_replacement_by_another_program_is_ever_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, done, exchange = tmp_path / "file", threading.Event(), linux.exchange
    path.write_bytes(b"0")
    chance = random.Random(20261129)

    def slow_exchange(folder: int, name: str, other: str) -> None:
        exchange(folder, name, other)
        time.sleep(chance.uniform(0, 0.003))  # time enough for several others

    def keep_rewriting() -> None:
        while not done.is_set():
            with contextlib.suppress(InUseError):
                rewrite(path, lambda data: data)

    monkeypatch.setattr(linux, "exchange", slow_exchange)
    rewriter = threading.Thread(target=keep_rewriting)
    rewriter.start()
    try:
        for newest in range(soak.count(600, 6000)):
            (tmp_path / "beside").write_bytes(b"%d" % newest)
            os.replace(tmp_path / "beside", path)
            # Where it was swapped out for a moment it comes back.
            if newest % 3 == 2:
                wait_for(lambda: path.read_bytes() == b"%d" % newest)  # noqa: B023
    finally:
        done.set()
        rewriter.join()


def test_owner_and_access_list_stay(open_folder: Path) -> None:
    needs.root()
    path = open_folder / "file"
    path.write_bytes(b"old")
    people.give(path)
    for name in (b"user.note", b"system.posix_acl_access"):
        os.setxattr(path, name, ACCESS_LIST if name[:6] == b"system" else b"kept")

    assert rewrite(path, lambda _: b"new")

    assert path.stat().st_uid == people.MALLORY
    assert os.getxattr(path, "system.posix_acl_access") == ACCESS_LIST
    assert os.getxattr(path, "user.note") == b"kept"


ACCESS_LIST = bytes.fromhex(
    "02000000"  # the version
    "01000600ffffffff"  # the owner: rw
    "02000400e9030000"  # user 1001: r
    "04000400ffffffff"  # the group: r
    "10000400ffffffff"  # the mask
    "20000000ffffffff"  # others
)


def test_no_list_comes_from_the_default_of_the_directory(open_folder: Path) -> None:
    open_folder.chmod(0o755)
    path = open_folder / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    os.setxattr(open_folder, "system.posix_acl_default", ACCESS_LIST)

    assert rewrite(path, lambda _: b"new")

    assert "system.posix_acl_access" not in os.listxattr(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_is_refused(file: Path) -> None:
    (file.parent / "link").symlink_to(file)

    with pytest.raises(LinkError, match="a link, which is not followed"):
        rewrite(file.parent / "link", lambda _: b"ours")


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"old")

    assert rewrite(tmp_path / name, lambda _: b"new")
    assert (tmp_path / name).read_bytes() == b"new"
