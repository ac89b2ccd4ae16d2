"""`scheduled executors`, where the configuration declares some of them wrongly, or none."""

import json

import pytest

from tests.builders.looks import Home

WRONG = "nas cannot be used as `executors` declares it"
DECLARED = """\
executors:
  nas: {kind: ssh, hots: nas}
  gone: {kind: ssh, host: nobody.invalid, connect_timeout: 1s}
jobs:
  here: {schedule: daily, command: x}
"""


def test_what_is_declared_wrongly_is_neither_listed_nor_forgotten(home: Home) -> None:
    home.configure(DECLARED)

    told = home.call("executors")
    assert told.code == 2
    assert told.err == f"scheduled: {WRONG}; `scheduled config validate` says why\n"
    assert "gone" in told.out
    only = home.call("executors", "nas", "--json")
    assert (only.code, json.loads(only.out), only.err) == (2, {"executors": []}, told.err)
    assert home.call("executors", "gone").code == 75


@pytest.mark.parametrize("command", [("executors",), ("create", "x", "daily", "--command", "x")])
def test_a_wrong_name_is_told_from_a_wrong_declaration(
    home: Home, command: tuple[str, ...]
) -> None:
    home.configure(DECLARED)
    option = ["--executor"] if command[0] == "create" else []

    missing = home.call(*command, *option, "nass")
    wrong = home.call(*command, *option, "nas")
    assert (missing.code, wrong.code) == (2, 2)
    assert missing.err.strip().endswith('no executor is called "nass"; did you mean nas?')
    assert WRONG in wrong.err


def test_where_none_is_declared_all_runs_here(home: Home) -> None:
    told = home.call("executors")

    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("No executors: all jobs run on this machine.")
    missing = home.call("executors", "nas").err.strip()
    assert missing == 'no executor is called "nas"; declare it in `executors`'
