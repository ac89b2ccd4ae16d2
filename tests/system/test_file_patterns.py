"""Which files a pattern finds, and which it does not."""

from pathlib import Path

import pytest

from scheduled.errors import UsageError
from scheduled.system.file_patterns import Search


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
