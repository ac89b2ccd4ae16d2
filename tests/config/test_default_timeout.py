"""How long a job may run if nothing says so."""

from pathlib import Path

from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from tests.builders.configuration import job_file, loaded


def test_b12_an_own_job_may_run_for_a_day_and_a_built_in_one_for_five_minutes(root: Path) -> None:
    job_file(root, "found.yaml", "id: found\nname: Found\nschedule: hourly\ncommand: x\n")
    found = loaded(root, "jobs:\n  written: {schedule: hourly, command: x}\n  health: {nice: 5}\n")
    jobs = {job.id: job.timeout for job in found.jobs}

    assert jobs["written"] == jobs["found"] == found.default_timeout == 24 * 3600.0
    assert {jobs[job.id] for job in builtin.JOBS} == {300.0}
    assert Job("any", "hourly", "UTC").timeout == 24 * 3600.0


def test_the_zone_and_timeout_of_a_job_are_its_own_or_the_configured_ones(root: Path) -> None:
    found = loaded(
        root,
        "timezone: Asia/Kathmandu\n"
        "default_timeout: 10m\n"
        "jobs:\n"
        "  plain: {schedule: hourly, command: x}\n"
        "  own: {schedule: hourly, command: x, timezone: UTC, timeout_seconds: 5}\n",
    )
    jobs = {job.id: (job.timezone, job.timeout) for job in found.jobs}

    assert jobs["plain"] == jobs["health"] == ("Asia/Kathmandu", 600.0)
    assert jobs["own"] == ("UTC", 5.0)
    assert found.timezone == "Asia/Kathmandu"
