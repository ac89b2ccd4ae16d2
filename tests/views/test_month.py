"""The month that views are tested with has in it what it is said to have, and is sound."""

import json

from scheduled.jobs.model import Outcome
from scheduled.state.heartbeat import Cause
from scheduled.state.store import Store
from tests.builders import month as built
from tests.builders.looks import Home


def test_slots_of_a_month_end_in_every_way(month: Home) -> None:
    total = json.loads(month.call("stats", "--json", now=built.NOW).out)["total"]

    assert all(total[outcome.value] > 0 for outcome in Outcome)
    assert total["by_hand"] == 1  # another one still runs
    assert all(total[key] > 0 for key in ("retries", "catch_up", "dead_letters", "deferred"))
    assert total["guard_deferrals"]


def test_ticks_fail_to_come_for_every_cause_but_those_of_other_processes(month: Home) -> None:
    gaps = json.loads(month.call("history", "--gaps", "--json", now=built.NOW).out)["gaps"]

    assert {gap["cause"] for gap in gaps} == set(Cause) - {Cause.LOCKED, Cause.HOST_CHANGED}
    assert any(gap.start < built.CLOCK_CHANGE < gap.end for gap in built.OUTAGES)


def test_the_journal_of_a_month_is_sound_and_leads_to_its_state(month: Home) -> None:
    store = Store(month.state_dir).load()
    replayed = Store(month.state_dir).replay()

    assert [*store.recovered, *replayed.recovered] == []
    assert store.state == replayed.state


def test_a_month_has_incidents_open_acknowledged_and_closed(month: Home) -> None:
    found = json.loads(month.call("incidents", "--all", "--json", now=built.NOW).out)["incidents"]

    assert {each["status"] for each in found} == {"open", "acknowledged", "closed"}


def test_a_job_of_a_month_runs_while_its_lock_is_held(month: Home) -> None:
    with built.running(month) as job:
        assert [each["job"] for each in _running(month)] == [job]

    assert not _running(month)


def _running(home: Home) -> list[dict[str, str]]:
    running = json.loads(home.call("status", "--json", now=built.NOW).out)["running"]
    assert isinstance(running, list)
    return running
