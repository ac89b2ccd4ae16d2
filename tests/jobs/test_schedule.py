"""The schedule of a job, and its jitter."""

from datetime import timedelta

import pytest

from scheduled.errors import ScheduleError
from scheduled.jobs.schedule import schedule_of, start_delay
from tests.builders.jobs import job


def test_the_delay_of_a_job_never_changes() -> None:
    # systemd#21166: random at each boot, a delay longer than the boots never ends.
    late = job(jitter=600.0, seed="machine backup")

    assert start_delay(late) == timedelta(seconds=481)


def test_the_delays_of_jobs_and_machines_are_spread_below_the_jitter() -> None:
    seeds = [f"{machine} {number}" for machine in ("a", "b") for number in range(200)]
    delays = [start_delay(job(jitter=600.0, seed=seed)).total_seconds() for seed in seeds]

    assert max(delays) < 600
    assert min(delays) >= 0
    thirds = [sum(1 for delay in delays if delay // 200 == third) for third in range(3)]
    assert min(thirds) > 80


@pytest.mark.parametrize("jitter", [None, 0.0, 0.5, 1.0])
def test_without_a_whole_second_of_jitter_there_is_no_delay(jitter: float | None) -> None:
    assert start_delay(job(jitter=jitter, seed="machine backup")) == timedelta(0)


def test_a_job_without_a_seed_is_delayed_by_its_id() -> None:
    delays = {start_delay(job(f"job-{number}", jitter=3600.0)) for number in range(20)}

    assert len(delays) > 15


def test_only_an_h_makes_schedules_of_jobs_differ() -> None:
    plain = {schedule_of(job(seed=seed)) for seed in ("a", "b")}
    hashed = {schedule_of(job(schedule="H H * * *", seed=seed)) for seed in ("a", "b")}

    assert (len(plain), len(hashed)) == (1, 2)


def test_a_text_that_was_never_validated_is_refused() -> None:
    with pytest.raises(ScheduleError, match="minute 61"):
        schedule_of(job(schedule="61 * * * *"))
