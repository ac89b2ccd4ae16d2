"""What `permissions` says of the ids of jobs, and what is said against jobs for it."""

from pathlib import Path

import pytest

import scheduled
from scheduled.config import load
from scheduled.errors import ConfigError
from scheduled.jobs import builtin
from scheduled.jobs.permissions import Limits, level_of, limits_of
from tests.builders.configuration import job_file, loaded, refusal
from tests.builders.handlers import decorated, handler_file

JOB = '{schedule: daily, command: "true"}'
ID = next(job.id for job in builtin.JOBS if job.id.startswith("maintenance."))


def levels(root: Path, permissions: str, *ids: str) -> list[str]:
    jobs = "".join(f"  {id_}: {JOB}\n" for id_ in ids)
    found = loaded(root, f"permissions: {permissions}\njobs:\n{jobs}")
    assert found.problems == ()
    return [next(job.level for job in found.jobs if job.id == id_) for id_ in ids]


def test_m1_the_prefix_of_an_id_says_what_its_job_may_do(root: Path) -> None:
    assert levels(root, "", "user.a", "custom.a.b", "user", "user-a", "web.user.a", "User.a") == [
        *("restricted", "restricted"),
        *("", "", "", ""),
    ]


def test_m1_built_in_jobs_have_levels_by_their_ids() -> None:
    found = {job.id: job.level for job in builtin.jobs("UTC")}

    assert found[ID] == "system"
    assert {level for id_, level in found.items() if id_.startswith("agency.")} == {"limited"}
    assert found["health"] == ""


def test_prefixes_are_configurable_and_the_longest_counts(root: Path) -> None:
    given = "{user.*: unrestricted, user.ann.*: limited, user.ann.x: restricted, web.*: restricted}"

    assert levels(root, given, "user.a", "user.ann.a", "user.ann.x", "web.a", "custom.a") == [
        *("", "limited", "restricted", "restricted", "restricted")
    ]


def test_an_own_job_under_a_prefix_of_the_system_has_its_level(root: Path) -> None:
    assert loaded(root, f"jobs:\n  security.mine: {JOB}\n").problems == ()
    assert levels(root, "{}", "security.mine") == ["system"]
    assert levels(root, "{security.*: restricted}", "security.mine") == ["restricted"]


@pytest.mark.parametrize("action", ['command: "true"', "handler: health", "handler: json:loads"])
@pytest.mark.parametrize("job", ["mail_cleanup", ID])
def test_m5_what_a_built_in_job_runs_cannot_be_replaced(root: Path, job: str, action: str) -> None:
    found = loaded(
        root, f"permissions: {{maintenance.*: unrestricted}}\njobs:\n  {job}: {{{action}}}\n"
    )

    assert [
        f'not permitted: "{job}" is a built-in job' in problem for problem in found.problems
    ] == [True]
    assert job not in {each.id for each in found.jobs}


def test_its_settings_can_be_changed_and_its_own_handler_named(root: Path) -> None:
    text = "jobs:\n  health: {enabled: false, handler: health, schedule: daily}\n"

    found = loaded(root, text)

    assert found.problems == ()
    assert next(job for job in found.jobs if job.id == "health").schedule == "daily"


@pytest.mark.parametrize("id_", ["user.", ".user", "user/x", "user..x ", "user.x\u00e9", "x" * 101])
def test_m2_an_id_that_is_none_is_refused_and_an_unknown_prefix_is_the_owners(
    root: Path, id_: str
) -> None:
    found = loaded(root, f'jobs:\n  "{id_}": {JOB}\n  ams.x: {JOB}\n')

    assert len(found.problems) == 1
    assert "an id may contain letters" in found.problems[0]
    assert next(job.level for job in found.jobs if job.id == "ams.x") == ""


@pytest.mark.parametrize("job", sorted(builtin.BINDABLE))
def test_jobs_that_are_there_for_it_can_be_given_a_command(root: Path, job: str) -> None:
    found = loaded(root, f"jobs:\n  {job}: {{command: learn}}\n")

    assert found.problems == ()
    assert next(each for each in found.jobs if each.id == job).command == "learn"


@pytest.mark.parametrize("id_", [ID, "mail_cleanup"])
def test_m5_no_file_takes_an_id_that_is_for_built_in_jobs(root: Path, id_: str) -> None:
    job_file(root, "mine.yaml", f'id: {id_}\nschedule: daily\ncommand: "true"\n')

    found = loaded(root, "{}")

    assert [f'not permitted: "{id_}" is ' in problem for problem in found.problems] == [True]
    assert not any(job.id == id_ and job.command for job in found.jobs)


