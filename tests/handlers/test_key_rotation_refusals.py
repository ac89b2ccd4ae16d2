"""What key rotation refuses, before it changes anything: rings, files and params."""

import base64
import fcntl
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from scheduled.errors import ScheduledError, UsageError
from scheduled.handler import NotNow
from tests.builders import key_rings, needs, people
from tests.builders.command import scheduled
from tests.builders.configuration import written
from tests.builders.key_rings import Vault, vault

TEXTS = {"a.token": "alpha", "b.token": "beta"}
SECRET = base64.urlsafe_b64encode(bytes(range(32))).decode()


def refused(filled: Vault, month: int = 2, because: type[Exception] = ScheduledError) -> str:
    """What is said by a run that changes nothing."""
    before = content(filled.root)
    with pytest.raises(because) as caught:
        filled.rotate(month)
    assert content(filled.root) == before
    return str(caught.value)


def content(folder: Path) -> dict[str, object]:
    """Every file but the lock, and what is in it."""
    return {
        path.name: path.is_file() and (path.read_bytes(), path.lstat().st_mode)
        for path in folder.iterdir()
        if path.name != "ring.json.lock"
    }


# ---------------------------------------------------------------- files


def other_key(path: Path) -> None:
    path.write_bytes(Fernet(Fernet.generate_key()).encrypt(b"alpha"))


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def second_name(path: Path) -> None:
    path.with_name("elsewhere").hardlink_to(path)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (other_key, "not encrypted with a key of the ring"),
        (cut, "not encrypted with a key of the ring"),
        (lambda path: path.write_bytes(b""), "not encrypted with a key of the ring"),
        (lambda path: path.write_bytes(b"\xff\0" * 500), "not encrypted with a key of the ring"),
        (link, "a link, which is not followed"),
        (second_name, "a hard link: it has a second name"),
        (directory, "not a regular file"),
        (pipe, "not a regular file"),
    ],
)
def test_a_file_that_cannot_be_rotated_stops_all(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    filled = vault(tmp_path, TEXTS)
    damage(tmp_path / "a.token")

    said = refused(filled)

    assert said.startswith(f"{tmp_path}/a.token: {reason}")
    assert said.endswith("nothing was changed")


def test_a_missing_file_stops_all_but_a_pattern_may_find_none(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS, files=["a.token", "gone.token"])
    assert refused(filled) == "gone.token: no such file; nothing was changed"

    filled.params["files"] = ["a.token", "gone/*.token"]
    assert "gone: no such file or directory; nothing was changed" in refused(filled)

    filled.params["files"] = ["a.token", "*.none"]
    assert filled.rotate(2)["files_reencrypted"] == 1


def test_all_that_is_wrong_is_printed_and_the_first_of_it_told(tmp_path: Path) -> None:
    filled = vault(tmp_path, {f"{number}.token": "x" for number in range(9)})
    for path in tmp_path.glob("*.token"):
        cut(path)

    said = refused(filled)

    assert said.count("not encrypted") == 5
    assert "; and 4 more; nothing was changed" in said
    assert len([line for line in filled.lines if "not encrypted" in line]) == 9


def test_a_file_that_its_program_has_open_for_writing_is_left_alone(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)

    with open(tmp_path / "b.token", "rb+"):
        said = refused(filled)

    assert said == f"{tmp_path}/b.token: another program is writing to it; nothing was changed"
    assert filled.rotate(2)["files_reencrypted"] == 2


def test_an_ordinary_user_rotates_no_file_of_somebody_else(open_folder: Path) -> None:
    needs.root()
    filled = Vault(open_folder, files=["a.token"])
    os.chown(open_folder, people.NOBODY, people.NOBODY)
    assert people.as_nobody(lambda: filled.rotate(1)) == "done"
    filled.put("a.token", "alpha")  # by root
    (open_folder / "a.token").chmod(0o644)

    said = people.as_nobody(lambda: filled.rotate(2))

    assert f"{open_folder}/a.token: belongs to root; nothing was changed" in said


def test_a_directory_that_cannot_be_written_to_is_found_before(open_folder: Path) -> None:
    needs.root()
    filled = Vault(open_folder, files=["inside/a.token"])
    os.chown(open_folder, people.NOBODY, people.NOBODY)
    assert people.as_nobody(lambda: filled.rotate(1)) == "done"
    (open_folder / "inside").mkdir(mode=0o755)
    filled.put("inside/a.token", "alpha")
    people.give(open_folder / "inside" / "a.token", people.NOBODY)

    said = people.as_nobody(lambda: filled.rotate(2))

    assert "inside/a.token: its directory is not writable; nothing was changed" in said


# ---------------------------------------------------------------- rings


def test_no_ring_is_made_for_files_whose_key_is_not_known(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    filled.ring.unlink()
    filled.memory.clear()

    said = refused(filled)

    assert said.startswith(f"{filled.ring}: no such file, and {tmp_path}/a.token is there")
    assert not filled.ring.exists()


def test_no_ring_is_made_in_place_of_one_that_was_there(tmp_path: Path) -> None:
    filled = vault(tmp_path, {})
    filled.ring.unlink()

    assert "no such file, but there were; restore it from a backup" in refused(filled)


def test_no_database_key_is_made_for_databases_that_are_there(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    (tmp_path / "main.db").write_text("SQLite format 3")
    filled.params |= {"databases": ["main.db"], "rotate_database_keys": True}

    assert f"no database keys, and {tmp_path}/main.db is there" in refused(filled)


KEY = {"id": "mine", "key": SECRET}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty, expected JSON"),
        (f'{{"version": 1, "session": {SECRET}', "not JSON"),
        ("[]", "no key ring: version: expected a number"),
        ({"session": {}}, "no key ring: version: expected a number"),
        ({"version": 2, "session": {}}, "version 2 of key rings is not known here, only 1"),
        ({"version": 1, "session": SECRET}, "session: expected keys, a list of at least one"),
        ({"version": 1, "session": {"keys": []}}, "session: expected keys, a list of"),
        ({"version": 1, "session": {"keys": [SECRET]}}, "session.keys[0]: expected an id and a"),
        ({"version": 1, "session": {"keys": [{"key": SECRET}]}}, "session.keys[0]: expected an id"),
        (
            {"version": 1, "session": {"keys": [{"id": "a", "key": SECRET[:-9]}]}},
            "session.keys[0].key: not a Fernet key",
        ),
        ({"version": 1, "session": {"keys": [KEY, KEY]}}, "session.keys: two of them have the"),
        (
            {"version": 1, "session": {"keys": [KEY], "primary": SECRET}},
            "session.primary: expected",
        ),
        (
            {"version": 1, "session": {"keys": [{**KEY, "replaced": SECRET}], "primary": "mine"}},
            "session.keys[0].replaced: expected an instant",
        ),
        (
            {"version": 1, "session": {"keys": [KEY], "primary": "mine", "rotation": SECRET}},
            "session.rotation: expected a mapping",
        ),
    ],
)
def test_a_damaged_ring_is_left_as_it_is(tmp_path: Path, text: object, reason: str) -> None:
    filled = vault(tmp_path, TEXTS)
    filled.ring.write_text(text if isinstance(text, str) else json.dumps(text))

    said = refused(filled)

    assert f"{filled.ring}: {reason}" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda ring: ring.chmod(0o644), "others can use it; type: chmod 600 "),
        (lambda ring: ring.chmod(0o660), "others can use it; type: chmod 600 "),
        (link, "a link; name the file itself"),
        (second_name, "a hard link: it has a second name"),
        (directory, "not a regular file"),
        (lambda ring: ring.parent.chmod(0o777), "others can put files in it; type: chmod go-w "),
    ],
)
def test_a_ring_that_others_could_know_or_replace_is_refused(
    tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    filled = vault(tmp_path, TEXTS)
    change(filled.ring)

    assert reason in refused(filled)


def test_a_ring_of_somebody_else_is_refused(tmp_path: Path) -> None:
    needs.root()
    filled = vault(tmp_path, TEXTS)
    people.give(filled.ring)

    assert f"{filled.ring}: belongs to 12345; name a ring of your own" in refused(filled)


def test_a_damaged_file_of_old_keys_lets_no_key_leave(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    filled.rotate(2)
    (tmp_path / "ring.json.old").write_text("{")
    (tmp_path / "ring.json.old").chmod(0o600)

    with pytest.raises(ScheduledError, match=r"ring\.json\.old: not JSON"):
        filled.rotate(3)

    assert len(filled.ids()) == 3
    (tmp_path / "ring.json.old").unlink()
    assert filled.rotate(3)["keys_dropped"] == 1


def test_two_rotations_of_a_ring_exclude_each_other(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)

    with open(tmp_path / "ring.json.lock") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert refused(filled, because=NotNow).endswith("another rotation of its keys is under way")

    assert (tmp_path / "ring.json.lock").stat().st_mode & 0o777 == 0o600
    assert filled.rotate(2)["files_reencrypted"] == 2


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    assert refused(Vault(tmp_path, ring="none/ring.json")).startswith(f"{tmp_path}/none: no such")


# ---------------------------------------------------------------- params and packages


def test_database_keys_are_not_rotated_for_nothing(tmp_path: Path) -> None:
    filled = vault(tmp_path, TEXTS)
    filled.params["rotate_database_keys"] = True

    assert "no params.databases" in refused(filled, because=UsageError)
    filled.params["databases"] = ["./b.token"]
    assert "b.token is one of params.files, too" in refused(filled, because=UsageError)


def test_without_cryptography_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = vault(tmp_path, TEXTS)
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)

    assert refused(filled, because=UsageError).endswith("pip install 'scheduled-cron[keys]'")


def test_a_wrong_param_is_named_when_the_configuration_is_read(root: Path) -> None:
    written(root, f"jobs:\n  {key_rings.JOB}: {{params: {{files: secret, overlap: 3}}}}\n")

    said = scheduled(root, "config", "validate")

    assert said.code == 2
    assert "params.files: " in said.err + said.out
    assert "overlap: unknown param; did you mean overlap_days?" in said.err + said.out


def test_it_is_off_until_it_is_enabled_and_then_says_what_it_needs(root: Path) -> None:
    assert key_rings.JOB not in scheduled(root, "list").out
    scheduled(root, "enable", key_rings.JOB)

    assert key_rings.JOB in scheduled(root, "list").out
    said = scheduled(root, "trigger", key_rings.JOB)
    assert "no key ring: give security.key_rotation params.ring" in said.out + said.err
    assert said.code == 75
