"""`simulate`, as somebody calls it."""

import json
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.simulate import simulate
from scheduled.state.document import empty
from scheduled.ticks.simulation import fakes
from tests.builders.command import tree
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home, seen

JOBS = f"""\
timezone: Europe/Berlin
{WITHOUT_SWEEPS}
  night: {{schedule: "30 2 * * *", command: "true", tags: [dark]}}
  poll: {{schedule: "*/30 * * * *", command: "true"}}
"""
NIGHT = ("--from", "2026-03-29T01:00", "--to", "5h", "--tick", "30m")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.configure(JOBS)
    return made


def document(home: Home, *arguments: str) -> dict[str, Any]:
    outcome = home.call(simulate, *arguments, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def test_the_keys_are_the_ones_others_count_on(home: Home) -> None:
    shown = document(home, *NIGHT, "--outage", "1h..2h")

    assert set(shown) == {"from", "to", "tick_seconds", "outages", "memory", "runs"}
    of_a_run = {"job", "slot", "at", "decision", "catch_up", "missed", "missed_capped", "reason"}
    assert {frozenset(run) for run in shown["runs"]} == {frozenset({*of_a_run, "local", "note"})}
    assert shown["outages"] == [{"from": "2026-03-29T01:00:00Z", "to": "2026-03-29T02:00:00Z"}]


def test_a_slot_in_the_gap_of_the_clock_is_listed_with_its_outcome(home: Home) -> None:
    (run,) = document(home, *NIGHT, "--only", "tag:dark")["runs"]

    assert run == {
        "job": "night",
        "slot": "2026-03-29T01:00:00Z",
        "at": "2026-03-29T01:00:00Z",
        "decision": "run",
        "catch_up": False,
        "missed": 0,
        "missed_capped": False,
        "reason": None,
        "local": "2026-03-29T03:00:00+02:00",
        "note": "moved: 02:30 does not exist that day",
    }


def test_an_outage_shows_what_is_missed_and_what_answers_for_it(home: Home) -> None:
    runs = document(home, *NIGHT, "--outage", "30m..3h", "--only", "poll")["runs"]

    assert [(run["decision"], run["missed"], run["reason"]) for run in runs[:3]] == [
        ("missed", 5, "outage"),
        ("run", 5, None),
        ("run", 0, None),
    ]


def test_a_time_ahead_goes_on_from_what_is_remembered(home: Home) -> None:
    home.record(seen(home.jobs()["poll"], at("11:40")))

    shown = document(home, "--to", "31m", "--only", "poll")

    assert shown["memory"] == "remembered"
    assert [run["slot"] for run in shown["runs"]] == [
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:30:00Z",
    ]


def test_what_lies_between_now_and_the_start_is_simulated_and_not_shown(home: Home) -> None:
    home.record(seen(home.jobs()["poll"], at("11:40")))

    (first, *_) = document(home, "--from", "2h", "--to", "1h", "--only", "poll")["runs"]

    assert (first["slot"], first["missed"]) == ("2026-11-21T14:00:00Z", 0)


def test_a_time_past_begins_with_nothing_remembered(home: Home) -> None:
    off = {"event": "enabled", "at": "2026-11-21T11:50:00Z", "job": "poll", "enabled": False}
    home.record(seen(home.jobs()["poll"], at("11:40")), off)

    shown = document(home, "--from", "2026-11-20", "--to", "1h", "--only", "poll")

    assert shown["memory"] == "fresh"
    assert [run["slot"] for run in shown["runs"]] == ["2026-11-19T23:30:00Z"]


def test_the_table_has_days_local_times_and_the_clock_change(home: Home) -> None:
    outcome = home.call(simulate, "--from", "2026-03-28T23:30", "--to", "4h", "--tick", "30m")

    lines = outcome.out.splitlines()
    assert "Sun 29 Mar, clock change: +0100 to +0200" in lines
    assert any(line.split() == ["01:30", "poll", "01:30", "run"] for line in lines)
    assert "nothing is remembered" in outcome.out
    assert lines[-1].endswith("Nothing was run, nothing was written.")


def test_simulating_leaves_the_disk_as_it_was(home: Home) -> None:
    home.record(seen(home.jobs()["poll"], at("11:40")))
    before = tree(home.folder)

    home.call(simulate, "--to", "2d", "--outage", "1h..2h")

    assert tree(home.folder) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "0h"), "--to '0h' is not after --from"),
        (("--from", "soon"), "--from 'soon' is not a valid time"),
        (("--to", "367d"), "at most 366"),
        (("--from", "2025-01-01", "--to", "2026-11-21"), "at most 366"),
        (("--tick", "0m"), "--tick '0m' is not a valid duration"),
        (("--tick", "often"), "--tick 'often' is not a valid duration"),
        (("--outage", "2h"), "write A..B"),
        (("--outage", "2026-11-23..2026-11-22"), "ends before it starts"),
        (("--outage", "2h..x"), "--outage 'x' is not a valid time"),
        (("--only", "nigth"), "did you mean night?"),
        (("--to", "999999w"), "--to '999999w' is not a valid time"),
    ],
    ids=" ".join,
)
def test_senseless_options_are_refused_with_a_sentence(
    home: Home, words: tuple[str, ...], message: str
) -> None:
    outcome = home.call(simulate, *words)

    assert outcome.code == 2
    assert message in outcome.err


def test_the_store_of_a_simulation_is_never_saved(tmp_path: Path) -> None:
    state = empty()
    memory = fakes.InMemoryStore(tmp_path / "state", state)

    memory.record(at("12:00"), {"event": "tick"})
    memory.checkpoint(at("12:00"))

    assert memory.state["ticks"]["count"] == 1
    assert state == empty()
    assert not (tmp_path / "state").exists()


def test_ticks_come_as_often_as_cron_was_told_to_call(home: Home) -> None:
    home.record(
        {"event": "cadence", "at": "2026-11-21T11:00:00Z", "by": "cron", "seconds": 900.0},
        seen(home.jobs()["poll"], at("11:40")),
    )

    assert document(home, "--to", "1h")["tick_seconds"] == 900.0
    assert document(home, *NIGHT[:4])["tick_seconds"] == 900.0
