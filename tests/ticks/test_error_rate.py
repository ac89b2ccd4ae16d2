"""The incident about many runs that fail, though no job fails often enough to be told of."""

from pathlib import Path

from scheduled.jobs.model import Job
from scheduled.state.incident_entries import closed_incidents, open_incidents
from scheduled.ticks.report import Report
from tests.builders.engine import Engine
from tests.builders.jobs import job

TEN = "*/10 * * * *"


def fails_at(*minutes: str) -> Job:
    """A job that fails at these minutes of the first hour, and succeeds at all others."""
    slots = "|".join(f"*T12:{minute}:00Z" for minute in minutes)
    command = f'case "$SCHEDULED_SLOT" in {slots}) exit 3;; esac'
    return job(f"job-{minutes[0]}", schedule=TEN, command=command)


def told(report: Report) -> list[tuple[str, str]]:
    return [(change.incident.kind, change.act.value) for change in report.incidents]


def test_jobs_that_fail_now_and_then_are_told_of_together_once(tmp_path: Path) -> None:
    jobs = [fails_at("10"), fails_at("20"), fails_at("30")]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:59")

    acts = [told(engine.run_at(f"12:{minute}0")) for minute in range(6)]

    assert acts == [[], [], [], [("error_rate", "open")], [], []]
    [incident] = open_incidents(engine.state).values()
    assert incident.last_error == "3 of 12 runs failed for good in the last 24 hours (25%)"
    assert incident.job == ""

    assert told(engine.run_at("2026-11-22T13:10")) == [("error_rate", "close")]


def test_failures_that_a_job_is_known_for_are_not_told_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [fails_at("00", "10", "20", "30")])
    engine.run_at("11:59")

    acts = [told(engine.run_at(f"12:{minute}0")) for minute in range(6)]

    assert acts == [[], [("failing", "open")], [], [], [("failing", "close")], []]
    assert [incident.kind for incident in closed_incidents(engine.state)] == ["failing"]


def test_attempts_that_a_retry_made_up_for_do_not_count(tmp_path: Path) -> None:
    flaky = "test -e $SCHEDULED_SLOT || { touch $SCHEDULED_SLOT; exit 3; }"
    engine = Engine(tmp_path, [job(schedule=TEN, command=flaky, max_retries=1, retry_delay=0.01)])
    engine.run_at("11:59")

    reports = [engine.run_at(f"12:{minute}0") for minute in range(5)]

    assert sum(len(report.ran) for report in reports) == 10
    assert [told(report) for report in reports] == [[]] * 5
