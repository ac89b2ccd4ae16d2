"""Settings that hold for all jobs, and those of AICO that are accepted without a meaning."""

from pathlib import Path

import pytest

from scheduled.config.keys import NO_MEANING
from scheduled.config.parsed import JOB_DEFAULTS
from scheduled.jobs.model import Job
from tests.builders.configuration import job_file, loaded, refusal
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at
from tests.builders.looks import Home

ALL = """\
max_cpu_percent: 80
max_memory_percent: 70
idle_threshold_cpu: 10
idle_threshold_memory: 60
default_retry_count: 3
default_retry_delay: 90
max_retry_delay: 30m
"""
VALUES = dict(zip(JOB_DEFAULTS, (80.0, 70.0, 10.0, 60.0, 3, 90.0, 1800.0), strict=True))
OWN = '  mine: {schedule: "0 * * * *", command: "true", max_retries: 0, max_cpu_percent: none}\n'
SOON = '  soon: {schedule: "* * * * *", command: "true", first_run: now}\n'


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def defaults_of(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in JOB_DEFAULTS}


def test_they_hold_for_jobs_that_do_not_say_it(root: Path) -> None:
    (root / "own").mkdir(mode=0o755)
    (root / "own/h.py").write_text(
        "from scheduled.handler import handler\n\n\n"
        '@handler(schedule="hourly")\ndef decorated(context): ...\n'
    )
    (root / "own/h.py").chmod(0o644)
    job_file(root, "filed.yaml", 'id: filed\nschedule: "0 5 * * *"\ncommand: "true"\n')

    found = loaded(root, f"{ALL}handler_dirs: own\n{WITHOUT_SWEEPS}{OWN}{SOON}")

    jobs = {job.id: job for job in (*found.jobs, *found.offered)}
    assert found.problems == ()
    for id_ in ("soon", "filed", "decorated", "agency.background_learning"):
        assert defaults_of(jobs[id_]) == VALUES
    assert defaults_of(jobs["mine"]) == {**VALUES, "max_retries": 0, "max_cpu_percent": None}
    assert defaults_of(jobs["health"]) == defaults_of(Job("a", "", "")) | {"max_retries": 3}
    assert found.origins["max_retries"] == "scheduled.yaml:5"


def test_a_change_of_them_reaches_jobs_that_are_cached(root: Path) -> None:
    job_file(root, "filed.yaml", 'id: filed\nschedule: "0 5 * * *"\ncommand: "true"\n')
    retries = []
    for number in (3, 4):
        found = loaded(root, f"max_retries: {number}\n")
        found.save_caches()
        retries += [job.max_retries for job in found.jobs if job.id == "filed"]

    assert retries == [3, 4]


@pytest.mark.parametrize("name", NO_MEANING)
@pytest.mark.parametrize("value", ["1", "[a, b]", "{a: {b: c}}", "", '"text"'])
def test_l14_a_key_without_a_meaning_is_noted_and_stops_nothing(
    home: Home, name: str, value: str
) -> None:
    home.configure(f"{name}: {value}\n{name}: {value}\n{WITHOUT_SWEEPS}{SOON}")

    ticked = home.call("run", now=at("12:00"))
    again = home.call("run", now=at("12:01"))
    checked = home.call("config", "validate")

    note = f"scheduled.yaml:1: {name}: has no meaning here: "
    assert (ticked.code, ticked.err, again.code, checked.code) == (0, "", 0, 0)
    assert note in checked.out + checked.err
    assert note in "\n".join(home.session(at("12:02")).config.warnings)


def test_the_sections_of_aico_say_that_they_are_to_be_imported(root: Path) -> None:
    said = refusal(root, "scheduler: {enabled: false}\ntasks: {}\n")

    assert "scheduled.yaml:1: scheduler: a section of AICO's configuration" in said
    assert "scheduled.yaml:2: tasks: a section of AICO's configuration" in said
    assert "`scheduled config import FILE`" in said


def test_l15_enabled_false_keeps_every_job_from_running(home: Home) -> None:
    own = '  soon: {schedule: "0 * * * *", command: "true"}\n'
    home.configure(f"{WITHOUT_SWEEPS}{own}")
    home.call("run", now=at("12:00"))
    home.call("disable", "soon", now=at("12:00:10"))
    home.call("enable", "soon", now=at("12:00:20"))
    home.call("enable", "agency.background_learning", now=at("12:00:30"))

    home.configure(f"enabled: false\n{WITHOUT_SWEEPS}{own}")
    off = home.call("run", "--json", now=at("13:10"))
    refused = home.call("enable", "soon", now=at("13:11"))
    home.configure(f"{WITHOUT_SWEEPS}{own}")
    on = [home.call("run", "--json", now=at(time)) for time in ("13:20", "14:00")]

    assert (off.code, '"ran": 0' in off.out) == (0, True)
    assert refused.code == 2
    assert refused.err == "scheduled.yaml:1: enabled: false disables all jobs; remove it first"
    assert ['"ran": 0' in said.out for said in on] == [True, False]  # nothing is caught up on
