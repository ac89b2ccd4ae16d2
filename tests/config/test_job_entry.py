"""The entry of a job in a configuration: what its id may be."""

from pathlib import Path

import pytest

from scheduled.jobs import builtin
from tests.builders.configuration import loaded


@pytest.mark.parametrize(
    "name", ["../x", ".hidden", "-f", "x.", "x-", "a b", "a/b", "x" * 101, "ü", '""', "."]
)
def test_an_id_that_is_no_file_name_is_refused(root: Path, name: str) -> None:
    found = loaded(root, f"jobs:\n  {name}: {{schedule: daily, command: x}}\n")

    assert {job.id for job in found.jobs} == builtin.OF_ECOSYSTEM
    assert "an id may contain letters" in found.problems[0]


@pytest.mark.parametrize("name", ["x", "_", "a.b-c_d", "A-1", "x" * 100])
def test_an_id_may_have_dots_and_dashes_inside(root: Path, name: str) -> None:
    assert loaded(root, f"jobs:\n  {name}: {{schedule: daily, command: x}}\n").jobs[-1].id == name
