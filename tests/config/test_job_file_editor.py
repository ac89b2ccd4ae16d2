"""Which job files are ours to rewrite."""

from pathlib import Path

import pytest

from scheduled.config.job_file_editor import JobFile
from scheduled.config.yaml_writer import text_of


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id: a\nschedule: daily\ncommand: date\n", 0),
        ("id: a\nschedule: daily\ncommand: date", 3),
        ("id: a\nschedule: daily\ncommand: date\n\n", 4),
        ("# mine\nid: a\nschedule: daily\ncommand: date\n", 1),
        ("id: a\nschedule: 'daily'\ncommand: date\n", 2),
        ("id: a\nschedule: daily # nightly\ncommand: date\n", 2),
        ("id: a\r\nschedule: daily\r\ncommand: date\r\n", 3),
    ],
)
def test_the_first_line_that_is_not_as_we_write_it_is_found(text: str, line: int) -> None:
    fields = {"id": "a", "schedule": "daily", "command": "date"}
    assert text_of(fields) == "id: a\nschedule: daily\ncommand: date\n"

    assert JobFile(Path("a.yaml"), fields, text, {}).first_edited_line == line
