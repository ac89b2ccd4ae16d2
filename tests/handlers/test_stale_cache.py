"""Bytecode below projects: found, and deleted only where and when it is meant."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handlers.gaia import stale_cache
from scheduled.errors import UsageError
from scheduled.handler import params
from tests.builders import needs, people
from tests.builders.project_sweeps import NOW, context
from tests.builders.repositories import registry

DAY = 24 * 3600


def stale(root: Path, **given: Any) -> dict[str, Any]:
    return stale_cache.run(context(root, **given))


def compiled(folder: Path, *names: str, age: float = 0) -> Path:
    """A folder `__pycache__` with files of ten bytes, last modified some seconds before NOW."""
    cache = folder / "__pycache__"
    cache.mkdir(parents=True)
    for name in names:
        (cache / name).write_bytes(b"0123456789")
        os.utime(cache / name, (NOW.timestamp() - age,) * 2)
    return cache


def test_d8_caches_are_counted_and_the_first_ten_named(projects: Path) -> None:
    for number in range(12):
        compiled(projects / "a" / f"p{number:02}", "x.pyc")
    compiled(projects / "b", "y.pyc", "y.txt")
    registry(projects, {"a": projects / "a", "b": projects / "b", "gone": projects / "gone"})

    found = stale(projects)

    assert (found["cache_dirs"], found["files"], found["bytes"]) == (13, 13, 130)
    assert found["paths"] == [str(projects / f"a/p{n:02}/__pycache__") for n in range(10)]
    assert "removed" not in found
    document = json.loads((projects / "central" / "PROJECTS.central.json").read_text())
    assert document["stale_cache"]["projects"] == {
        "a": {"cache_dirs": 12, "files": 12, "bytes": 120},
        "b": {"cache_dirs": 1, "files": 1, "bytes": 10},
    }


def test_only_old_bytecode_is_deleted_and_folders_stay(projects: Path) -> None:
    cache = compiled(projects / "a" / "old", "x.pyc", "x.pyc.1234", "notes.txt", age=2 * DAY)
    young = compiled(projects / "a" / "young", "y.pyc", age=DAY / 2)
    (projects / "a" / "z.pyc").touch()
    os.utime(projects / "a" / "z.pyc", (1, 1))
    registry(projects, {"a": projects / "a"})

    found = stale(projects, remove_older_than="24h")

    assert sorted(os.listdir(cache)) == ["notes.txt", "x.pyc.1234"]
    assert os.listdir(young) == ["y.pyc"]
    assert (projects / "a" / "z.pyc").exists()
    assert (found["removed"], found["freed_bytes"], found["files"]) == (1, 10, 1)


def test_without_the_param_nothing_is_deleted(projects: Path) -> None:
    cache = compiled(projects / "a", "x.pyc", age=1000 * DAY)
    registry(projects, {"a": projects / "a"})

    stale(projects)

    assert os.listdir(cache) == ["x.pyc"]


def test_no_link_is_followed(projects: Path) -> None:
    outside = compiled(projects / "outside", "x.pyc", age=2 * DAY)
    project = projects / "a"
    project.mkdir()
    (project / "link").symlink_to(projects / "outside")
    (project / "__pycache__").symlink_to(outside)
    inside = compiled(project / "real")
    (inside / "link.pyc").symlink_to(outside / "x.pyc")
    registry(projects, {"a": project})

    found = stale(projects, remove_older_than="24h")

    assert (outside / "x.pyc").exists()
    assert (inside / "link.pyc").is_symlink()
    assert (found["cache_dirs"], found["removed"]) == (1, 0)


def test_a_project_within_another_counts_once(projects: Path) -> None:
    compiled(projects / "a" / "inner", "x.pyc")
    registry(projects, {"a": projects / "a", "b": projects / "a" / "inner", "c": projects / "a"})

    assert stale(projects)["cache_dirs"] == 1


def test_a_tree_too_deep_is_a_problem_and_no_crash(projects: Path) -> None:
    here = os.getcwd()
    try:
        (projects / "a").mkdir()
        os.chdir(projects / "a")
        for _ in range(2000):
            os.mkdir("deep")
            os.chdir("deep")
    finally:
        os.chdir(here)
    registry(projects, {"a": projects / "a"})

    (problem,) = stale(projects)["problems"]

    assert problem.endswith("more than 64 directories deep")
    subprocess.run(["rm", "-rf", str(projects / "a")], check=True)


def test_a_running_python_is_not_disturbed(projects: Path) -> None:
    project = projects / "a"
    project.mkdir()
    for number in range(20):
        (project / f"m{number}.py").write_text(f"VALUE = {number}\n")
    registry(projects, {"a": project})
    script = (
        "import importlib, sys\n"
        f"sys.path.insert(0, {str(project)!r})\n"
        "for _ in range(40):\n"
        "    for n in range(20):\n"
        "        sys.modules.pop(f'm{n}', None)\n"
        "        importlib.invalidate_caches()\n"
        "        assert importlib.import_module(f'm{n}').VALUE == n\n"
    )
    removed = 0

    running = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    while running.poll() is None:
        ahead = context(projects, remove_older_than="1s")
        result = stale_cache.run(type(ahead)(**{**vars(ahead), "now": NOW.replace(year=2100)}))
        removed += int(str(result["removed"]))

    assert running.communicate()[1] == b""
    assert running.returncode == 0
    assert removed > 0


def test_root_deletes_as_the_owner_and_nothing_the_owner_could_not(projects: Path) -> None:
    needs.root()
    theirs = projects / "theirs"
    protected = compiled(theirs / "protected", "x.pyc", age=2 * DAY)
    people.give(theirs)
    own = compiled(theirs / "own", "x.pyc", age=2 * DAY)
    people.give(theirs / "own")
    os.chown(protected, 0, 0)
    registry(projects, {"a": theirs})

    found = stale(projects, remove_older_than="24h")

    assert os.listdir(own) == []
    assert os.listdir(protected) == ["x.pyc"]
    assert found["problems"] == [f"{protected}/x.pyc: permission denied"]


@pytest.mark.parametrize("value", ["0", "soon", -1, True, [], ""])
def test_an_age_that_is_none_is_refused(projects: Path, value: object) -> None:
    with pytest.raises(UsageError, match="remove_older_than"):
        params.check(stale_cache.PARAMS, {"remove_older_than": value})
