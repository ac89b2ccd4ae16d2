"""How long a job may run if nothing says so."""

from pathlib import Path

import pytest

from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from tests.builders.configuration import job_file, loaded
from tests.builders.jobs import at
from tests.builders.looks import Home


def test_b12_an_own_job_may_run_for_a_day_and_a_built_in_one_for_five_minutes(root: Path) -> None:
    job_file(root, "found.yaml", "id: found\nschedule: hourly\ncommand: x\n")
    found = loaded(root, "jobs:\n  written: {schedule: hourly, command: x}\n  health: {nice: 5}\n")
    jobs = {job.id: job.timeout for job in found.jobs}

    assert jobs["written"] == jobs["found"] == found.default_timeout == 24 * 3600.0
    assert {jobs[name] for name in builtin.OF_ECOSYSTEM} == {300.0}
    assert Job("any", "hourly", "UTC").timeout == 24 * 3600.0


GPTME = "id: of-gptme\nname: Of gptme\nschedule: hourly\ncommand: x\n"


@pytest.mark.parametrize(
    ("more", "settings", "seconds"),
    [
        ("", "", 300.0),
        ("description: D\npriority: high\nenabled: true\nmax_retries: 2\n", "", 300.0),
        ("timeout_seconds: 600\n", "", 600.0),
        ("timeout: 2h\n", "", 7200.0),
        ("nice: 5\n", "", 24 * 3600.0),
        ("", "default_timeout: 10m\n", 600.0),
        ("", "default_timeout: 1d\n", 24 * 3600.0),
        ("", "default_timeout_seconds: 60\n", 60.0),
    ],
)
def test_b12_a_job_file_of_gptme_keeps_its_five_minutes_however_it_comes(
    root: Path, more: str, settings: str, seconds: float
) -> None:
    job_file(root, "dropped.yaml", GPTME + more)
    found = [loaded(root, settings) for _ in range(2)]  # the second time from the cache

    assert [job.timeout for config in found for job in config.jobs if job.id == "of-gptme"] == [
        seconds,
        seconds,
    ]


def test_b12_what_create_and_update_write_is_no_file_of_gptme(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = home.call("create", "named", "hourly", "--command", "true", "--name", "Named")
    home.call("create", "plain", "hourly", "--command", "true")
    home.call("update", "plain", "--name", "Plain")
    jobs = {job.id: job.timeout for job in home.session(at("12:00")).config.jobs}

    assert made.code == 0
    assert (jobs["named"], jobs["plain"]) == (24 * 3600.0, 24 * 3600.0)


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
