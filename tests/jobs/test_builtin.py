"""The built-in jobs, as data."""

from dataclasses import replace

from scheduled.jobs import agency_jobs, builtin, ecosystem_jobs, project_jobs
from scheduled.jobs.model import FirstRun


def test_mail_is_cleaned_up_before_any_job_counts_it() -> None:
    waiting = {job.id for job in builtin.JOBS if "mail_cleanup" in job.waits_for}

    assert waiting == builtin.OF_ECOSYSTEM - {"mail_cleanup"}


def test_the_daily_report_comes_after_all_that_it_reports() -> None:
    *others, report = ecosystem_jobs.JOBS

    assert report.id == "daily_report"
    assert set(report.waits_for) == {job.id for job in others} | builtin.OF_PROJECTS


def test_the_configuration_sets_the_zone_and_the_timeout() -> None:
    jobs = builtin.jobs("Asia/Kathmandu", 60.0)

    assert {(job.timezone, job.timeout) for job in jobs} == {("Asia/Kathmandu", 60.0)}
    assert [job.id for job in jobs] == [job.id for job in builtin.JOBS]


def test_without_an_ecosystem_only_configured_jobs_stay_enabled() -> None:
    shipped = ecosystem_jobs.JOBS[0]
    configured = replace(shipped, source="scheduled.yaml:3")

    assert builtin.as_in_root(configured, is_ecosystem=False) == configured
    off = builtin.as_in_root(shipped, is_ecosystem=False)
    assert (off.enabled, off.source) == (False, builtin.INACTIVE)


def test_the_other_jobs_are_off_everywhere_until_they_are_configured() -> None:
    others = [job for job in builtin.JOBS if job.id not in builtin.OF_ECOSYSTEM]
    configured = replace(others[0], source="scheduled.yaml:3")

    off = [builtin.as_in_root(job, is_ecosystem=True) for job in others]

    assert {(job.enabled, job.source) for job in off} == {(False, builtin.ON_REQUEST)}
    assert builtin.as_in_root(configured, is_ecosystem=True) == configured


def test_nothing_starts_a_job_that_nobody_asked_for_when_it_becomes_known() -> None:
    others = [job for job in builtin.JOBS if job.id not in builtin.OF_ECOSYSTEM]

    assert {job.first_run for job in others} == {FirstRun.WAIT}


def test_d14_the_agency_starts_only_while_the_machine_is_idle_and_can_be_bound() -> None:
    agency = {job.id: (job.schedule, job.idle_only) for job in agency_jobs.JOBS}

    assert agency == {
        "agency.background_learning": ("*/30 * * * *", True),
        "agency.memory_consolidation": ("0 2 * * *", True),
        "agency.emotion_training": ("0 3 * * 0", True),
        "agency.personality_evolution": ("0 4 1 * *", True),
    }
    assert {*agency, "maintenance.vector_optimization"} == builtin.BINDABLE


def test_a_registry_of_projects_switches_on_their_jobs_and_no_others() -> None:
    def switched_on(*, is_ecosystem: bool) -> set[str]:
        jobs = builtin.jobs("UTC")
        found = [builtin.as_in_root(j, is_ecosystem=is_ecosystem, has_projects=True) for j in jobs]
        return {job.id for job in found if job.enabled}

    assert switched_on(is_ecosystem=False) == builtin.OF_PROJECTS
    assert switched_on(is_ecosystem=True) == builtin.OF_PROJECTS | builtin.OF_ECOSYSTEM


def test_they_run_at_the_first_tick_where_there_is_a_registry() -> None:
    job = project_jobs.JOBS[0]

    found = builtin.as_in_root(job, is_ecosystem=False, has_projects=True)

    assert found.first_run is FirstRun.NOW


def test_maintenance_goes_before_the_agency_when_resources_are_short() -> None:
    agency = {job.priority.rank for job in agency_jobs.JOBS}
    others = {job.priority.rank for job in builtin.JOBS if job.id.startswith("maintenance.")}

    assert min(agency) > max(others)
