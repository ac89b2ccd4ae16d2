"""Nothing that was noted under a clock that was ahead freezes anything, or is lost for it."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import present
from scheduled.state.document import State, empty
from scheduled.state.incident_events import acknowledged
from scheduled.system import locks
from scheduled.timing.instants import format_utc
from tests.builders.beside import wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.killed import tick_and_kill

pytestmark = pytest.mark.slow

YEARS_AHEAD = "2031-05-05T05:05:05Z"
NOTE = "echo $SCHEDULED_SLOT >> out"


def _jobs_of(state: Any) -> Any:
    return state["jobs"]["backup"]


def instants_of(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], str]:
    """All texts in a state that are instants, by their place."""
    if isinstance(value, str):
        return {path: value} if value.endswith("Z") and value[:2] == "20" else {}
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return {
        place: text
        for key, item in items
        for place, text in instants_of(item, (*path, key)).items()
    }


def ticked_years_ahead(folder: Path) -> Engine:
    """An installation whose clock was years ahead for its first hours: everything is noted."""
    jobs = [
        job(command="exit 1", max_retries=3, retry_delay=600.0),
        job("every", "every 90m", command=NOTE),
        job("deferred", command=NOTE),
        job("paused", command=NOTE),
        job("idle", command="exit 75"),
    ]
    engine = Engine(folder, jobs)
    engine.run_at("2031-05-05T03:30:00")
    until = {"until": "2031-05-05T08:00:00Z", "reason": "busy"}
    engine.record("2031-05-05T03:40:00", {"event": "deferral", "job": "deferred", **until})
    engine.record("2031-05-05T03:40:00", {"event": "paused", "job": "paused", **until})
    engine.run_at("2031-05-05T05:05:00")
    return engine


def test_h2_no_instant_of_a_clock_that_was_ahead_stays(tmp_path: Path) -> None:
    engine = ticked_years_ahead(tmp_path)

    report = engine.run_at("12:10")

    kept = {path: text for path, text in instants_of(engine.state).items() if text > "2027"}
    history = (
        "last",
        "first_seen",
        "deferral_history",
        "schedule",
        "absence",
        "from",
        "id",
        "skip",
    )
    names = ("retry", "slot"), ("deferred", "slot"), ("deferred", "first")  # of slots
    assert [path for path in kept if not set(path) & set(history) and path[-2:] not in names] == []
    assert any("the clock was wrong then" in warning for warning in report.warnings)


def test_h2_every_job_runs_again_at_its_times(tmp_path: Path) -> None:
    engine = ticked_years_ahead(tmp_path)
    before = len(engine.lines())

    for when in ("12:10", "12:11", "13:00", "13:40", "14:00", "16:30", "17:00"):
        engine.run_at(when)

    slots = [line[:16] for line in engine.lines()[before:]]
    assert "2026-11-21T13:40" in slots  # the interval, from its new anchor
    assert slots.count("2026-11-21T17:00") >= 2  # after the deferral and the pause
    failed = [row for row in engine.rows if row["job"] == "backup" and row["outcome"] == "failed"]
    assert failed


def test_h2_a_retry_noted_years_ahead_is_tried_now(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", max_retries=3, retry_delay=600.0)])
    engine.run_at("2031-05-05T11:30:00")
    engine.run_at("2031-05-05T12:00:00")

    engine.run_at("12:10")

    assert engine.rows[-1]["attempt"] == 2
    assert engine.state["jobs"]["backup"]["retry"]["retry_at"] < "2026-11-22"


def test_h2_a_wish_is_as_long_from_now_as_it_was_from_then(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("2031-05-05T03:30:00")
    until = {"until": "2031-05-05T05:40:00Z", "reason": ""}
    engine.record("2031-05-05T03:40:00", {"event": "deferral", "job": "backup", **until})
    engine.record("2031-05-05T03:40:00", {"event": "paused", "job": "backup", **until})

    engine.run_at("12:10")

    state = engine.state
    assert state["jobs"]["backup"]["deferral"]["until"] == "2026-11-21T14:10:00Z"
    assert state["paused"]["backup"]["until"] == "2026-11-21T14:10:00Z"


def test_h2_a_wish_is_as_long_from_each_correction(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("2031-05-05T03:30:00")
    wish = {"until": "2031-05-05T05:40:00Z", "reason": ""}
    engine.record("2031-05-05T03:40:00", {"event": "deferral", "job": "backup", **wish})
    engine.record("2031-05-05T03:40:00", {"event": "paused", "job": "backup", **wish})
    until = at("2031-05-05T05:40:00")
    engine.record("2031-05-05T03:40:00", acknowledged("failing: backup", "x", until))

    for day in ("2028-05-05", "2026-11-21"):
        engine.run_at(f"{day}T12:10:00")

        assert engine.state["jobs"]["backup"]["deferral"]["until"] == f"{day}T14:10:00Z"
        assert engine.state["paused"]["backup"]["until"] == f"{day}T14:10:00Z"


def test_h2_an_acknowledgement_is_as_long_from_now_and_set_right_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="exit 1", alert_after=1)])
    engine.run_at("2031-05-05T03:30:00")
    engine.run_at("2031-05-05T04:00:00")
    until = at("2031-05-07T04:10:00")
    engine.record("2031-05-05T04:10:00", acknowledged("failing: backup", "x", until))

    first, second = engine.run_at("12:10"), engine.run_at("12:11")

    kept = engine.state["incidents"]["failing: backup"]["acknowledged"]
    assert kept == {"at": "2026-11-21T12:10:00Z", "until": "2026-11-23T12:10:00Z"}
    assert (len(first.warnings) > 0, second.warnings) == (True, [])


def test_h2_a_deferral_to_next_year_stays(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    until = {"until": "2027-11-21T12:00:00Z", "reason": ""}
    engine.record("11:40", {"event": "deferral", "job": "backup", **until})

    report = engine.run_at("12:10")

    assert engine.state["jobs"]["backup"]["deferral"]["until"] == until["until"]
    assert report.warnings == []


@pytest.mark.parametrize("spare_the_job", [False, True])
def test_h2_a_slot_whose_run_a_clock_that_was_ahead_left_open_has_one_outcome(
    tmp_path: Path, spare_the_job: bool
) -> None:
    command = "echo x >> out; [ $SCHEDULED_ATTEMPT = 2 ] || exec sleep 0.2"
    engine = Engine(tmp_path, [job(command=command)])
    engine.run_at("2026-11-23T11:30")
    tick_and_kill(engine, "2026-11-23T12:00", spare_the_job=spare_the_job)
    wait_for(lambda: not locks.is_running(engine.state_dir, "backup"))

    engine.run_at("11:30")  # two days earlier, it is found that the clock was wrong
    engine.run_at("12:00")

    ended = [
        event["slot"]
        for event in engine.events
        if event["event"] == "end" and event.get("answered")
    ]
    assert ended == ["2026-11-23T12:00:00Z", "2026-11-21T12:00:00Z"]


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("outbox", [{"id": "m1", "retry_at": YEARS_AHEAD, "created": YEARS_AHEAD}]),
        ("incidents", {"a: b": {"since": YEARS_AHEAD, "acknowledged": {"at": YEARS_AHEAD}}}),
        ("jobs", {"backup": {"failing_since": YEARS_AHEAD}}),
        ("dead_letter", [{"job": "backup", "since": YEARS_AHEAD}]),
        ("gaps", [{"from": "2026-11-21T10:00:00Z", "to": YEARS_AHEAD, "cause": "machine off"}]),
        ("boot", {"id": "b", "at": YEARS_AHEAD}),
        ("ticks", {"first": YEARS_AHEAD, "last": YEARS_AHEAD, "count": 3}),
        ("cadence", {"seconds": 60.0, "since": YEARS_AHEAD}),
        ("owner", {"root": "/srv", "host": "second", "since": YEARS_AHEAD}),
        ("jobs", {"backup": {"succeeded_slot": YEARS_AHEAD, "last_success": YEARS_AHEAD}}),
        ("jobs", {"backup": {"open": {"run_id": "r", "started_at": YEARS_AHEAD}}}),
        ("jobs", {"backup": {"beside": {"1": {"run_id": "r", "started_at": YEARS_AHEAD}}}}),
    ],
)
def test_h2_instants_of_every_section_count_as_now(section: str, value: Any) -> None:
    state: Any = json.loads(json.dumps({**empty(), section: value}))

    for found in present.ahead(state, at("12:00"), {}):
        present.replace(state, found.path, found.before, found.after)

    assert YEARS_AHEAD not in json.dumps(state)
    assert "2026-11-21T12:00:00Z" in json.dumps(state)


def test_h2_what_lies_a_little_ahead_stays() -> None:
    soon = format_utc(at("12:00") + present.CORRECTION)
    state: State = {**empty(), "jobs": {"backup": {"anchor": soon, "succeeded_slot": soon}}}

    assert present.ahead(state, at("12:00"), {}) == []


def test_h2_a_retry_may_be_as_far_ahead_as_its_job_says() -> None:
    late = format_utc(at("12:00") + timedelta(hours=20))
    state: State = {**empty(), "jobs": {"backup": {"retry": {"slot": "x", "retry_at": late}}}}

    assert present.ahead(state, at("12:00"), {"backup": 86400.0}) == []
    assert len(present.ahead(state, at("12:00"), {})) == 1


def test_h5_a_tick_years_ahead_deletes_no_output(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo precious")])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    (log,) = (engine.state_dir / "runs" / "backup").glob("*.log")
    noon = at("12:00").timestamp()
    os.utime(log, (noon, noon))

    for when in ("2031-05-05T12:00:00", "2031-05-06T12:00:00", "13:00", "2026-11-22T13:00:00"):
        engine.run_at(when)

    assert log.read_text() == "precious\n"
    assert outcomes(engine.rows)[0] == ("12:00", "succeeded")


def test_h5_output_goes_with_the_days_of_the_journal(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 3 29 2 *")])
    engine.run_at("2026-10-01T12:00")
    old = engine.state_dir / "runs" / "backup" / "r1.log"
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_text("old")
    day = at("2026-10-01T12:00:00")
    os.utime(old, (day.timestamp(), day.timestamp()))

    for number in range(1, 36):
        engine.run_at(f"{day + timedelta(days=number):%Y-%m-%dT%H:%M:%S}")

    assert not old.exists()


def test_h2_a_failed_slot_of_a_clock_that_was_ahead_has_one_outcome(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="false", max_retries=1, retry_delay=600.0)])
    engine.run_at("2026-11-23T11:30")
    engine.run_at("2026-11-23T12:00")

    engine.run_at("11:30")  # two days earlier, it is found that the clock was wrong
    engine.run_at("12:00")
    engine.run_at("12:11")

    ended = [
        event["slot"]
        for event in engine.events
        if event["event"] == "end" and event.get("answered")
    ]
    assert ended == ["2026-11-23T12:00:00Z", "2026-11-21T12:00:00Z"]
