"""`scheduled handlers new`: what it writes runs at once, and nothing is overwritten."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.command import scheduled, tree
from tests.builders.configuration import job_file, written
from tests.builders.handlers import decorated, handler_file

DIRS = "handler_dirs: [handlers, more]\n"


@pytest.mark.parametrize("name", ["photos", "json", "class", "my-2nd_one", "1st", "Test"])
@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_the_handler_and_its_test_work_at_once(root: Path, name: str, mode: str) -> None:
    written(root, DIRS)
    (root / "more").mkdir()

    said = scheduled(root, "handlers", "new", name)
    ran = scheduled(root, "trigger", name, "--json")
    test = root / "handlers" / f"test_{name}.py"
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--import-mode={mode}", str(test)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.code, said.err) == (0, "")
    written_files = {path.name for path in (root / "handlers").glob("*.py")}
    assert written_files == {f"{name}.py", f"test_{name}.py"}
    assert json.loads(ran.out)["runs"][0]["outcome"] == "succeeded"
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert scheduled(root, "config", "validate").err == ""
    (row,) = [
        row
        for row in json.loads(scheduled(root, "handlers", "--json").out)["handlers"]
        if row["origin"] == "directory"
    ]
    assert (row["name"], row["jobs"], row["error"]) == (name, [name], None)


def test_a_test_that_fails_is_no_reason_for_a_tick_to_complain(root: Path) -> None:
    written(root, DIRS.replace(", more", ""))
    text = decorated("job") + "def test_it(trial): ...\n"
    for name in ("test_a.py", "b_test.py"):
        handler_file(root, name, text)
    handler_file(root, "conftest.py", "import absent\n")
    handler_file(root, "test_c.py", "def test_it(:\n")
    handler_file(root, "test_connection.py", "def run(context): ...\n")

    said = json.loads(scheduled(root, "config", "validate", "--json").out)
    names = json.loads(scheduled(root, "handlers", "--json").out)["handlers"]

    assert said["problems"] == []
    assert said["warnings"] == ["handlers/test_c.py:1: not Python: invalid syntax"]
    assert [row["name"] for row in names if row["origin"] == "directory"] == ["test_connection"]


@pytest.mark.parametrize("taken", ["photos.py", "test_photos.py"])
def test_an_existing_file_is_never_overwritten(root: Path, taken: str) -> None:
    written(root, DIRS)
    handler_file(root, "other.py", decorated("other"))
    (root / "handlers" / taken).symlink_to("nowhere")
    before = tree(root)

    said = scheduled(root, "handlers", "new", "photos")

    assert (said.code, tree(root)) == (2, before)
    assert said.err == (
        f"scheduled: {root}/handlers/{taken}: already exists; it is not overwritten\n"
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../x", "the name of a handler has letters"),
        ("a.b", "the name of a handler has letters"),
        ("a b", "the name of a handler has letters"),
        ("-x", "no option is called"),
        ("_x", "the name of a handler has letters"),
        ("x-", "the name of a handler has letters"),
        ("a" * 101, "the name of a handler has letters"),
        ("é", "the name of a handler has letters"),
        ("", "the name of a handler has letters"),
        ("test_x", "would be taken for a test"),
        ("conftest", "would be taken for a test"),
        ("health", "is the name of a built-in handler"),
        ("of_file", "is already used by jobs/of_file.yaml:1"),
        ("of_configuration", "is already used by scheduled.yaml:3"),
        ("known", "is already used by handlers/y.py:3"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    root: Path, name: str, why: str
) -> None:
    job = "{schedule: daily, command: echo}"
    written(root, f"handler_dirs: handlers\njobs:\n  of_configuration: {job}\n")
    job_file(root, "of_file.yaml", "id: of_file\nschedule: daily\ncommand: echo\n")
    handler_file(root, "y.py", decorated("known"))
    before = tree(root)

    said = scheduled(root, "handlers", "new", name)

    assert (said.code, tree(root)) == (2, before)
    assert why in said.err


def test_without_a_directory_it_says_what_to_do(root: Path) -> None:
    for text in (None, "timezone: UTC\n"):
        if text is not None:
            written(root, text)

        said = scheduled(root, "handlers", "new", "photos")

        assert said.code == 2
        assert f"add the line\n    handler_dirs: handlers\nto {root}/scheduled.yaml" in said.err


def test_an_option_of_the_list_is_refused(root: Path) -> None:
    written(root, DIRS)

    said = scheduled(root, "handlers", "--json", "new", "photos")

    assert (said.code, (root / "handlers").exists()) == (2, False)
    assert said.err == "scheduled: --json is for the list; leave it out\n"


def test_a_directory_that_others_may_write_to_is_refused(root: Path) -> None:
    written(root, "handler_dirs: handlers\n")
    (root / "handlers").mkdir()
    (root / "handlers").chmod(0o777)

    said = scheduled(root, "handlers", "new", "photos")

    assert (said.code, os.listdir(root / "handlers")) == (2, [])
    assert f"chmod go-w {root}/handlers" in said.err
