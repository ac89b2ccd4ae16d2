"""Which files a pattern finds, and which it does not."""

import os
from pathlib import Path

import pytest

from scheduled.errors import UsageError
from scheduled.system.file_patterns import Search
from tests.builders import needs, people


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("a.log", "b.log", ".hidden.log", "one/a.log", "one/two/a.log", ".dot/a.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.log", ["a.log"]),
        ("*.log", ["a.log", "b.log"]),
        ("[!b].log", ["a.log"]),
        ("?.l*", ["a.log", "b.log"]),
        (".*.log", [".hidden.log"]),
        ("*/a.log", ["one/a.log"]),
        ("**/a.log", ["a.log", "one/a.log", "one/two/a.log"]),
        ("one/**", ["one/a.log", "one/two", "one/two/a.log"]),
        ("one/../b.log", ["b.log"]),
        ("one//a.log", ["one/a.log"]),
        ("none.log", []),
        ("a.log/*", None),
    ],
)
def test_a_pattern_means_what_it_means_in_a_shell(
    base: Path, pattern: str, names: list[str] | None
) -> None:
    try:
        found = Search(pattern, base).paths()
    except UsageError:
        assert names is None
    else:
        assert [str(Path(path).relative_to(base)) for path in found] == names


def test_what_is_nested_too_deep_is_named(base: Path) -> None:
    path = base
    for _ in range(40):
        path /= "d"
    path.mkdir(parents=True)
    search = Search("d/**/a.log", base)

    assert search.paths() == []
    (problem,) = search.problems
    assert problem.endswith("/d: more than 32 directories deep")


def test_a_directory_that_cannot_be_read_is_named_and_the_others_are_searched(
    open_folder: Path,
) -> None:
    needs.root()
    for name in ("shut", "open"):
        (open_folder / name).mkdir()
        (open_folder / name / "a.log").touch()
    (open_folder / "shut").chmod(0o700)

    def search() -> None:
        found = Search("*/*.log", open_folder)
        raise RuntimeError(*found.paths(), *found.problems)

    said = people.as_nobody(search)

    assert f"'{open_folder}/open/a.log'" in said
    assert f"'{open_folder}/shut: permission denied'" in said
    assert "shut/a.log" not in said


def test_a_directory_whose_names_cannot_be_listed_is_named(open_folder: Path) -> None:
    needs.root()
    shut = open_folder / "logs/shut"
    shut.mkdir(parents=True)
    shut.chmod(0o711)  # to pass through, not to list

    def search(pattern: str) -> None:
        found = Search(pattern, open_folder)
        raise RuntimeError(*found.paths(), *found.problems)

    assert f"{shut}: permission denied" in people.as_nobody(lambda: search("logs/shut/*.log"))
    assert f"{shut}: permission denied" in people.as_nobody(lambda: search("logs/*/*.log"))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.log", ["x[ab]/a.log"]),
        ("a.log", ["x[ab]/a.log"]),
        ("./one/../*.log", ["x[ab]/a.log"]),
        ("one/*.log", ["x[ab]/one/b.log"]),
        ("**/?.log", ["x[ab]/a.log", "x[ab]/one/b.log"]),
        ("~/*.log", ["x[ab]/a.log"]),
        ("~", ["x[ab]"]),
        (".", ["x[ab]"]),
        ("..", [""]),
        ("../x?/*.log", ["xa/a.log"]),
        ("../x[ab]/*.log", ["xa/a.log"]),
    ],
)
def test_what_the_base_or_the_home_is_called_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, names: list[str]
) -> None:
    for name in ("x[ab]/a.log", "x[ab]/one/b.log", "xa/a.log", "xa/one/b.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("HOME", str(tmp_path / "x[ab]"))

    found = Search(pattern, tmp_path / "x[ab]").paths()

    assert found == [os.path.join(tmp_path, name).rstrip("/") for name in names]
