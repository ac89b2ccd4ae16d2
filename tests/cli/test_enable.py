"""Switching jobs on and off."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import disable, enable, history
from scheduled.cli.list import list_jobs
from scheduled.state.store import Store
from scheduled.timing.instants import format_utc
from tests.builders.jobs import at
from tests.builders.looks import Event, Home, Said, begin, end, seen

JOBS = """\
jobs:
  backup: {schedule: "0 * * * *", command: "true"}
  poll: {schedule: "0 * * * *", command: "true", enabled: false}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two jobs, one of them disabled by the configuration; the first was seen at half past ten."""
    made = Home(tmp_path)
    made.configure(JOBS)
    made.record(seen(made.jobs()["backup"], at("10:30")))
    return made


def test_a_job_is_disabled_and_enabled_again(home: Home) -> None:
    off = home.call(disable.disable, "backup", now=at("10:40"))
    disabled = _is_enabled(home, "backup")
    on = home.call(enable.enable, "backup", now=at("10:50"))

    assert (off.code, off.out) == (0, "backup is disabled now.\n")
    assert not disabled
    assert (on.code, on.out) == (0, "backup is enabled now.\n")
    assert _is_enabled(home, "backup")


def test_saying_it_twice_changes_nothing(home: Home) -> None:
    home.call(disable.disable, "backup")
    before = _journal(home)

    again = home.call(disable.disable, "backup")

    assert (again.code, again.out) == (0, "backup is already disabled; nothing was changed.\n")
    assert _journal(home) == before
    assert "already" in home.call(disable.disable, "poll").out


def test_what_the_configuration_says_can_be_overruled_both_ways(home: Home) -> None:
    home.call(enable.enable, "poll")
    home.call(disable.disable, "backup")

    assert _is_enabled(home, "poll")
    assert not _is_enabled(home, "backup")


def test_a_shipped_job_can_be_disabled_before_any_tick(tmp_path: Path) -> None:
    (tmp_path / "BRANCH_REGISTRY.json").write_text("[]")
    fresh = Home(tmp_path)

    said = fresh.call(disable.disable, "daily_report")

    assert said.out == "daily_report is disabled now.\n"
    assert not _is_enabled(fresh, "daily_report")


def test_the_change_is_in_checkpoint_and_journal_and_outlives_runs(home: Home) -> None:
    home.call(disable.disable, "backup", now=at("10:40"))

    home.record(seen(home.jobs()["backup"], at("11:10")), end("r1", at("11:30")))
    (home.state_dir / "scheduled_state.json").unlink()
    rebuilt = Store(home.state_dir).load()

    assert rebuilt.state["jobs"]["backup"]["enabled"] is False


def test_the_configuration_is_not_written(home: Home) -> None:
    home.call(disable.disable, "backup")

    assert (home.folder / "scheduled.yaml").read_text() == JOBS


def test_slots_that_passed_while_disabled_are_on_record_and_not_run(home: Home) -> None:
    home.call(disable.disable, "backup", now=at("10:40"))

    said = home.call(enable.enable, "backup", now=at("14:20"))

    assert said.out == (
        "backup is enabled now. The 4 runs that were scheduled meanwhile are skipped.\n"
    )
    assert [(row["outcome"], row["slot"][11:13], row["missed"]) for row in _history(home)] == [
        ("skipped", "14", 0),
        ("missed", "13", 3),
    ]
    assert {row["reason"] for row in _history(home)} == {"disabled"}
    assert _next_run(home, now="14:21") == "2026-11-21T15:00:00Z"


def test_a_single_slot_that_passed_is_skipped(home: Home) -> None:
    home.call(disable.disable, "backup", now=at("10:40"))

    said = home.call(enable.enable, "backup", now=at("11:00"))

    assert said.out.endswith("The run that was scheduled meanwhile is skipped.\n")
    assert [(row["outcome"], row["slot"][11:13]) for row in _history(home)] == [("skipped", "11")]


def test_the_slot_of_a_run_under_way_is_left_to_that_run(home: Home) -> None:
    home.record(begin("r1", at("11:00")))
    home.call(disable.disable, "backup", now=at("11:05"))

    home.call(enable.enable, "backup", now=at("11:10"))
    home.record(end("r1", at("11:00"), finished_at=format_utc(at("11:20"))))

    assert [(row["outcome"], row["run_id"]) for row in _history(home)] == [("succeeded", "r1")]


def test_so_is_that_of_a_run_beside_it(home: Home) -> None:
    home.record(begin("r1", at("11:00")), {**begin("r2", at("12:00")), "lane": 1})
    home.call(disable.disable, "backup", now=at("12:05"))

    home.call(enable.enable, "backup", now=at("12:10"))

    assert {row["run_id"] for row in _history(home)} == {"r1", "r2"}


def test_a_retry_that_passed_while_disabled_is_given_up(home: Home) -> None:
    again: dict[str, Any] = {"answered": False, "retry_at": format_utc(at("11:10"))}
    home.record(begin("r1", at("11:00")), end("r1", at("11:00"), "failed", **again))
    home.call(disable.disable, "backup", now=at("11:05"))

    said = home.call(enable.enable, "backup", now=at("11:30"))

    assert said.out == "backup is enabled now.\n"
    assert _journal(home)[-1]["event"] == "given_up"
    assert _next_run(home, now="11:31") == "2026-11-21T12:00:00Z"


def test_a_deferral_that_passed_while_disabled_is_skipped(home: Home) -> None:
    until = {"until": format_utc(at("10:50")), "reason": ""}
    home.record({"event": "deferral", "at": format_utc(at("10:35")), "job": "backup", **until})
    home.call(disable.disable, "backup", now=at("10:40"))

    home.call(enable.enable, "backup", now=at("10:55"))

    assert [(row["outcome"], row["slot"][11:16]) for row in _history(home)] == [
        ("skipped", "10:50")
    ]
    assert _next_run(home, now="10:56") == "2026-11-21T11:00:00Z"


def test_a_schedule_that_was_changed_meanwhile_counts_from_now(home: Home) -> None:
    home.call(disable.disable, "backup", now=at("10:40"))
    home.configure(JOBS.replace("0 * * * *", "*/5 * * * *"))

    home.call(enable.enable, "backup", now=at("14:20"))

    assert [(row["outcome"], row["reason"]) for row in _history(home)] == [
        ("missed", "its schedule was changed")
    ]
    assert _next_run(home, now="14:21") == "2026-11-21T14:25:00Z"


def test_a_job_nobody_has_is_refused(home: Home) -> None:
    for command in (enable.enable, disable.disable):
        said: Said = home.call(command, "pol")

        assert said.code == 2
        assert said.err == "no job is called 'pol'; did you mean poll?"
    assert "enabled" not in json.dumps(_journal(home))


def test_of_many_who_enable_at_once_one_does(home: Home) -> None:
    home.call(disable.disable, "backup", now=at("10:40"))
    sessions = [home.session(at("14:20")) for _ in range(8)]
    job = home.jobs()["backup"]
    recorded: list[int] = []

    def enable_one(store: Store) -> None:
        recorded.append(len(enable._record(store, job, at("14:20"), enabled=True)))

    threads = [threading.Thread(target=enable_one, args=(session.store,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(recorded) == [0] * 7 + [3]


def _is_enabled(home: Home, job: str) -> bool:
    rows = json.loads(home.call(list_jobs, "--json").out)["jobs"]
    return bool(next(row["enabled"] for row in rows if row["id"] == job))


def _next_run(home: Home, now: str) -> str:
    rows = json.loads(home.call(list_jobs, "--json", now=at(now)).out)["jobs"]
    return str(next(row["next_run"] for row in rows if row["id"] == "backup"))


def _history(home: Home) -> list[Event]:
    found: list[Event] = json.loads(home.call(history.history, "--json").out)["runs"]
    return found


def _journal(home: Home) -> list[Event]:
    return [dict(event) for event in Store(home.state_dir).journal.read(None).events]
