"""Folders that are kept open: what is found in them is the same as from `/` on."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.system.folder import Folder
from scheduled.system.open_folders import OpenFolders
from tests.builders import needs
from tests.builders.people import as_nobody

PATHS = ("a/one", "a/two", "a/two/inner", "a/link", "a", "b/one", "a/two/../one", "gone", "a/file")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folders")
    for path in ("a/one", "a/two/inner", "b/one", "c/aim"):
        (root / path).mkdir(parents=True)
        (root / path / "text").write_text(path)
    (root / "a/link").symlink_to("../c/aim")
    (root / "a/file").write_text("a file")
    return root


def outcome(path: str, folders: OpenFolders | None) -> object:
    try:
        if folders is None:
            with Folder.open(path) as folder:
                return folder.path, sorted(folder.names()), Folder.read_path(f"{path}/text")
        folder = folders.folder(path)
        return folder.path, sorted(folder.names()), folders.read(f"{path}/text")
    except OSError as error:
        return error.errno


@given(st.lists(st.sampled_from(PATHS), max_size=8))
def test_in_any_order_each_is_found_as_if_it_was_the_first(root: Path, asked: list[str]) -> None:
    before = os.listdir("/proc/self/fd")

    with OpenFolders() as folders:
        for path in asked:
            assert outcome(f"{root}/{path}", folders) == outcome(f"{root}/{path}", None)

    assert os.listdir("/proc/self/fd") == before


def test_what_is_in_a_folder_that_cannot_be_listed_is_reached_by_its_name(
    open_folder: Path,
) -> None:
    needs.root()
    folder = open_folder / "closed"
    folder.mkdir()
    (folder / "text").write_text("read")
    open_folder.chmod(0o755)
    folder.chmod(0o311)

    def read() -> None:
        with OpenFolders() as folders:
            with pytest.raises(PermissionError):
                folders.folder(str(folder)).names()
            assert folders.read(f"{folder}/text")[1] == b"read"

    told = as_nobody(read)

    folder.chmod(0o755)
    assert told == "done"
