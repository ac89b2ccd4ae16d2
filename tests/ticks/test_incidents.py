"""Incidents from tick to tick, with real runs: what opens them, what ends them, who decides."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp
from scheduled.planning.incidents import Act
from scheduled.state import events, records
from scheduled.state.incident_entries import closed_incidents, open_incidents
from scheduled.ticks import incidents, telling
from scheduled.ticks.report import Report
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

SWITCH = "test -e works || { echo oops >&2; exit 3; }"
DAILY = "0 12 * * *"


def told(report: Report) -> list[tuple[str, str]]:
    """What a tick did about incidents: of which kind, and what."""
    return [(change.incident.kind, change.act.value) for change in report.incidents]


def opened(engine: Engine) -> list[str]:
    return [*open_incidents(engine.state)]


def switch(engine: Engine, *, works: bool) -> None:
    if works:
        (engine.folder / "works").touch()
    else:
        (engine.folder / "works").unlink()


def test_a_job_that_fails_each_minute_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="* * * * *", command=SWITCH)])
    engine.run_at("11:59")

    reports = [engine.run_at(f"12:{minute:02}") for minute in range(8)]
    known = open_incidents(engine.state)["failing: backup"]
    switch(engine, works=True)
    reports += [engine.run_at(f"12:{minute:02}") for minute in range(8, 11)]

    acts = [told(report) for report in reports]
    assert acts == [
        [],
        [("failing", "open")],
        *[[]] * 6,
        [("failing", "close")],
        [],
        [],
    ]
    assert [report.exit_code for report in reports] == [1] * 8 + [0] * 3
    assert (known.times, known.last_error) == (8, "exit code 3")
    (past,) = closed_incidents(engine.state)
    assert past.end == "succeeded"


def test_a_daily_job_is_told_of_at_its_first_failure(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    engine.run_at("11:59")

    assert told(engine.run_at("12:00")) == [("failing", "open")]


def test_what_fails_again_within_a_day_has_to_succeed_twice(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *", command=SWITCH, alert_after=1)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    switch(engine, works=True)
    engine.run_at("12:10")
    switch(engine, works=False)
    engine.run_at("12:20")
    switch(engine, works=True)

    once, twice = engine.run_at("12:30"), engine.run_at("12:40")

    assert (told(once), told(twice)) == ([], [("failing", "close")])


def test_reminders_come_though_nothing_else_happens(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 12 21 11 *", command=SWITCH)])
    engine.run_at("11:59")
    engine.run_at("12:00")

    days = [told(engine.run_at(f"2026-11-{day}T12:00:{day}")) for day in range(22, 30)]

    remind = [("failing", "remind")]
    assert days == [remind, [], remind, [], [], [], remind, []]


def test_an_acknowledged_incident_is_not_brought_back_to_mind_and_its_end_is_told(
    tmp_path: Path,
) -> None:
    from scheduled.state import incident_events

    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    engine.record("12:01", incident_events.acknowledged("failing: backup", "x", None))

    assert told(engine.run_at("2026-11-22T12:30")) == []
    switch(engine, works=True)
    assert told(engine.run_at("2026-11-23T12:00")) == [("failing", "close")]


@pytest.mark.parametrize("how", ["disabled", "cancelled", "deleted", "away"])
def test_the_incident_of_a_job_that_is_not_to_run_ends(tmp_path: Path, how: str) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH), job("other")])
    engine.run_at("11:59")
    engine.run_at("12:00")
    by: dict[str, Any] = {
        "disabled": events.job_enabled("backup", enabled=False),
        "cancelled": events.job_cancelled("backup", "no longer needed"),
    }
    if how in by:
        engine.record("12:01", by[how])
    else:
        engine.jobs = engine.jobs[1:]

    soon = told(engine.run_at("12:02"))
    later = told(engine.run_at("2026-11-22T13:00"))

    ended = [("failing", "close")]
    assert (soon + later).count(ended[0]) == 1
    assert (soon == ended) == (how in by)
    assert opened(engine) == []


def test_a_paused_job_reminds_nobody(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    engine.record("12:01", events.job_paused("backup", None, "away"))

    assert told(engine.run_at("2026-11-24T12:30")) == []
    assert opened(engine) == ["failing: backup"]


def test_a_suspended_job_is_an_incident_until_it_is_enabled(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH, suspend_after=1)])
    engine.run_at("11:59")

    assert told(engine.run_at("12:00")) == [("suspended", "open")]
    engine.record("12:01", events.job_enabled("backup", enabled=True))
    switch(engine, works=True)
    assert ("suspended", "close") in told(engine.run_at("12:02"))


def test_a_job_that_has_not_succeeded_for_too_long_is_told_after_the_catch_up(
    tmp_path: Path,
) -> None:
    jobs = [job(schedule=DAILY, command="test -e works || exit 75", max_age=26 * 3600.0)]
    engine = Engine(tmp_path, jobs)
    engine.run_at("2026-11-20T11:59")
    switch(engine, works=True)
    engine.run_at("2026-11-20T12:00")
    assert told(engine.run_at("2026-11-24T09:00")) == []  # what was missed is caught up on
    switch(engine, works=False)

    assert told(engine.run_at("2026-11-25T10:00")) == []
    assert told(engine.run_at("2026-11-25T11:01")) == [("missed", "open")]
    switch(engine, works=True)
    assert told(engine.run_at("2026-11-25T12:00")) == [("missed", "close")]


def test_a_clock_that_is_set_back_behind_a_success_makes_nothing_late(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, max_age=26 * 3600.0)])
    engine.run_at("2026-11-18T11:59")
    engine.run_at("2026-11-21T12:00")

    assert told(engine.run_at("2026-11-21T10:30")) == []


def test_a_tick_comes_when_a_success_gets_too_old_though_nothing_is_due(tmp_path: Path) -> None:
    weekly = job(schedule="0 12 * * 6", max_age=26 * 3600.0)
    engine = Engine(tmp_path, [weekly])
    engine.run_at("2026-11-18T11:59")
    engine.run_at("2026-11-21T12:00")

    due = telling.next_due([weekly], engine.state, at("12:01"))

    success = records.job_memory(engine.state, "backup").last_success
    assert success is not None
    assert due == success + timedelta(hours=26)
    assert told(engine.run_at("2026-11-22T14:01")) == [("missed", "open")]


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_a_job_without_space_is_recalled_between_its_runs_and_ends_with_the_job(
    tmp_path: Path, how: str
) -> None:
    (tmp_path / "full.py").write_text(
        "def run(context):\n    open('/dev/full', 'w').write('x' * 100_000)\n"
    )
    engine = Engine(tmp_path, [job(schedule="0 12 21 * *", handler="full:run"), job("other")])
    engine.run_at("11:59")
    assert ("disk", "open") in told(engine.run_at("12:00"))
    central = json.loads((tmp_path / "central/SCHEDULED.central.json").read_text())
    assert {row["kind"] for row in central["incidents"]} == {"failing", "disk"}

    assert ("disk", "remind") in told(engine.run_at("2026-11-22T12:30"))
    if how == "disabled":
        engine.record("2026-11-22T13:00", events.job_enabled("backup", enabled=False))
    else:
        engine.jobs = engine.jobs[1:]
    soon = told(engine.run_at("2026-11-22T13:01"))
    later = told(engine.run_at("2026-11-23T14:00"))

    assert (soon + later).count(("disk", "close")) == 1
    assert opened(engine) == []


def test_a_failed_run_that_counts_for_itself_is_told_until_it_is_dropped(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=SWITCH, catch_up=CatchUp.ALL)])
    engine.run_at("11:59")

    assert told(engine.run_at("12:00")) == [("dead_letter", "open")]
    switch(engine, works=True)
    assert told(engine.run_at("13:00")) == []
    engine.record("13:01", events.dead_letters_dropped("backup"))
    assert told(engine.run_at("13:02")) == [("dead_letter", "close")]


def test_while_a_job_fails_only_that_is_brought_back_to_mind(tmp_path: Path) -> None:
    late = job(command="exit 3", catch_up=CatchUp.ALL, alert_after=3, max_age=3600)
    engine = Engine(tmp_path, [late])
    engine.run_at("11:59")
    started = [told(engine.run_at(f"{hour}:00")) for hour in (12, 13, 14)]
    assert {kind for changes in started for kind, _ in changes} == {
        "dead_letter",
        "failing",
        "missed",
    }

    days = [f"2026-11-{day}T12:30" for day in (22, 23)]

    assert [told(engine.run_at(day)) for day in days] == [[], [("failing", "remind")]]


@pytest.mark.parametrize("is_paused", [True, False])
def test_where_nobody_is_reminded_no_tick_has_to_come_for_it(
    tmp_path: Path, is_paused: bool
) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    engine.run_at("11:59")
    engine.run_at("12:00")
    if is_paused:
        engine.record("12:01", events.job_paused("backup", None, "away"))
    later = at("2026-11-24T12:30")

    due = incidents.next_due(engine.state, later)

    assert (due is None) == is_paused


def test_a_tick_killed_before_it_told_leaves_that_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH), job("other")])
    engine.run_at("11:59")
    with monkeypatch.context() as patched:
        patched.setattr("scheduled.ticks.telling.incidents", lambda *_: None)
        engine.run_at("12:00")

    assert told(engine.run_at("12:01")) == [("failing", "open")]


def test_of_two_ticks_at_once_one_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scheduled.ticks import incidents

    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    engine.run_at("11:59")
    decide = incidents._changes
    others: list[Report] = []

    def meanwhile(*arguments: Any) -> Any:
        """Have another tick come between the first look and the lock."""
        found = decide(*arguments)
        if found and not others:
            monkeypatch.setattr(incidents, "_changes", decide)
            others.append(engine.run_at("12:00:30"))
        return found

    monkeypatch.setattr(incidents, "_changes", meanwhile)
    first = engine.run_at("12:00")

    assert told(others[0]) == [("failing", "open")]
    assert told(first) == []


def test_the_events_of_an_incident_are_fired(tmp_path: Path) -> None:
    from scheduled.ticks import tick
    from scheduled.ticks.signals import Bus

    engine = Engine(tmp_path, [job(schedule=DAILY, command=SWITCH)])
    heard: list[tuple[str, Any]] = []
    bus = Bus()
    bus.subscribe("*", lambda event, **data: heard.append((event, data.get("kind"))))
    for when in ("11:59", "12:00", "2026-11-22T12:00"):
        if when > "12:00":
            switch(engine, works=True)
        tick.run(engine.config, at(when), environ={"PATH": "/usr/bin:/bin"}, bus=bus)

    found = [(event, kind) for event, kind in heard if kind and "scheduler." not in event]
    assert found == [
        ("incident_opened", "failing"),
        ("incident_closed", "failing"),
        ("job_recovered", "failing"),
    ]


def test_cron_that_did_not_call_is_told_by_the_tick_that_comes(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("12:00")
    start, end = "2026-11-21T12:00:00Z", "2026-11-21T12:30:00Z"
    silent: Any = {"event": "gap", "from": start, "to": end, "cause": "cron silent"}
    engine.record("12:30", silent)

    reports = [engine.run_at(when) for when in ("12:31", "12:32", "2026-11-22T12:40")]

    acts = [told(report) for report in reports]
    assert acts[0] == [("no_ticks", "open")]
    assert acts[1] == []
    assert [change.act for report in reports for change in report.incidents].count(Act.OPEN) == 1
