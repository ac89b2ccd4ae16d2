"""Packages with mistakes, with names that are taken, and packages that are gone."""

import json
from pathlib import Path

import pytest

from tests.builders.configuration import job_file, written
from tests.builders.handlers import decorated, handler_file
from tests.builders.packages import DECORATED, Environment

pytestmark = pytest.mark.slow

GONE = "was offered by photos-jobs 1.2, which is no longer installed; install it again: "
PLAIN = 'def tidy(context):\n    """Tidy up."""\n    return {"tidy": True}\n'


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """An environment with this program and nothing else."""
    return Environment(tmp_path / "venv")


# What goes wrong


@pytest.mark.parametrize(
    ("entry", "text", "why"),
    [
        ("a.jobs:bad", "def bad(:\n", "a-jobs 3: a/jobs.py:1: not Python: invalid syntax"),
        ("a.jobs:bad", "x = 1\n", "a-jobs 3: a/jobs.py:1: bad: no function at its top"),
        ("a.jobs:bad", "class bad: ...\n", "a-jobs 3: a/jobs.py:1: bad: a plain function is"),
        ("a.jobs:bad", "async def bad(c): ...\n", "a-jobs 3: a/jobs.py:1: bad: a plain function"),
        ("a.absent:bad", "", "a-jobs 3: bad: no source of a module a.absent can be found"),
        ("a jobs", "", 'a-jobs 3: bad: "a jobs" is no module:function'),
        ("", "", 'a-jobs 3: bad: "" is no module:function'),
        ("a.jobs:bad.run", "", 'a-jobs 3: bad: "a.jobs:bad.run" is no module:function'),
        ("a.jobs:bad", decorated("bad", 'schedule="never"'), "a-jobs 3: a/jobs.py:2: bad.schedule"),
        ("a.jobs:bad", decorated("bad", "schedule=x"), "a-jobs 3: a/jobs.py:2: bad: schedule:"),
        ("a.jobs:bad", decorated("bad", 'id="other"'), 'a-jobs 3: a/jobs.py:2: bad: id: "other"'),
    ],
)
def test_what_is_wrong_with_one_handler_stops_it_alone_and_is_told(
    env: Environment, root: Path, entry: str, text: str, why: str
) -> None:
    env.install()
    env.install("a-jobs", "3", f"bad = {entry}", {"a/jobs.py": text})
    written(root, "jobs:\n  uses: {schedule: daily, handler: bad}\n")

    of_handler, of_job = env.problems(root)

    assert of_handler.startswith(why)
    assert of_job.startswith(f'scheduled.yaml:2: jobs.uses.handler: "bad": {why}')
    assert env.rows(root)["bad"]["error"].startswith(why)
    assert (env.run(root, "run").code, env.jobs(root)) == (2, ["thumbnails"])
    assert env.result(root, "thumbnails") == {"size": 64}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import absent\n" + DECORATED, "no module called absent"),
        ("import os\nos._exit(0)\n" + DECORATED, "ends this process when it is imported"),
        (DECORATED + "del thumbnails\n", "a.jobs has no function called thumbnails"),
    ],
)
def test_one_that_cannot_be_imported_is_shown_and_its_run_fails_alone(
    env: Environment, root: Path, text: str, why: str
) -> None:
    env.install()
    env.install("a-jobs", "3", "bad = a.jobs:thumbnails", {"a/jobs.py": text})

    listed = env.run(root, "handlers")

    assert listed.code == 2
    assert why in listed.err
    assert why in env.rows(root)["bad"]["error"]
    assert env.rows(root)["thumbnails"]["error"] is None
    assert [why in sentence for sentence in env.problems(root)] == [True]
    assert env.run(root, "trigger", "bad").code == 1
    assert env.result(root, "thumbnails") == {"size": 64}


@pytest.mark.parametrize("name", ["thumbnails/", "photos/jobs.py", "entry_points.txt", ""])
def test_a_package_that_others_may_write_to_is_refused_also_later(
    env: Environment, root: Path, name: str
) -> None:
    about = env.install()
    assert (env.run(root, "run").code, env.problems(root)) == (0, [])
    path = about / name if name == "entry_points.txt" else env.site / name
    path = env.site / "photos" if name == "thumbnails/" else path
    path.chmod(path.stat().st_mode | 0o002)

    (sentence,) = env.problems(root)

    assert sentence.startswith("photos-jobs 1.2: thumbnails: ")
    assert f"chmod go-w {path}" in sentence
    assert (env.run(root, "run").code, env.jobs(root)) == (2, [])


# Names that are taken


def test_a_built_in_handler_keeps_its_name(env: Environment, root: Path) -> None:
    env.install(entries="health = photos.jobs:thumbnails")

    (sentence,) = env.problems(root)
    assert sentence.startswith("photos-jobs 1.2: name: ")
    assert '"health" is the name of a built-in handler; that of the package is not' in sentence
    assert env.jobs(root) == []


