"""The identity of a root, from which its places are named."""

import hashlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.installation import identity


def hashed(path: bytes) -> str:
    return hashlib.sha256(path).hexdigest()[:8]


@pytest.mark.parametrize(
    ("root", "name"),
    [
        (b"/srv/backup", "backup"),
        (b"/srv/My Files (1)", "My_Files__1_"),
        ("/srv/größe".encode(), "gr__e"),
        (b"/srv/caf\xe9", "caf_"),
        (b"/srv/a\nb;$(c)", "a_b___c_"),
        (b"/", "root"),
    ],
)
def test_a1_a_root_is_named_after_its_folder_and_a_hash_of_its_path(root: bytes, name: str) -> None:
    assert identity.name_of(Path(os.fsdecode(root))) == f"{name}-{hashed(root)}"


def test_a1_links_and_trailing_slashes_make_no_difference(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    paths = [f"{root}/", f"{tmp_path}/link", f"{tmp_path}/link/", f"{tmp_path}/./root/../root"]

    assert {identity.name_of(Path(path)) for path in paths} == {identity.name_of(root)}


def test_a1_a_root_that_is_deleted_and_created_again_keeps_its_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    before = identity.name_of(root)
    root.rmdir()
    between = identity.name_of(root)
    root.mkdir()

    assert {before, between} == {identity.name_of(root)}


@given(st.lists(st.binary(min_size=1, max_size=255), min_size=2, max_size=2, unique=True))
def test_a1_any_two_folders_have_names_that_differ_and_are_safe(names: list[bytes]) -> None:
    roots = {b"/nowhere/" + name.replace(b"/", b"-").replace(b"\0", b"-") for name in names}
    roots = {root for root in roots if root.rpartition(b"/")[2] not in (b".", b"..")}

    given_names = {identity.name_of(Path(os.fsdecode(root))) for root in roots}

    assert len(given_names) == len(roots)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,209}", name) for name in given_names)
