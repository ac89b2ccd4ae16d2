"""`scheduled handlers`, as it is called."""

import json
from pathlib import Path

from tests.builders.command import scheduled
from tests.builders.configuration import written
from tests.builders.handlers import decorated, handler_file


def test_handlers_are_listed_with_their_place_and_who_uses_them(root: Path) -> None:
    handler_file(root, "x.py", decorated("x"))
    written(root, "handler_dirs: handlers\njobs:\n  y: {schedule: daily, handler: x}\n")
    handler_file(root, "photos.py", 'def run(context):\n    """Count."""\n')

    said = scheduled(root, "handlers", "--json")

    rows = json.loads(said.out)["handlers"]
    assert [row["name"] for row in rows[:2]] == ["mail_cleanup", "memory_rollover"]
    assert rows[0]["source"] == "built-in"
    assert rows[0]["jobs"] == ["mail_cleanup"]
    assert rows[0]["params"]["new_hours"]["default"] == 48
    assert rows[-2] == {
        "name": "photos",
        "description": "Count.",
        "source": "handlers/photos.py:1",
        "jobs": [],
        "origin": "directory",
        "package": None,
        "version": None,
        "params": None,
        "error": None,
    }
    assert rows[-1]["jobs"] == ["x", "y"]


def test_a_broken_file_is_told_beside_the_list_and_the_exit_code_says_so(root: Path) -> None:
    handler_file(root, "good.py", decorated("good"))
    handler_file(root, "bad.py", "def\n")
    written(root, "handler_dirs: handlers\n")

    said = scheduled(root, "handlers")

    assert said.code == 2
    assert "good" in said.out
    assert said.err == "scheduled: handlers/bad.py:1: not Python: invalid syntax\n"
