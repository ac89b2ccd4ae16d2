"""`scheduled history`, as somebody calls it."""

import csv
import io
import json

import pytest

from tests.builders.jobs import at
from tests.builders.looks import Home, Said, end


def test_history_can_be_narrowed(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed"))

    assert _ids(home.call("history", "--json")) == ["r2", "r1"]
    assert _ids(home.call("history", "--outcome", "failed", "--json")) == ["r2"]
    assert _ids(home.call("history", "--since", "45m", "--json")) == ["r2"]
    assert _ids(home.call("history", "--since", "2026-11-21T11:15:00", "--json")) == ["r2"]
    assert _ids(home.call("history", "--since", "2026-11-21", "--json")) == ["r2", "r1"]
    assert _ids(home.call("history", "--limit", "1", "--json")) == ["r2"]
    assert _ids(home.call("history", "--run", "r1", "--json")) == ["r1"]
    assert _ids(home.call("history", "--run", "r", "--json")) == ["r2", "r1"]
    assert _ids(home.call("history", "--run", "r3", "--json")) == []
    assert home.call("history", "--gaps", "--run", "r1").code == 2
    assert _ids(home.call("history", "poll", "--json")) == []


def test_history_for_a_person_tells_why_a_run_failed(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error="exit code 3 [/rc]", missed=2, attempt=3))

    said = home.call("history")

    assert "covers 2 missed runs; attempt 3; exit code 3 [/rc]" in said.out
    assert "No runs recorded." in home.call("history", "poll").out


def test_history_of_a_job_that_is_gone_is_kept(home: Home) -> None:
    home.configure("jobs: {}\n")

    assert _ids(home.call("history", "backup", "--json")) == ["r1"]
    assert "copied 3 files" in home.call("logs", "backup").out


def test_an_unknown_outcome_is_refused_with_those_there_are(home: Home) -> None:
    said = home.call("history", "--outcome", "vanished")

    assert said.code == 2
    assert "timed_out" in said.err


@pytest.mark.parametrize("when", ["tomorrow", "", "2h before", "9999999d", "5/6", "\x1b[2J"])
def test_a_since_that_is_no_time_is_refused(home: Home, when: str) -> None:
    said = home.call("history", "--since", when)

    assert said.code == 2
    assert "rite 2h (ago), 8:00, yesterday, last fri 9:00, 2026-11-21 or" in said.err
    assert "\x1b" not in said.err


def test_history_as_csv_has_a_column_a_key(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error='said "no",\nand left'))

    rows = list(csv.DictReader(io.StringIO(home.call("history", "--csv").out)))

    assert [row["run_id"] for row in rows] == ["r2", "r1"]
    assert rows[0]["error"] == 'said "no",\nand left'
    assert json.loads(rows[1]["result"]) == {"files": 3}
    assert home.call("history", "--csv", "--json").code == 2


def test_what_has_parts_is_json_in_a_cell_of_csv(home: Home) -> None:
    given, where = {"params": {"a": "it's"}}, {"executor": "nas", "host": "nas.example", "pid": 7}
    home.record(end("r2", at("11:30"), given=given, where=where, result=["x"]))

    row = next(csv.DictReader(io.StringIO(home.call("history", "--csv").out)))

    assert [json.loads(row[name]) for name in ("given", "where", "result")] == [given, where, ["x"]]


def _ids(said: Said) -> list[str]:
    return [row["run_id"] for row in json.loads(said.out)["runs"]]


def test_e14_words_say_since_when(home: Home) -> None:
    home.record(end("r2", at("11:30"), "failed", error="no"))

    assert _ids(home.call("history", "--since", "today", "--json")) == ["r2", "r1"]
    assert _ids(home.call("history", "--since", "45 minutes ago", "--json")) == ["r2"]
    assert home.call("history", "--since", "5 minutes").out == (
        "No runs recorded since 2026-11-21 11:55+00:00.\n"
    )
