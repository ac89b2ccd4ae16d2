"""The built-in jobs, as data."""

from dataclasses import replace

from scheduled.jobs import builtin


def test_mail_is_cleaned_up_before_any_job_counts_it() -> None:
    waiting = {job.id for job in builtin.JOBS if "mail_cleanup" in job.waits_for}

    assert waiting == {job.id for job in builtin.JOBS} - {"mail_cleanup"}


def test_the_daily_report_comes_after_all_that_it_reports() -> None:
    *others, report = builtin.JOBS

    assert report.id == "daily_report"
    assert set(report.waits_for) == {job.id for job in others}


def test_the_configuration_sets_the_zone_and_the_timeout() -> None:
    jobs = builtin.jobs("Asia/Kathmandu", 60.0)

    assert {(job.timezone, job.timeout) for job in jobs} == {("Asia/Kathmandu", 60.0)}
    assert [job.id for job in jobs] == [job.id for job in builtin.JOBS]


def test_without_an_ecosystem_only_configured_jobs_stay_enabled() -> None:
    shipped = builtin.JOBS[0]
    configured = replace(shipped, source="scheduled.yaml:3")

    assert builtin.inactive(configured) == configured
    assert not builtin.inactive(shipped).enabled
    assert builtin.inactive(shipped).source == builtin.INACTIVE
