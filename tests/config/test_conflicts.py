"""`max_jobs` and `max_cron_tasks`: the first jobs run, and one message names the others."""

from pathlib import Path

import pytest

from tests.builders.configuration import job_file, loaded, refusal

TWO = 'jobs:\n  a: {schedule: daily, command: "true"}\n  b: {schedule: daily, command: "true"}\n'


def test_of_too_many_jobs_the_first_run_and_one_message_names_the_others(root: Path) -> None:
    job_file(root, "c.yaml", "id: c\nschedule: daily\ncommand: date\n")
    job_file(root, "d.yaml", "id: d\nschedule: daily\ncommand: date\n")

    found = loaded(root, f"max_jobs: 2\n{TWO}")

    assert [job.id for job in found.jobs][-2:] == ["a", "b"]
    (problem,) = found.problems
    assert problem == (
        "scheduled.yaml:1: max_jobs: 2 jobs of your own are allowed, but there are 4; "
        "c (jobs/c.yaml:1), d (jobs/d.yaml:1) do not run; remove them, or raise the limit"
    )


@pytest.mark.parametrize("limit", ["", "max_jobs: 2", "max_jobs: none", "max_cron_tasks: 2"])
def test_as_many_jobs_as_are_allowed_run_and_builtin_ones_do_not_count(
    root: Path, limit: str
) -> None:
    found = loaded(root, f"{limit}\n{TWO}  health: {{timeout: 10}}\n")

    assert found.problems == ()
    assert len(found.jobs) == 7


def test_of_very_many_only_some_are_named(root: Path) -> None:
    many = "".join(f'  j{n}: {{schedule: daily, command: "true"}}\n' for n in range(20))

    (problem,) = loaded(root, f"max_cron_tasks: 3\njobs:\n{many}").problems

    assert "j7 (scheduled.yaml:10) and 12 more do not run" in problem


def test_a_job_that_waits_for_one_beyond_the_limit_does_not_run_either(root: Path) -> None:
    found = loaded(
        root,
        'max_jobs: 1\njobs:\n  a: {schedule: daily, command: "true", after: b}\n'
        '  b: {schedule: daily, command: "true"}\n',
    )

    assert {job.id for job in found.jobs}.isdisjoint({"a", "b"})
    assert len(found.problems) == 2


def test_a_limit_that_is_not_a_number_is_refused(root: Path) -> None:
    assert "max_jobs" in refusal(root, "max_jobs: 0\n")


def test_max_cron_tasks_counts_recurring_enabled_jobs_only(root: Path) -> None:
    one_time = '  o{n}: {{schedule: "at:2099-01-0{n}T00:00:00Z", command: "true"}}\n'
    off = '  d{n}: {{schedule: daily, command: "true", enabled: false}}\n'
    others = "".join(text.format(n=n) for n in range(1, 4) for text in (one_time, off))

    found = loaded(root, f"max_cron_tasks: 3\n{TWO}{others}")
    more = loaded(
        root, f"max_cron_tasks: 2\n{TWO}  c: {{schedule: every 2h, command: x}}\n{others}"
    )

    assert found.problems == ()
    (problem,) = more.problems
    assert problem == (
        "scheduled.yaml:1: max_cron_tasks: 2 enabled recurring jobs are allowed, but there are 3;"
        " c (scheduled.yaml:5) does not run; remove it, or raise the limit"
    )
    assert len(more.jobs) == len(found.jobs)
    assert "c" not in {job.id for job in more.jobs}


@pytest.mark.parametrize(
    ("limit", "warned"),
    [
        ("max_jobs: 10", "max_jobs: 9 of 10 jobs of your own are in use"),
        ("max_jobs: 11", ""),
        ("max_cron_tasks: 9", "max_cron_tasks: 9 of 9 enabled recurring jobs are in use"),
        ("catch_up_budget: 9", ""),
    ],
)
def test_a_limit_that_is_nearly_reached_is_warned_of(root: Path, limit: str, warned: str) -> None:
    nine = "".join(f'  j{n}: {{schedule: daily, command: "true"}}\n' for n in range(9))

    found = loaded(root, f"{limit}\njobs:\n{nine}")

    assert found.problems == ()
    assert found.warnings == ((f"scheduled.yaml:1: {warned}",) if warned else ())
