"""`list --at` and `simulate`: what a tick at a time to come does about each job."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.list import list_jobs
from tests.builders.command import tree
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, seen

JOBS = f"""\
timezone: UTC
{WITHOUT_SWEEPS}
  hourly: {{schedule: "0 * * * *", command: "true"}}
  nightly: {{schedule: "30 2 * * *", command: "true"}}
  follows: {{schedule: "0 * * * *", command: "true", after: [hourly]}}
  stuck: {{schedule: "0 * * * *", command: "true", after: [off]}}
  off: {{schedule: "0 * * * *", command: "true", enabled: false}}
  walled: {{schedule: "0 * * * *", command: "true", window: "20:00-21:00"}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.configure(JOBS)
    met = [seen(job, at("11:40")) for name, job in made.jobs().items() if name != "off"]
    made.record(*met)
    return made


def then(home: Home, when: str) -> dict[str, dict[str, Any]]:
    said = home.call(list_jobs, "--at", when, "--json")
    assert (said.code, said.err) == (0, "")
    return {row["id"]: row for row in json.loads(said.out)["jobs"]}


def test_a_row_is_that_of_list_with_what_a_tick_does_then(home: Home) -> None:
    plain = json.loads(home.call(list_jobs, "--json").out)["jobs"][0]

    row = then(home, "2026-11-21T15:00")["hourly"]

    assert set(row) - set(plain) == {"decision", "slot", "catch_up", "missed", "reason"}
    assert set(plain) <= set(row)


def test_what_is_due_then_runs_and_the_ticks_before_have_done_their_part(home: Home) -> None:
    row = then(home, "2026-11-21T15:00")["hourly"]

    assert (row["decision"], row["slot"]) == ("run", "2026-11-21T15:00:00Z")
    assert (row["missed"], row["catch_up"]) == (0, False)


@pytest.mark.parametrize(
    ("job", "decision", "reason"),
    [
        ("follows", "run", None),
        ("nightly", "rest", "not due"),
        ("stuck", "wait", "waits for off to succeed"),
        ("off", "disabled", "disabled"),
        ("walled", "wait", "outside its window 20:00-21:00"),
    ],
)
def test_what_does_not_run_says_why(home: Home, job: str, decision: str, reason: str) -> None:
    row = then(home, "2026-11-21T15:00")[job]

    assert (row["decision"], row["reason"]) == (decision, reason)


def test_a_run_under_way_is_over_by_then(home: Home) -> None:
    home.record(begin("r1", at("12:00"), "hourly"))

    assert then(home, "1h")["hourly"]["decision"] == "run"


def test_a_person_reads_the_time_and_how_far_it_is(home: Home) -> None:
    said = home.call(list_jobs, "--at", "3h")

    headline, _, *lines = said.out.splitlines()
    assert "a tick at 15:00 (in 3 h)" in headline
    assert any(line.split()[:1] == ["hourly"] and " run " in line for line in lines)


@pytest.mark.slow
def test_looking_ahead_leaves_the_disk_as_it_was(home: Home) -> None:
    before = tree(home.folder)

    home.call(list_jobs, "--at", "1d")

    assert tree(home.folder) == before


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2026-11-20", "is in the past; `scheduled history`"),
        ("0h", "is in the past"),
        ("367d", "at most 366"),
        ("soon", "is not a valid time"),
    ],
)
def test_a_time_that_cannot_be_foreseen_is_refused(home: Home, when: str, told: str) -> None:
    said = home.call(list_jobs, "--at", when)

    assert (said.code, told in said.err) == (2, True)


def test_a_simulation_tells_of_a_run_by_hand_that_its_tick_left(home: Home) -> None:
    home.record({**begin("r2", at("11:30"), "hourly"), "slot": None})

    shown = home.call("simulate", "--to", "10m").out

    assert re.search(r"hourly +by hand +interrupted", shown)
