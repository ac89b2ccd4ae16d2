import os
from pathlib import Path

import pytest

from scheduled.system import stamp_cache
from scheduled.system.files import stamp_of
from scheduled.system.stamp_cache import StampCache

LONG_AGO = 1_700_000_000


def aged(path: Path, text: str = "text") -> Path:
    path.write_text(text)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def remembered(cache_file: Path, path: Path, facts: list[object]) -> None:
    cache = StampCache(cache_file)
    cache.remember(str(path), stamp_of(path.stat()), facts)
    cache.save()


def recalled(cache_file: Path, path: Path) -> list[object] | None:
    return StampCache(cache_file).unchanged(str(path))


@pytest.fixture
def cache_file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "some.sweep"


def test_facts_of_an_unchanged_file_are_recalled(tmp_path: Path, cache_file: Path) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1, "two", None])

    assert recalled(cache_file, path) == [1, "two", None]


def test_another_size_mtime_or_inode_each_make_a_file_changed(
    tmp_path: Path, cache_file: Path
) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1])

    aged(path, "longer text")
    assert recalled(cache_file, path) is None

    path.write_text("text")
    os.utime(path, (LONG_AGO, LONG_AGO + 1))
    assert recalled(cache_file, path) is None

    aged(tmp_path / "b").rename(path)
    assert recalled(cache_file, path) is None


def test_a_file_as_young_as_the_sweep_is_not_remembered(tmp_path: Path, cache_file: Path) -> None:
    path = tmp_path / "a"
    path.write_text("it may change again within the same tick of the clock")
    remembered(cache_file, path, [1])

    assert recalled(cache_file, path) is None


def test_what_is_not_asked_for_again_is_forgotten(tmp_path: Path, cache_file: Path) -> None:
    a, b = aged(tmp_path / "a"), aged(tmp_path / "b")
    remembered(cache_file, a, [1])
    remembered(cache_file, b, [2])

    assert recalled(cache_file, a) is None
    assert recalled(cache_file, b) == [2]


def test_an_unchanged_sweep_writes_nothing(tmp_path: Path, cache_file: Path) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1])
    before = cache_file.stat()

    cache = StampCache(cache_file)
    cache.unchanged(str(path))
    cache.save()

    after = cache_file.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_a_sweep_that_learned_little_appends_it(tmp_path: Path, cache_file: Path) -> None:
    paths = [aged(tmp_path / str(number)) for number in range(20)]
    cache = StampCache(cache_file)
    for path in paths:
        cache.remember(str(path), stamp_of(path.stat()), [1])
    cache.save()
    first = cache_file.read_bytes()

    aged(paths[0], "changed")
    aged(paths[1], "changed")
    cache = StampCache(cache_file)
    found = [cache.unchanged(str(path)) for path in paths]
    cache.remember(str(paths[0]), stamp_of(paths[0].stat()), [2])
    cache.save()

    assert found == [None, None] + [[1]] * 18
    assert cache_file.read_bytes().startswith(first)
    assert [recalled(cache_file, path) for path in paths] == [[2], None] + [[1]] * 18


def test_a_line_that_was_torn_by_a_crash_costs_what_it_held(
    tmp_path: Path, cache_file: Path
) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1])
    with cache_file.open("ab") as stream:
        stream.write(cache_file.read_bytes()[:-5])

    assert recalled(cache_file, path) == [1]
    remembered(cache_file, path, [2])
    assert recalled(cache_file, path) == [2]


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty", "foreign", "older version"])
def test_a_damaged_cache_is_the_same_as_none(
    tmp_path: Path, cache_file: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1])
    data = cache_file.read_bytes()
    damaged = {
        "torn": data[:-5],
        "flipped": data.replace(b",1]", b",7]"),
        "empty": b"",
        "foreign": b'{"files": {}}',
        "older version": data,
    }
    cache_file.write_bytes(damaged[damage])
    if damage == "older version":
        monkeypatch.setattr(stamp_cache, "VERSION", stamp_cache.VERSION + 1)

    assert recalled(cache_file, path) is None
    remembered(cache_file, path, [2])
    assert recalled(cache_file, path) == [2]


def test_a_cache_that_cannot_be_kept_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    path = aged(tmp_path / "a")

    remembered(tmp_path / "cache" / "some.sweep", path, [1])

    assert recalled(tmp_path / "cache" / "some.sweep", path) is None


def test_names_in_an_unchanged_folder_are_not_listed_again(
    tmp_path: Path, cache_file: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("b", "a", "other"):
        (folder / name).touch()
    os.utime(folder, (LONG_AGO, LONG_AGO))
    cache = StampCache(cache_file)
    assert cache.names(str(folder), lambda name: name != "other") == ["a", "b"]
    cache.save()

    def never(name: str) -> bool:
        raise AssertionError(name)

    assert StampCache(cache_file).names(str(folder), never) == ["a", "b"]
    (folder / "c").touch()
    assert StampCache(cache_file).names(str(folder), len) == ["a", "b", "c", "other"]  # type: ignore[arg-type]


def test_with_another_key_nothing_is_known(tmp_path: Path, cache_file: Path) -> None:
    path = aged(tmp_path / "a")
    cache = StampCache(cache_file, {"version": 1})
    cache.remember(str(path), stamp_of(path.stat()), [1])
    cache.save()

    assert StampCache(cache_file, {"version": 1}).unchanged(str(path)) == [1]
    assert StampCache(cache_file, {"version": 2}).unchanged(str(path)) is None
    assert StampCache(cache_file).rows() == {}


def test_a_private_cache_that_others_can_write_to_is_ignored(
    tmp_path: Path, cache_file: Path
) -> None:
    path = aged(tmp_path / "a")
    remembered(cache_file, path, [1])

    assert StampCache(cache_file, private=True).unchanged(str(path)) == [1]
    cache_file.chmod(0o666)
    assert StampCache(cache_file, private=True).unchanged(str(path)) is None
    assert StampCache(cache_file).unchanged(str(path)) == [1]


def test_a_young_file_is_kept_where_its_reader_asks_for_it(
    tmp_path: Path, cache_file: Path
) -> None:
    path = tmp_path / "a"
    path.write_text("new")
    cache = StampCache(cache_file)
    cache.keep(str(path), stamp_of(path.stat()), [1])
    cache.save()

    assert recalled(cache_file, path) == [1]
