"""Gaps between ticks: their cause, and what they cost."""

import json
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp
from scheduled.state import heartbeat, tick_events
from scheduled.state.document import empty
from scheduled.state.store import Store
from scheduled.timing.instants import format_utc
from scheduled.views import gaps
from scheduled.views.page.facts import Facts
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import Home, lived_in


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return lived_in(tmp_path)


NIGHT = "2026-11-20T22:10:00Z"
MORNING = "2026-11-21T07:02:00Z"


def away(engine: Engine, start: str = NIGHT, end: str = MORNING) -> dict[str, Any]:
    """The machine is off from one tick to the next; return the gap as it is told."""
    engine.run_at(start)
    beat = heartbeat.load(engine.state_dir)
    assert beat is not None
    heartbeat.save(engine.state_dir, beat._replace(boot_id="another"))
    engine.run_at(end)
    return gaps.row(engine.state["gaps"][-1])


def test_slots_that_were_coalesced_are_told_from_those_that_ran(tmp_path: Path) -> None:
    gap = away(Engine(tmp_path, [job(schedule="0 * * * *", catch_up=CatchUp.LATEST)]))

    assert gap == {
        "from": NIGHT, "to": MORNING, "cause": "machine off", "seconds": 31920.0,
        "slots": 9, "run": 1, "missed": 8, "coalesced": 8, "not_run": 0, "capped": False,
    }  # fmt: skip
    assert gaps.cost(gap) == "9 runs due, 1 caught up, 8 covered by a later run"


def test_each_catch_up_policy_has_its_cost(tmp_path: Path) -> None:
    all_ = job("all", schedule="0 */3 * * *", catch_up=CatchUp.ALL)
    skip = job("skip", schedule="0 * * * *", catch_up=CatchUp.SKIP)
    engine = Engine(tmp_path, [all_, skip], catch_up_budget=10)
    away(engine, end="2026-11-21T07:30:00Z")
    for minute in ("07:31", "07:32"):  # what is run one after the other may take several ticks
        engine.run_at(minute)
    gap = gaps.row(engine.state["gaps"][0])

    assert (gap["run"], gap["coalesced"], gap["not_run"]) == (3, 0, 9)
    assert gaps.cost(gap) == "12 runs due, 3 caught up, 9 not run"


def test_a_run_on_time_covers_what_was_missed_and_is_no_catch_up(tmp_path: Path) -> None:
    gap = away(Engine(tmp_path, [job(schedule="2 * * * *")]))

    assert (gap["slots"], gap["run"], gap["coalesced"]) == (8, 0, 8)


def test_later_runs_and_those_by_hand_change_nothing_about_slots_that_were_not_run(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule="0 * * * *", catch_up=CatchUp.SKIP)])
    before = away(engine, end="2026-11-21T07:30:00Z")
    engine.run_at("08:00")
    engine.run_at("08:10", only=("backup",), by_hand=True, slotless=True)
    after = gaps.row(engine.state["gaps"][0])

    assert (before["slots"], before["not_run"]) == (9, 9)
    assert (after["slots"], after["coalesced"], after["not_run"]) == (9, 0, 9)


WAITING = """\
jobs:
  later: {schedule: "0 6 * * *", command: "true", window: "08:00-09:00"}
  calm: {schedule: "0 12 * * *", command: "true"}
"""


