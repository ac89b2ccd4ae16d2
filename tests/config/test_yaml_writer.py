from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from scheduled.config import yaml_document
from scheduled.config.yaml_writer import text_of
from scheduled.jobs.model import Priority
from scheduled.system.trusted import Trust

# What YAML cannot say at all: half a surrogate pair. A zero is refused by the reader.
TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0")) | some.text(
    "a#:-'\"\\ \t\n\r\x85\u2028\ufeff"
)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def read_back(folder: Path, text: str) -> Any:
    path = folder / "job.yaml"
    path.write_bytes(text.encode())
    return yaml_document.read_file(path, Trust()).plain()


def test_a_job_looks_as_a_person_would_write_it() -> None:
    fields = {
        "timeout": 3600.0,
        "tags": ("nightly", "db"),
        "priority": Priority.LOW,
        "env": {"PATH": "/usr/bin:/bin", "DEBUG": "yes"},
        "command": "set -e\nbackup --all\n",
        "schedule": "30 2 * * *",
        "description": "Documents: every night",
        "id": "backup",
    }

    assert text_of(fields) == (
        "id: backup\n"
        'description: "Documents: every night"\n'
        'schedule: "30 2 * * *"\n'
        "command: |\n"
        "  set -e\n"
        "  backup --all\n"
        "env:\n"
        "  PATH: /usr/bin:/bin\n"
        '  DEBUG: "yes"\n'
        "priority: low\n"
        "tags: [nightly, db]\n"
        "timeout: 3600\n"
    )


@pytest.mark.parametrize(
    ("schedule", "written"),
    [
        ("*/15 * * * *", '"*/15 * * * *"'),
        ("0 2 1 * *", '"0 2 1 * *"'),
        ("@daily", '"@daily"'),
        ("every 90m", "every 90m"),
        ("at:2027-01-15T10:00:00Z", "at:2027-01-15T10:00:00Z"),
    ],
)
def test_a_schedule_is_quoted_if_it_has_a_star_or_yaml_would_stumble(
    schedule: str, written: str
) -> None:
    assert text_of({"schedule": schedule}) == f"schedule: {written}\n"


@pytest.mark.parametrize("text", ["010", "yes", "~", "null", "12:30", "2027-01-15", "1.5", ""])
def test_text_that_yaml_would_take_for_something_else_is_quoted(text: str) -> None:
    assert text_of({"name": text}) == f'name: "{text}"\n'


def test_quotes_are_those_that_need_no_escapes() -> None:
    assert text_of({"name": '- say "x"'}) == "name: '- say \"x\"'\n"


def test_a_command_without_a_shell_is_a_list_on_one_line_however_long() -> None:
    words = ("rsync", "--exclude", "*.tmp", "-a", *("a/very/long/path/of/a/folder",) * 9)

    (line,) = text_of({"command": words}).splitlines()

    assert line.startswith('command: [rsync, --exclude, "*.tmp", -a, a/very/long')


def test_unknown_keys_come_last_in_their_order() -> None:
    assert text_of({"b": 1, "a": 2, "id": "x"}) == "id: x\nb: 1\na: 2\n"


def test_a_repeated_value_is_written_again(tmp_path: Path) -> None:
    shared = {"a": [1]}

    assert "&" not in text_of({"params": {"one": shared, "two": shared}})


@given(value=VALUES)
@example(value="\\\x85")
@example(value="a\n\x85")
def test_any_value_reads_back_as_it_was(tmp_path_factory: Any, value: Any) -> None:
    folder = tmp_path_factory.getbasetemp()

    assert read_back(folder, text_of({"params": value, "name": "x"}))["params"] == value