@pytest.mark.parametrize("id_", [ID, "mail_cleanup"])
def test_no_decorated_function_takes_such_an_id(root: Path, id_: str) -> None:
    handler_file(root, "mine.py", decorated("f", f'id="{id_}", schedule="daily"'))

    found = loaded(root, "handler_dirs: handlers\n")

    assert any(f'not permitted: "{id_}" is ' in problem for problem in found.problems)
    assert not any(job.id == id_ and "mine.py" in job.handler for job in found.jobs)


@pytest.mark.parametrize("id_", [ID, "mail_cleanup"])
def test_no_job_from_python_takes_such_an_id(root: Path, id_: str) -> None:
    config = loaded(root, "{}")

    with pytest.raises(ConfigError, match=r"not permitted|already used"):
        scheduled.with_jobs(config, [scheduled.job(id_, "daily", command="true")])
    with pytest.raises(ConfigError, match="not permitted"):
        scheduled.define(
            [scheduled.Job(id=id_, schedule="daily", timezone="UTC", command="true")],
            root=root,
            state_dir=root / "state",
        )


def test_jobs_from_python_have_the_level_of_the_configuration(root: Path) -> None:
    config = loaded(root, "permissions: {web.*: limited, security.*: unrestricted}\n")
    jobs = [scheduled.job(id_, "daily", command="x") for id_ in ("user.a", "web.a", "security.a")]

    found = scheduled.with_jobs(config, jobs).jobs[-3:]

    assert [job.level for job in found] == ["restricted", "limited", ""]
    with pytest.raises(ConfigError, match="env_file: not permitted"):
        scheduled.with_jobs(config, [scheduled.job("user.b", "daily", command="x", env_file="e")])


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("env_file: x", 'env_file: not permitted: "user.a" cannot read variables from a file'),
        ("nice: -5", 'nice: not permitted: "user.a" cannot go before other processes'),
    ],
)
def test_a_restricted_job_gets_nothing_by_way_of_its_keys(
    root: Path, keys: str, sentence: str
) -> None:
    found = loaded(root, f"jobs:\n  user.a: {{schedule: daily, command: x, {keys}}}\n")

    assert len(found.problems) == 1
    assert sentence in found.problems[0]


def test_what_is_said_of_an_id_counts_before_its_prefix_and_its_level(root: Path) -> None:
    text = """
permissions:
  restricted: {memory: 1G, processes: 5, cpu_time: none}
  user.*: {processes: 6, write: [data, /srv]}
  user.a: {memory: 2G}
"""
    given = loaded(root, text).permissions

    assert limits_of("user.a", "restricted", given) == Limits(
        "reduced", "nobody", ("data", "/srv"), 2 * 1024**3, 1024**3, 6, None
    )
    assert level_of("user.a", given) == "restricted"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("user: restricted", '"user": expected a prefix like "reports.*"'),
        ("'*': restricted", '"*": expected a prefix'),
        ("user*: restricted", '"user*": expected a prefix'),
        ("user.*.a: restricted", '"user.*.a": expected a prefix'),
        ("user.*: system", 'user.*: "system": expected one of restricted, limited, unrestricted'),
        ("user.*: {memory: 1}", 'user.*.memory: "1": must be from 16M to 1000T'),
        ("user.*: {memroy: 1G}", 'user.*: "memroy": no such limit; did you mean memory?'),
        ("restricted: {level: limited}", 'restricted: "level": no such limit'),
        ("restricted: limited", "restricted: expected limits"),
        ("web.*: {memory: 1G}", "web.*: limits are for the levels restricted and limited"),
        ("web.*: {level: unrestricted, memory: 1G}", "web.*: limits are for the levels"),
        ("maintenance.*: {memory: 1G}", "maintenance.*: limits are for the levels"),
        ("user.*: {environment: none}", 'user.*.environment: "none": expected one of'),
    ],
)
def test_m6_a_mistake_in_permissions_stops_everything(root: Path, text: str, sentence: str) -> None:
    assert f"scheduled.yaml:1: permissions: {sentence}" in refusal(
        root, f"permissions: {{{text}}}\n"
    )


def test_levels_survive_the_cache_and_change_with_permissions(root: Path) -> None:
    job_file(root, "a.yaml", 'id: web.a\nschedule: daily\ncommand: "true"\n')
    for given, level in (("limited", "limited"), ("restricted", "restricted")):
        config = loaded(root, f"permissions: {{web.*: {given}}}\njobs: {{web.b: {JOB}}}\n")
        config.save_caches()
        again = loaded(root, f"permissions: {{web.*: {given}}}\njobs: {{web.b: {JOB}}}\n")

        for found in (config, again):
            assert {job.level for job in found.jobs if job.id.startswith("web.")} == {level}


def test_permissions_that_say_nothing_are_written_all_the_same(root: Path) -> None:
    assert loaded(root, "permissions: {}\n").permissions == {}
    assert loaded(root, "{}").permissions is None
    assert load.DEFAULTS["permissions"] is None