def test_a_run_that_came_due_in_a_gap_and_waits_is_said_to_be_pending(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configure(WAITING)
    engine = Engine(tmp_path, [*home.jobs().values()])
    away(engine)

    waiting = home.call("status", now=at("07:10")).out
    gaps_then = home.call("history", "--gaps", now=at("07:10")).out
    (row,) = json.loads(home.call("history", "--gaps", "--json", now=at("07:10")).out)["gaps"]
    drawn = facts_at(home, "07:10").gaps
    engine.run_at("08:05")
    started = home.call("status", now=at("08:10")).out

    assert "no run missed; a run of later still pending" in " ".join(waiting.split())
    assert "no run missed; a run of later still pending" in " ".join(gaps_then.split())
    assert row["pending"] == ["later"]
    assert [gap["pending"] for gap in drawn] == [["later"]]
    assert "pending" not in home.call("history", "--gaps", now=at("08:10")).out
    assert "1 run due, 1 caught up" in " ".join(started.split())
    assert "pending" not in started


def facts_at(home: Home, when: str) -> Facts:
    """What the page is made from."""
    session = home.session(at(when))
    return Facts(session.config, session.store, session.snapshot())


def test_each_gap_has_the_cost_of_its_own_slots(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 * * * *")])
    away(engine)
    second = away(engine, "2026-11-21T07:03:00Z", "2026-11-21T10:30:00Z")
    first, last = (gaps.row(gap) for gap in engine.state["gaps"])

    assert (first["slots"], first["coalesced"]) == (9, 8)
    assert second == last
    assert (last["slots"], last["run"], last["coalesced"]) == (3, 1, 2)


def test_a_gap_in_which_nothing_was_due_cost_nothing(tmp_path: Path) -> None:
    gap = away(Engine(tmp_path, [job(schedule="0 12 * * *")]))

    assert gaps.cost(gap) == "no run missed"


def test_the_journal_leads_to_the_same_costs(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 * * * *")])
    away(engine)

    assert Store(engine.state_dir).replay().state["gaps"] == engine.state["gaps"]


def test_status_history_and_the_central_file_tell_of_it(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    engine = Engine(tmp_path, [job(schedule="0 * * * *")])
    away(engine)
    home = Home(tmp_path)
    now = at("07:10")

    shown = home.call("history", "--gaps", now=now).out
    listed = json.loads(home.call("history", "--gaps", "--json", now=now).out)
    status = home.call("status", now=now).out
    central = json.loads((tmp_path / "central" / "SCHEDULED.central.json").read_text())

    sentence = "9 runs due, 1 caught up, 8 covered by a later run"
    assert sentence in " ".join(shown.split())
    assert sentence in " ".join(status.split())
    assert "machine off" in shown
    assert listed["version"] == 1
    assert [gap["slots"] for gap in listed["gaps"]] == [9]
    assert central["away"] == [
        f"2026-11-20 22:10+00:00 to 2026-11-21 07:02+00:00, 8 h 52 min, machine off: {sentence}"
    ]
    assert home.call("history", "--gaps", "--since", "5m", now=now).out == "No gaps recorded.\n"
    assert home.call("history", "backup", "--gaps").code == 2


def test_gaps_that_the_state_has_dropped_are_found_in_the_journal(tmp_path: Path) -> None:
    store = Store(tmp_path).load()
    times = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(0, 60, 10)]
    for start, end in pairwise(times):
        event = tick_events.gap_explained(at(start), at(end), "machine off")
        store.record(at(end), event)

    rows = gaps.rows(store.journal, store.state)

    assert len(store.state["gaps"]) == 100
    assert [row["to"] for row in rows] == [f"2026-11-21T{end}:00Z" for end in times[:0:-1]]
    assert len(gaps.rows(store.journal, store.state, at("20:00"))) == 24
    assert len(gaps.rows(store.journal, store.state, limit=3)) == 3


def test_each_of_many_gaps_in_a_day_has_its_cost_and_status_says_how_many_more(home: Home) -> None:
    for hour in range(6):
        for minute in range(0, 60, 10):
            start, end = at(f"{hour:02}:{minute:02}"), at(f"{hour:02}:{minute + 9:02}")
            event = tick_events.gap_explained(start, end, "machine asleep")
            home.record({"at": format_utc(end), **event})

    rows = json.loads(home.call("history", "--gaps", "--json").out)["gaps"]

    assert [row["slots"] for row in rows] == [0] * 36
    assert "and 31 more in 24 hours; `scheduled history --gaps` lists them" in (
        home.call("status").out
    )


def test_what_earlier_versions_did_not_count_is_unknown() -> None:
    state = empty()
    state["gaps"] = [{"from": NIGHT, "to": MORNING, "cause": "machine off"}, {"cause": "x"}]

    known, broken = map(gaps.row, state["gaps"])

    assert (known["slots"], known["not_run"], known["seconds"]) == (None, None, 31920.0)
    assert gaps.cost(known) == ""
    assert gaps.when(broken, UTC) == "unknown"
