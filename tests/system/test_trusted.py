"""Which files may be executed: those that only we, root, and trusted owners could have written."""

import os
import struct
from pathlib import Path

import pytest

from scheduled.errors import UnreadableFileError
from scheduled.system import owners
from scheduled.system.trusted import Trust, UntrustedError
from tests.builders import needs
from tests.builders.people import MALLORY, give


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file two folders down."""
    path = tmp_path / "etc" / "inner" / "job.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("command: true")
    return path


def test_a_file_of_ours_is_read_with_its_stamp(file: Path) -> None:
    stamp, data = Trust().read_stamped(file)

    assert (data, stamp[0]) == (b"command: true", 13)
    assert Trust().problems(file) == []


@pytest.mark.parametrize("up", [0, 1, 2], ids=["file", "folder", "folder-above"])
def test_g1_a_file_is_refused_if_it_or_a_folder_above_it_is_somebody_elses(
    file: Path, up: int
) -> None:
    needs.root()
    path = [file, *file.parents][up]
    os.chown(path, MALLORY, MALLORY)

    assert Trust().problems(file) == [f"{path}: {owners.not_ours(MALLORY)}"]
    with pytest.raises(UntrustedError, match="sudo -u 12345 scheduled"):
        Trust().read(file)


@pytest.mark.parametrize("up", [1, 2])
def test_g1_a_file_is_refused_if_others_can_replace_a_folder_above_it(file: Path, up: int) -> None:
    folder = file.parents[up - 1]
    folder.chmod(0o777)
    inside = [file, *file.parents][up - 1].name

    with pytest.raises(
        UntrustedError, match=f"others can replace {inside} in it; type: chmod go-w"
    ):
        Trust().read(file)

    folder.chmod(0o1777)
    assert Trust().read(file)


def test_g1_a_link_is_judged_by_all_folders_on_both_ways(file: Path, tmp_path: Path) -> None:
    (tmp_path / "way").mkdir()
    link = tmp_path / "way" / "job.yaml"
    link.symlink_to("../etc/inner/job.yaml")
    assert Trust().read(link) == b"command: true"

    (tmp_path / "way").chmod(0o777)
    assert "others can replace job.yaml" in Trust().problems(link)[0]

    (tmp_path / "way").chmod(0o755)
    file.parent.parent.chmod(0o777)
    assert "others can replace inner" in Trust().problems(link)[0]


def test_g1_a_link_of_somebody_else_in_a_sticky_folder_is_refused(file: Path) -> None:
    needs.root()
    shared = file.parent.parent
    shared.chmod(0o1777)
    link = shared / "link.yaml"
    link.symlink_to(file)
    assert Trust().problems(link) == []

    os.chown(link, MALLORY, MALLORY, follow_symlinks=False)

    assert Trust().problems(link) == [f"{link}: {owners.not_ours(MALLORY)}"]


def test_g1_a_hard_link_in_a_folder_where_everybody_can_make_one_is_refused(file: Path) -> None:
    shared = file.parent.parent
    shared.chmod(0o1777)
    (shared / "job.yaml").hardlink_to(file)

    assert Trust().problems(file) == []
    assert "a hard link, which anybody could have made" in Trust().problems(shared / "job.yaml")[0]
    shared.chmod(0o755)
    assert Trust().problems(shared / "job.yaml") == []


def test_g1_whoever_is_in_an_access_list_may_write_to_a_file(file: Path) -> None:
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 6, MALLORY), (4, 4, nobody), (16, 6, nobody), (32, 4, nobody)]
    listed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
    assert Trust().problems(file) == []

    os.setxattr(file, "system.posix_acl_access", struct.pack("<I", 2) + listed)

    assert Trust().problems(file) == [f"{file}: others can write to it; type: chmod go-w {file}"]


def test_links_that_lead_in_a_circle_are_said_to(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(UnreadableFileError, match="too many levels of symbolic links"):
        Trust().read(tmp_path / "a")


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(UnreadableFileError, match="not a regular file"):
        Trust().read(tmp_path / "pipe")


def test_g1_an_owner_who_is_trusted_may_own_files_and_folders(file: Path) -> None:
    needs.root()
    give(file.parents[1])

    assert Trust().and_of([str(MALLORY)]).read(file)
    assert Trust().and_of(["12346", "root"]).problems(file) != []
    with pytest.raises(ValueError, match="no user called nobody-of-that-name"):
        Trust().and_of(["nobody-of-that-name"])


def test_c4_a_group_may_write_only_if_the_owner_is_its_only_member(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.chmod(0o664)
    monkeypatch.setattr(owners, "_has_group_alone", lambda uid, gid: True)
    assert Trust().problems(file) == []

    file.chmod(0o666)
    assert "others can write to it" in Trust().problems(file)[0]

    file.chmod(0o664)
    monkeypatch.setattr(owners, "_has_group_alone", lambda uid, gid: False)
    assert "others can write to it" in Trust().problems(file)[0]


def test_c4_a_group_is_private_if_the_databases_say_so() -> None:
    import grp
    import pwd

    for user in pwd.getpwall():
        members = set(grp.getgrgid(user.pw_gid).gr_mem) | {
            other.pw_name for other in pwd.getpwall() if other.pw_gid == user.pw_gid
        }
        assert owners._has_group_alone(user.pw_uid, user.pw_gid) == (members == {user.pw_name})
    assert not owners._has_group_alone(MALLORY, MALLORY)


def test_g1_in_a_user_namespace_the_overflow_user_owns_mount_points_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.root()
    give(file.parents[1], 65534)
    monkeypatch.setattr(owners, "_overflow", lambda: 65534)
    assert Trust().problems(file) != []

    mounts = [str(path) for path in (file, *file.parents[:2])]
    monkeypatch.setattr(owners, "_is_mount_point", mounts.__contains__)
    assert Trust().problems(file) == []