def test_of_two_packages_with_one_name_neither_gets_it(env: Environment, root: Path) -> None:
    env.install()
    env.install(
        "a-jobs", "3", files={"a/jobs.py": DECORATED}, entries="thumbnails = a.jobs:thumbnails"
    )
    env.install("b-jobs", "4", files={"b/jobs.py": DECORATED}, entries="fine = b.jobs:thumbnails")

    (sentence,) = env.problems(root)

    assert {'"thumbnails" is already used by', "a-jobs 3", "photos-jobs 1.2"} == {
        part
        for part in ('"thumbnails" is already used by', "a-jobs 3", "photos-jobs 1.2")
        if part in sentence
    }
    assert env.jobs(root) == ["fine"]


def test_what_a_person_has_written_keeps_its_name(env: Environment, root: Path) -> None:
    env.install(entries="\n".join(f"{name} = photos.jobs:thumbnails" for name in "abc"))
    handler_file(root, "a.py", decorated("a"))
    job_file(root, "b.yaml", "id: b\nschedule: daily\ncommand: echo b\n")
    written(root, "handler_dirs: handlers\njobs:\n  c: {schedule: daily, command: echo c}\n")

    said = json.loads(env.run(root, "config", "validate", "--json").out)

    assert said["problems"] == [
        'photos-jobs 1.2: name: "a" is the name of handlers/a.py:3; that of the package is not used'
    ]
    assert [sentence.partition(": the job")[0] for sentence in said["warnings"]] == [
        "photos-jobs 1.2: photos/jobs.py:7: b",
        "photos-jobs 1.2: photos/jobs.py:7: c",
    ]
    shown = json.loads(env.run(root, "config", "show", "--json").out)["jobs"]
    sources = {job["id"]: job["source"] for job in shown if job["id"] in ("a", "b", "c")}
    assert sources == {"a": "handlers/a.py:3", "b": "jobs/b.yaml:1", "c": "scheduled.yaml:3"}
    command = next(job for job in shown if job["id"] == "c")
    assert (command["params"], command["handler"]) == ({}, "")


# When a package is removed


def test_the_job_of_a_package_that_is_gone_says_so_until_it_is_deleted(
    env: Environment, root: Path
) -> None:
    about = env.install()
    env.run(root, "run")
    env.remove(about)

    answers = {
        words: env.run(root, *words.split())
        for words in ("run", "why thumbnails", "status", "config validate", "handlers", "list")
    }

    for answer in answers.values():
        assert GONE + f"{env.python} -m pip install photos-jobs" in answer.out + answer.err
        assert "Traceback" not in answer.err
    assert answers["config validate"].code == answers["run"].code == 2
    assert env.run(root, "delete", "thumbnails").code == 0
    assert (env.problems(root), env.run(root, "handlers").code) == ([], 0)


def test_a_package_that_is_back_runs_its_jobs_again(env: Environment, root: Path) -> None:
    env.remove(env.install())
    env.run(root, "run")
    env.install(version="1.3")

    assert (env.problems(root), env.run(root, "run").code) == ([], 0)
    assert env.rows(root)["thumbnails"]["version"] == "1.3"


def test_jobs_that_name_what_is_gone_say_what_they_lack(env: Environment, root: Path) -> None:
    about = env.install()
    written(
        root,
        "jobs:\n  thumbnails: {params: {size: 3}}\n"
        "  nightly: {schedule: daily, handler: thumbnails}\n",
    )
    job_file(root, "weekly.yaml", "id: weekly\nschedule: weekly\nhandler: thumbnails\n")
    assert env.run(root, "run").code == 0
    env.remove(about)

    changed, named, of_file = env.problems(root)

    assert changed.startswith(f'scheduled.yaml:2: jobs.thumbnails: handler "thumbnails": {GONE}')
    assert named.startswith(f'scheduled.yaml:3: jobs.nightly.handler: "thumbnails": {GONE}')
    assert of_file.startswith(f'jobs/weekly.yaml:3: handler: "thumbnails": {GONE}')
    assert GONE in env.run(root, "why", "nightly").err


def test_a_version_that_offers_less_says_so(env: Environment, root: Path) -> None:
    about = env.install(entries="thumbnails = photos.jobs:thumbnails\nold = photos.jobs:thumbnails")
    env.run(root, "run")
    env.remove(about)
    env.install(version="2")

    (sentence,) = env.problems(root)

    assert sentence.startswith(
        "old: the job does not run: its handler was offered by photos-jobs 1.2, and the version"
        " that is installed now does not; install photos-jobs 1.2"
    )


def test_the_name_of_a_package_is_no_part_of_a_command_line(env: Environment, root: Path) -> None:
    about = env.install()
    (about / "METADATA").write_text("Name: photos; touch ~/x\nVersion: 1.2\n\n")
    assert env.jobs(root) == ["thumbnails"]
    env.run(root, "run")

    env.remove(about)

    (sentence,) = env.problems(root)
    assert f"install it again: {env.python} -m pip install 'photos; touch ~/x'; or" in sentence
