"""Key rotation: a new primary key, files that follow it, and old keys that leave in time."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from scheduled.handler import Incomplete, Skip
from scheduled.jobs.model import Outcome
from scheduled.system import linux, rewriting
from scheduled.system.folder import Folder
from scheduled.testing import Trial
from tests.builders import disks, needs
from tests.builders.key_rings import Vault, vault

HANDLER = "scheduled.handlers.maintenance.key_rotation"
TEXTS = {"a.token": "alpha", "b.token": "beta", "c.token": "gamma"}


def texts(vault: Vault) -> dict[str, str]:
    return {name: vault.get(name) for name in TEXTS}


def is_primary(vault: Vault, name: str, purpose: str = "session") -> bool:
    """Whether the primary key alone decrypts a file."""
    key = vault.document()[purpose]["keys"][0]["key"]
    return bool(Fernet(key).decrypt((vault.root / name).read_bytes()))


def test_the_first_run_makes_a_ring_of_its_owner_alone(tmp_path: Path) -> None:
    empty = Vault(tmp_path)

    assert empty.rotate(1)["session_keys_rotated"] == "created"
    assert len(empty.ids()) == 1
    assert empty.ring.stat().st_mode & 0o777 == 0o600
    assert empty.document()["session"]["primary"] == empty.ids()[0]


def test_files_follow_the_new_primary_key(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    before = filled.ids()

    result = filled.rotate(2)

    assert result == {
        "session_keys_rotated": True,
        "database_key_rotated": "skipped (disabled)",
        "files_reencrypted": 3,
        "keys_dropped": 0,
    }
    assert filled.ids()[1:] == before
    assert texts(filled) == TEXTS
    assert all(is_primary(filled, name) for name in TEXTS)


def test_an_old_key_leaves_after_the_overlap_and_is_kept_beside_the_ring(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    first = filled.ids()
    copy = (tmp_path / "a.token").read_bytes()
    filled.rotate(2)

    assert filled.rotate(3)["keys_dropped"] == 1

    assert len(filled.ids()) == 2
    assert filled.ids(name="ring.json.old") == first
    assert (tmp_path / "ring.json.old").stat().st_mode & 0o777 == 0o600
    filled.rotate(4)
    old = filled.document("ring.json.old")["session"]["keys"]
    assert len(old) == 2
    assert MultiFernet([Fernet(key["key"]) for key in old]).decrypt(copy) == b"alpha"


def test_within_the_overlap_no_key_leaves(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS, overlap_days=40)
    copy = (tmp_path / "a.token").read_bytes()

    dropped = [filled.rotate(month)["keys_dropped"] for month in (2, 3, 4)]

    assert dropped == [0, 0, 1]
    keys = [Fernet(key["key"]) for key in filled.document()["session"]["keys"]]
    assert len(keys) == 3
    with pytest.raises(InvalidToken):
        MultiFernet(keys).decrypt(copy)


def test_without_a_backup_a_key_that_leaves_is_gone(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS, backup_old_keys=False)

    assert [filled.rotate(month)["keys_dropped"] for month in (2, 3)] == [0, 1]
    assert not (tmp_path / "ring.json.old").exists()


def test_databases_have_keys_of_their_own(tmp_path: Path) -> None:
    both = {"databases": ["*.db"], "rotate_database_keys": True}
    filled = vault(tmp_path, {"a.token": "alpha", "main.db": "rows"}, **both)

    result = filled.rotate(2)

    assert result["session_keys_rotated"] is result["database_key_rotated"] is True
    assert not {*filled.ids()} & {*filled.ids("database")}
    assert (filled.get("a.token"), filled.get("main.db", "database")) == ("alpha", "rows")
    filled.params["rotate_session_keys"] = False
    before = filled.ids(), filled.ids("database")
    assert filled.rotate(3)["session_keys_rotated"] == "skipped (disabled)"
    assert (filled.ids(), filled.ids("database")[1:]) == (before[0], before[1][:1])


def test_a_rotation_of_the_same_slot_makes_no_second_key(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    filled.rotate(2)
    ids = filled.ids()

    assert filled.rotate(2)["session_keys_rotated"] is True
    assert filled.ids() == ids
    filled.rotate(2, by_hand=True)
    assert filled.ids()[1:] == ids


def test_the_age_of_a_token_mode_owner_and_newline_stay(tmp_path: Path) -> None:
    filled = vault(tmp_path, {"a.token": "alpha"})
    file, cipher = tmp_path / "a.token", Fernet(filled.secrets()[0])
    file.write_bytes(cipher.encrypt_at_time(b"alpha", 1_000_000_000) + b"\n")
    file.chmod(0o640)
    os.setxattr(file, "user.note", b"kept")
    owner = (1234, 5678) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(file, *owner)

    filled.rotate(2)

    status, token = file.stat(), file.read_bytes()
    assert token.endswith(b"\n")
    assert Fernet(filled.secrets()[0]).extract_timestamp(token) == 1_000_000_000
    assert (status.st_mode & 0o777, status.st_uid, status.st_gid) == (0o640, *owner)
    assert os.getxattr(file, "user.note") == b"kept"


def test_a_ring_with_keys_of_somebodys_own_is_taken_up(tmp_path: Path) -> None:
    own = Vault(tmp_path)
    key = Fernet.generate_key()
    (tmp_path / "a.token").write_bytes(Fernet(key).encrypt(b"alpha"))
    keys = [{"id": "mine", "key": key.decode(), "note": "by hand"}]
    own.ring.write_text(
        json.dumps({"version": 1, "session": {"primary": "mine", "keys": keys}, "for": "me"})
    )
    own.ring.chmod(0o640)

    own.rotate(2)

    assert own.get("a.token") == "alpha"
    assert own.ids()[1:] == ["mine"]
    assert own.document()["for"] == "me"
    assert own.document()["session"]["keys"][1]["note"] == "by hand"
    assert own.ring.stat().st_mode & 0o777 == 0o640


def test_a_ring_without_files_is_rotated_as_well(tmp_path: Path) -> None:
    bare = Vault(tmp_path, files=[])

    results = [bare.rotate(month)["session_keys_rotated"] for month in (1, 2, 3)]

    assert results == ["created", True, True]
    assert len(bare.ids()) == 2


def test_a_full_disk_leaves_all_readable_and_the_next_run_goes_on(tmp_path: Path) -> None:
    for disk in disks.mounted(tmp_path / "disk"):
        many = {f"{number}.token": "x" * 4000 for number in range(8)}
        filled = vault(disk.folder, many)
        filled.rotate(2)
        disk.fill(spare=1)  # enough for a ring, not for a file

        with pytest.raises(
            Incomplete, match=r"no space left on device.*no key was dropped"
        ) as full:
            filled.rotate(3)
        assert full.value.result["session_keys_rotated"] is False
        ids = filled.ids()
        assert len(ids) == 3  # the first one would have left
        assert {name: filled.get(name) for name in many} == many
        assert sorted(disk.folder.glob(".*")) == []

        disk.free()
        assert filled.rotate(4)["session_keys_rotated"] is True
        assert filled.ids() == ids[:2]  # the new key is that of the run before
        assert {name: filled.get(name) for name in many} == many


def test_one_file_that_cannot_be_written_keeps_every_key(tmp_path: Path) -> None:
    for disk in disks.mounted(tmp_path / "disk"):
        filled = vault(tmp_path, {"a.token": "alpha", "disk/b.token": "beta"})
        filled.params["files"] = ["*.token", "disk/*.token"]
        filled.rotate(2)
        disk.fill()

        with pytest.raises(Incomplete, match=r"disk/b\.token: no space left on") as one:
            filled.rotate(3)

        assert one.value.result["files_reencrypted"] == 1
        assert len(filled.ids()) == 3  # the first one would have left
        assert (filled.get("a.token"), filled.get("disk/b.token")) == ("alpha", "beta")
        assert is_primary(filled, "a.token")
        disk.free()
        assert filled.rotate(4)["keys_dropped"] == 1


@pytest.mark.parametrize("times", [1, 99])
def test_a_file_that_is_written_with_an_old_key_meanwhile_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    filled = vault(tmp_path, {"a.token": "alpha"})
    old, rewrite, written = Fernet(filled.secrets()[0]), rewriting.rewrite, 0

    def rewritten(folder: Folder, name: str, change: Callable[[bytes], bytes | None]) -> bool:
        nonlocal written
        is_changed = rewrite(folder, name, change)
        if is_changed and written < times:  # its program has read the ring long ago
            (tmp_path / name).write_bytes(old.encrypt(b"newer"))
            written += 1
        return is_changed

    monkeypatch.setattr(rewriting, "rewrite", rewritten)
    if times == 1:
        assert filled.rotate(2)["files_reencrypted"] == 2
        assert is_primary(filled, "a.token")
    else:
        with pytest.raises(Incomplete, match="written with an old key again and again"):
            filled.rotate(2)
    assert filled.get("a.token") == "newer"
    assert len(filled.ids()) == 2


def test_each_step_is_on_the_disk_before_the_next_one_relies_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = vault(tmp_path, {"a.token": "alpha"})
    filled.rotate(2)
    calls: list[str] = []
    fsync, rename, exchange = os.fsync, os.rename, linux.exchange

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        calls.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")

    def renamed(name: str, new: str, **folders: int) -> None:
        rename(name, new, **folders)
        calls.append(f"rename {new}")

    def exchanged(folder: int, name: str, other: str) -> None:
        exchange(folder, name, other)
        calls.append(f"exchange {other}")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(linux, "exchange", exchanged)
    filled.rotate(3)

    ring = ["sync .ring.json.new", "rename ring.json", f"sync {tmp_path.name}"]
    file = ["sync .a.token.new", "exchange a.token", f"sync {tmp_path.name}"]
    old = ["sync .ring.json.old.new", "rename ring.json.old", f"sync {tmp_path.name}"]
    assert calls == [*ring, *file, *ring, *old, *ring]


@pytest.mark.parametrize("is_newer", [True, False])
def test_what_a_killed_run_had_swapped_out_comes_back_if_it_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_newer: bool
) -> None:
    filled = vault(tmp_path, {"a.token": "alpha"})
    written = Fernet(filled.secrets()[0]).encrypt_at_time(b"newer", int(time.time()) + 60)
    exchange = linux.exchange

    def exchanged_and_killed(folder: int, name: str, other: str) -> None:
        if is_newer:  # its program writes just before
            (tmp_path / "a.token").write_bytes(written)
        exchange(folder, name, other)
        os._exit(9)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(linux, "exchange", exchanged_and_killed)
        filled.rotate(2)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert filled.get("a.token") == "alpha"

    filled.rotate(3)

    assert filled.get("a.token") == ("newer" if is_newer else "alpha")
    assert is_primary(filled, "a.token")
    assert not (tmp_path / ".a.token.new").exists()


def test_what_a_killed_run_has_left_is_no_listed_file(tmp_path: Path) -> None:
    filled = vault(tmp_path, {".a": "alpha"}, files=[".a*", ".*.new"])
    (tmp_path / "..a.new").write_text("torn")

    assert filled.rotate(2)["files_reencrypted"] == 1
    assert filled.get(".a") == "alpha"


def test_the_overlap_may_be_longer_than_there_are_dates(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS, overlap_days=999_999)

    assert [filled.rotate(month)["keys_dropped"] for month in (2, 3)] == [0, 0]


def test_nothing_configured_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(Skip, match=r"params\.ring"):
        Vault(tmp_path, ring="").rotate(1)
    with pytest.raises(Skip, match="both false"):
        Vault(tmp_path, rotate_session_keys=False).rotate(1)
    assert [*tmp_path.iterdir()] == []


def test_no_key_is_printed_or_kept_in_the_state(trial: Trial) -> None:
    params = {"ring": "ring.json", "files": ["*.token"], "overlap_days": 0.0001}
    filled, results = Vault(trial.root, **params), []
    trial.schedule = "0 1 1 * *"
    for _ in range(4):
        results.append(trial.run(HANDLER, params=params))
        filled.put("a.token", "alpha")

    (trial.root / "a.token").write_text("no token")
    results.append(trial.run(HANDLER, params=params))

    assert [each.outcome for each in results] == [*[Outcome.SUCCEEDED] * 4, Outcome.FAILED]
    assert results[3].result is not None
    assert results[3].result["keys_dropped"] == 1
    assert "a.token: not encrypted with a key of the ring; nothing was changed" in results[4].error
    kept = b"".join(path.read_bytes() for path in trial.state_dir.rglob("*") if path.is_file())
    assert b"files re-encrypted" in kept
    for secret in filled.secrets():
        assert secret.encode() not in kept
        assert secret not in "".join(f"{each}" for each in results)


def test_root_rotates_files_of_others(tmp_path: Path) -> None:
    needs.root()
    filled = vault(tmp_path, TEXTS)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.replace(tmp_path / "a.token", theirs / "a.token")
    for path in (theirs, theirs / "a.token"):
        os.chown(path, 1234, 1234)
    filled.params["files"] = ["theirs/*", "*.token"]

    filled.rotate(2)

    assert filled.get("theirs/a.token") == "alpha"
    assert (theirs / "a.token").stat().st_uid == 1234
