"""How often a tick is expected, and what follows from it for gaps and for what `status` says."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.errors import UsageError
from scheduled.state import tick_interval
from scheduled.state.document import empty, problem
from scheduled.views import status
from scheduled.views.snapshot import observe
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import snapshot

MINUTE = timedelta(minutes=1)


def installed(every: timedelta | None, by: str = "crontab of ann") -> dict[str, Any]:
    """Return what `cron install` records, or `cron uninstall` (None)."""
    seconds = every.total_seconds() if every else None
    return {"event": "cadence", "by": by, "seconds": seconds}


def status_at(engine: Engine, when: str) -> dict[str, Any]:
    shown = observe(engine.config, engine.state, at(when), UTC)
    return status.document(shown)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path, [job(schedule="0 3 1 1 *", command="true")])


def test_where_nothing_is_said_a_tick_is_expected_each_minute(engine: Engine) -> None:
    assert tick_interval.current(None, engine.state).interval == MINUTE


def test_ticks_that_come_as_installed_are_no_gaps_and_no_reason_to_worry(engine: Engine) -> None:
    engine.record("11:59", installed(15 * MINUTE))

    for when in ("12:00", "12:15", "12:30"):
        engine.run_at(when)

    assert engine.state["gaps"] == []
    assert status_at(engine, "12:44")["health"] == "healthy"


def test_a_tick_that_was_to_come_and_does_not_is_missed_all_the_same(engine: Engine) -> None:
    engine.record("11:59", installed(15 * MINUTE))
    engine.run_at("12:00")

    reasons = status_at(engine, "12:46")["reasons"]
    engine.run_at("13:00")

    assert "one is expected every 15 min" in reasons[0]
    assert len(engine.state["gaps"]) == 1


def test_what_the_configuration_says_counts_for_more(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()], tick_interval=3600.0)
    engine.record("11:59", installed(MINUTE))

    engine.run_at("12:00")
    engine.run_at("13:00")

    assert engine.state["gaps"] == []
    assert status_at(engine, "13:59")["health"] == "healthy"


def test_of_several_that_call_the_most_frequent_sets_what_to_expect(engine: Engine) -> None:
    engine.record("11:00", installed(60 * MINUTE), installed(5 * MINUTE, by="timer of bob"))
    both = tick_interval.current(None, engine.state).interval
    engine.record("11:01", installed(None, by="timer of bob"))

    assert both == 5 * MINUTE
    assert tick_interval.current(None, engine.state).interval == 60 * MINUTE


def test_what_is_uninstalled_is_expected_no_more(engine: Engine) -> None:
    engine.record("11:00", installed(60 * MINUTE))
    engine.record("11:01", installed(None))

    assert tick_interval.current(None, engine.state).interval == MINUTE


def test_going_over_to_a_tick_each_minute_makes_no_gap_of_the_hour_before(engine: Engine) -> None:
    engine.record("11:59", installed(60 * MINUTE))
    engine.run_at("12:00")
    engine.record("12:50", installed(MINUTE))

    before = status_at(engine, "12:51")
    engine.run_at("12:51")

    assert before["health"] == "healthy"
    assert engine.state["gaps"] == []


def test_a_change_does_not_hide_a_silence_that_is_too_long_for_either(engine: Engine) -> None:
    engine.record("11:59", installed(60 * MINUTE))
    engine.run_at("12:00")
    engine.record("17:00", installed(MINUTE))

    engine.run_at("17:01")

    assert len(engine.state["gaps"]) == 1


def test_to_install_the_same_again_hides_no_silence(engine: Engine) -> None:
    engine.record("11:59", installed(MINUTE))
    engine.run_at("12:00")
    engine.record("12:30", installed(MINUTE))

    assert status_at(engine, "12:31")["health"] == "critical"


def test_a_job_of_each_five_minutes_is_not_overdue_between_hourly_ticks(engine: Engine) -> None:
    engine.jobs = (job(schedule="*/5 * * * *", command="true"),)
    engine.record("11:59", installed(60 * MINUTE))
    engine.run_at("12:00")

    assert status_at(engine, "12:59")["overdue"] == []


@pytest.mark.parametrize("interval", ["7", "45", "90", "5h", "48h"])
def test_an_interval_that_a_calendar_would_make_uneven_is_refused(interval: str) -> None:
    with pytest.raises(UsageError, match="the interval has to divide them"):
        tick_interval.parse(interval)


@pytest.mark.parametrize("interval", ["0", "-5", "", "5s", "x", "1.5", "*/5", "99999999999"])
def test_an_interval_that_is_no_number_of_minutes_or_hours_is_refused(interval: str) -> None:
    with pytest.raises(UsageError, match="expected minutes"):
        tick_interval.parse(interval)


@pytest.mark.parametrize(
    "kept",
    [
        {"seconds": "soon"},
        {"seconds": 0},
        {"before": -1},
        {"installed": ["crontab of ann"]},
        {"installed": {"crontab of ann": None}},
    ],
)
def test_a_cadence_that_cannot_be_counted_with_makes_a_state_broken(kept: dict[str, Any]) -> None:
    assert problem({**empty(), "cadence": kept}) == "cadence is invalid"


def test_a_state_from_before_there_was_a_cadence_is_whole() -> None:
    before = {key: value for key, value in empty().items() if key != "cadence"}

    assert problem(before) == ""


def test_a_state_that_is_shown_says_nothing_of_a_tick_that_could_not_come_yet() -> None:
    since = tick_interval.Cadence(MINUTE, since=at("11:59"))

    shown = snapshot(job(), cadence=since, last_tick=at("10:00"))

    assert status.document(shown)["health"] == "healthy"
