"""Which file system a directory is on, and whether its locks keep out other hosts."""

from pathlib import Path

import pytest

from scheduled.system import file_systems

BOOTED = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k,mode=755
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw
27 1 0:50 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/a,upperdir=/b
"""
NFS = "nas:/export"
REFUSED = {
    "fuse.sshfs": ("fuse.sshfs", "me@nas:/state", "rw,user_id=0"),
    "fuse.bindfs": ("fuse.bindfs", "/srv/state", "rw"),
    "bindfs without its name": ("fuse", "/srv/state", "rw,user_id=0,allow_other"),
    "nfs nolock": ("nfs", NFS, "rw,vers=3,hard,nolock,proto=tcp,local_lock=none"),
    "nfs all": ("nfs", NFS, "rw,vers=3,hard,local_lock=all,addr=10.0.0.1"),
    "nfs4 flock": ("nfs4", NFS, "rw,vers=4.2,local_lock=flock"),
    "nfs4 posix": ("nfs4", NFS, "rw,vers=4.2,local_lock=posix"),
    "cifs": ("cifs", "//nas/state", "rw,vers=3.1.1,nobrl,uid=0"),
    "smb3": ("smb3", "//nas/state", "rw,nobrl"),
}
USED = {
    "nfs": ("nfs", NFS, "rw,vers=3,hard,proto=tcp,mountproto=tcp,local_lock=none"),
    "nfs4": ("nfs4", NFS, "rw,vers=4.2,local_lock=none"),
    "cifs": ("cifs", "//nas/nobrl", "rw,vers=3.1.1"),
    "another fuse": ("fuse.gocryptfs", "/srv/cipher", "rw"),
    "tmpfs": ("tmpfs", "fuse.sshfs", "rw"),
    "server": ("fuse", "/dev/fuse", "rw"),
}


@pytest.fixture(autouse=True)
def mountinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of mounts, on a machine without disks."""
    path = tmp_path / "mountinfo"
    path.write_text(BOOTED)
    monkeypatch.setattr(file_systems, "MOUNTS", path)
    monkeypatch.setattr(file_systems, "_is_on_a_disk", lambda _: False)
    return path


def line(id_: int, parent: int, point: str, mount: tuple[str, str, str], optional: str = "") -> str:
    kind, source, options = mount
    return f"{id_} {parent} 0:{id_} / {point} rw,nosuid{optional} - {kind} {source} {options}\n"


@pytest.mark.parametrize("mount", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("optional", ["", " shared:12 master:3"])
def test_a_file_system_that_is_known_not_to_lock_is_named(
    mountinfo: Path, mount: tuple[str, str, str], optional: str
) -> None:
    mountinfo.write_text(BOOTED + line(40, 27, "/srv/state", mount, optional))

    problem = file_systems.lock_problem("/srv/state/deeper")

    assert problem.startswith(f"it is on {mount[0]} ({mount[1]}")
    assert file_systems.lock_problem("/srv/statement") == ""
    assert file_systems.lock_problem("/srv") == ""


@pytest.mark.parametrize("mount", USED.values(), ids=USED)
def test_any_other_is_used(mountinfo: Path, mount: tuple[str, str, str]) -> None:
    mountinfo.write_text(
        BOOTED + line(40, 27, "/srv/state", mount) + line(41, 27, "/x", USED["nfs"])
    )

    assert file_systems.lock_problem("/srv/state/deeper") == ""


def test_what_is_mounted_below_or_over_it_counts(mountinfo: Path) -> None:
    bad, good = REFUSED["nfs nolock"], ("tmpfs", "tmpfs", "rw")
    over = line(40, 27, "/a", bad) + line(41, 40, "/a", good)
    below = line(42, 27, "/b", bad) + line(43, 42, "/b/local", good)
    inside = line(44, 27, "/c", good) + line(45, 44, "/c/far", bad)
    hidden = line(46, 27, "/d/e", bad) + line(47, 27, "/d", good)
    mountinfo.write_text(over + below + inside + hidden + BOOTED)

    found = {
        path: bool(file_systems.lock_problem(path))
        for path in ("/a/x", "/b/x", "/b/local/x", "/c/x", "/c/far/x", "/d/e/x", "/x")
    }

    assert [path for path, is_bad in found.items() if is_bad] == ["/b/x", "/c/far/x"]


def test_names_are_written_with_octal_escapes(mountinfo: Path) -> None:
    bad = ("fuse.sshfs", r"nas:/a\040b", "rw")
    mountinfo.write_text(BOOTED + line(40, 27, r"/srv/my\040state\134\011x", bad))

    assert file_systems.lock_problem("/srv/my state\\\tx/y").startswith(
        "it is on fuse.sshfs (nas:/a b)"
    )
    assert file_systems.lock_problem("/srv/my") == ""


@pytest.mark.parametrize("text", ["", "nonsense\n", "1 2 3 4 - nfs\n - nfs a b\n", "\0" * 50])
def test_a_table_that_cannot_be_understood_refuses_nothing(mountinfo: Path, text: str) -> None:
    mountinfo.write_text(text)

    assert file_systems.lock_problem("/srv/state") == ""


def test_a_table_without_the_mounts_above_counts_all_the_same(mountinfo: Path) -> None:
    mountinfo.write_text(BOOTED + line(40, 9, "/srv/state", REFUSED["cifs"]))

    assert file_systems.lock_problem("/srv/state") != ""
