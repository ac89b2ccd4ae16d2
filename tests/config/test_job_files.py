"""Folders of job files: what a file becomes, and that what is wrong with one stops only it."""

import os
from pathlib import Path

import pytest

from scheduled.config import load
from scheduled.config.load import Config
from scheduled.errors import ConfigError
from scheduled.jobs.model import Job, Priority
from tests.builders.configuration import job_file, loaded, options, written

GOOD = 'id: good\nschedule: "0 2 * * *"\ncommand: echo good\n'


@pytest.fixture
def found_beside(root: Path) -> Path:
    """A root in whose `jobs` there is one good file."""
    job_file(root, "good.yaml", GOOD)
    return root


def own(found: Config) -> dict[str, Job]:
    """The jobs that are not shipped, by id."""
    return {job.id: job for job in found.jobs if not job.source.startswith("built-in")}


def complaints(root: Path, text: str | bytes, name: str = "bad.yml") -> tuple[str, ...]:
    """What is said about a file beside a good one, which has to be there all the same."""
    job_file(root, name, text)
    found = load.load(options(root))
    assert [*own(found)] == ["good"]
    return found.problems


# What a file becomes


def test_a_job_file_is_a_job_with_all_its_keys(root: Path) -> None:
    job_file(
        root,
        "backup.yaml",
        "# nightly\nid: backup\nname: Backup\nschedule: '30 2 * * 1-5'\n"
        "command: [tar, czf, x.tgz, docs]\npriority: high\nenabled: no\nmax_retries: 2\n"
        "timeout_seconds: 90\ntimezone: Asia/Tokyo\nmax_lateness: 6h\n",
    )

    found = load.load(options(root))

    assert found.problems == found.warnings == ()
    assert own(found)["backup"] == Job(
        id="backup",
        name="Backup",
        schedule="30 2 * * 1-5",
        command=("tar", "czf", "x.tgz", "docs"),
        priority=Priority.HIGH,
        enabled=False,
        max_retries=2,
        timeout=90.0,
        timezone="Asia/Tokyo",
        max_lateness=6 * 3600.0,
        source="jobs/backup.yaml:2",
    )


def test_zone_and_timeout_are_the_configured_ones_unless_a_file_sets_them(
    found_beside: Path,
) -> None:
    before = own(load.load(options(found_beside)))["good"]
    after = own(loaded(found_beside, "timezone: Asia/Tokyo\ndefault_timeout: 7m\n"))["good"]

    assert (before.timezone, before.timeout) == ("Europe/Berlin", 86400)
    assert (after.timezone, after.timeout) == ("Asia/Tokyo", 420)


def test_only_yaml_files_of_the_folder_itself_are_jobs(found_beside: Path) -> None:
    for name in (".hidden.yaml", "notes.txt", "old.yaml~", "below/deep.yaml"):
        (found_beside / "jobs" / name).parent.mkdir(exist_ok=True)
        (found_beside / "jobs" / name).write_text("]")

    found = load.load(options(found_beside))

    assert (found.problems, [*own(found)]) == ((), ["good"])


# Where the folder is


def test_by_default_the_folder_beside_the_configuration_comes_before_that_in_the_root(
    root: Path,
) -> None:
    job_file(root, "good.yaml", GOOD)
    elsewhere = root / ".config" / "scheduled"
    elsewhere.mkdir(parents=True, mode=0o755)
    written(root, "").rename(elsewhere / "scheduled.yaml")
    in_root = [*own(load.load(options(root)))]
    job_file(elsewhere, "beside.yaml", GOOD.replace("good", "beside"))

    assert (in_root, [*own(load.load(options(root)))]) == (["good"], ["beside"])


@pytest.mark.parametrize("key", ["jobs_dirs: [nightly, ~/more]", "jobs_dir: nightly"])
def test_configured_folders_are_relative_to_the_configuration(root: Path, key: str) -> None:
    for folder in ("nightly", "more"):
        job_file(root, "x.yaml", GOOD.replace("good", folder))
        (root / "jobs").rename(root / folder)

    found = loaded(root, f"{key}\n")

    assert next(job.source for job in own(found).values()) == "nightly/x.yaml:1"
    assert [*own(found)] == (["nightly", "more"] if "more" in key else ["nightly"])
    assert found.origins["jobs_dirs"] == "scheduled.yaml:1"


def test_a_configured_folder_that_is_missing_is_reported_and_all_else_runs(root: Path) -> None:
    found = loaded(root, "# one\njobs_dirs: gone\n")

    assert found.problems == (
        f"scheduled.yaml:2: jobs_dirs: {root}/gone: no such directory; its jobs are not loaded",
    )
    assert len(found.jobs) == 5


def test_a_folder_of_an_unknown_user_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"scheduled.yaml:1: jobs_dirs: .*no user of that name"):
        loaded(root, "jobs_dirs: ~nobody-at-all/jobs\n")


# One bad file stops only itself


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("0 2", "61 2"), 'jobs/bad.yml:2: schedule: "61 2 * * *": minute 61 is out'),
        (GOOD.replace('"0 2 * * *"', "*/15 * * * *"), "jobs/bad.yml:2: YAML reads an unquoted"),
        ("", "jobs/bad.yml:1: empty; a job has an id, a schedule and a command"),
        ("# only this\n", "jobs/bad.yml:1: empty"),
        ("- id: a\n", "jobs/bad.yml:1: expected keys like schedule, found a list"),
        ("just words", "jobs/bad.yml:1: expected keys like schedule, found"),
        (GOOD + "---\n" + GOOD, 'jobs/bad.yml:4: a second document begins ("---")'),
        (GOOD + "name: [1\n", "jobs/bad.yml:"),
        (GOOD + "name: &a x\n", "jobs/bad.yml:4: an anchor"),
        ("id: x\na: &a [1]\nb: [*a, *a]\n", "jobs/bad.yml:2: an anchor"),
        (GOOD + "name: a\0b\n", "jobs/bad.yml:4: contains U+0000"),
        (GOOD.replace("echo good", r'"echo \0"'), "jobs/bad.yml:3:"),
        (b"id: caf\xe9\n", "jobs/bad.yml:1: not UTF-8"),
        ("id: bad\n" * 2 + GOOD[9:], "jobs/bad.yml:2: id: duplicate key, first in line 1"),
        (GOOD + "schedule: daily\n", "jobs/bad.yml:4: schedule: duplicate key"),
        (GOOD[9:], "jobs/bad.yml:1: no id; write one like id: backup"),
        ("id: bad\ncommand: x\n", "jobs/bad.yml:1: no schedule"),
        ("id: bad\nschedule: daily\n", "jobs/bad.yml:1: neither a command nor a handler"),
        (GOOD.replace("good", "no spaces", 1), "jobs/bad.yml:1: an id may contain letters"),
        ("id:\nschedule: daily\ncommand: x\n", "jobs/bad.yml:1: id: expected text, found nothing"),
        (GOOD + "#" * 5_000_000, "jobs/bad.yml: 4.8 MB, more than the 4 MB"),
        (
            GOOD.replace("command", "handler"),
            'jobs/bad.yml:3: handler: "echo good": unknown',
        ),
        (GOOD + "timezone: Mars/Base\n", "jobs/bad.yml:4: timezone:"),
        (GOOD.replace("0 2 * * *", "0 0 30 2 *"), "jobs/bad.yml:2: schedule:"),
        (GOOD.replace("0 2 * * *", "0 0 2 * * *"), "jobs/bad.yml:2: schedule:"),
    ],
)
def test_a_bad_file_gets_one_sentence_with_its_line_and_stops_only_itself(
    found_beside: Path, text: str | bytes, sentence: str
) -> None:
    if isinstance(text, str):
        text = text.replace("id: good", "id: bad")

    (told,) = complaints(found_beside, text)

    assert told.startswith(sentence)
    assert "\n" not in told


def test_every_problem_of_a_file_is_reported_at_once(found_beside: Path) -> None:
    told = complaints(found_beside, "schedule: never\ncommand: x\npriority: soon\n")

    assert [problem.split(": ")[0] for problem in told] == [
        f"jobs/bad.yml:{line}" for line in (1, 1, 3)
    ]


def test_what_is_named_like_a_job_file_but_is_not_a_file_is_reported(found_beside: Path) -> None:
    jobs = found_beside / "jobs"
    (jobs / "folder.yaml").mkdir()
    (jobs / "link.yaml").symlink_to("nowhere")
    os.mkfifo(jobs / "pipe.yaml", 0o600)

    assert load.load(options(found_beside)).problems == (
        "jobs/folder.yaml: not a file",
        "jobs/link.yaml: a link that leads nowhere",
        "jobs/pipe.yaml: not a file",
    )


# Keys nobody knows


def test_an_unknown_key_is_a_warning_and_the_job_runs(root: Path) -> None:
    job_file(root, "good.yaml", GOOD + "max_retry: 1\n")

    cold, warm = load.load(options(root)), load.load(options(root))

    assert cold.warnings == ("jobs/good.yaml:4: max_retry: unknown key; did you mean max_retries?",)
    assert (cold.problems, [*own(cold)]) == ((), ["good"])
    assert warm == cold


# One id, several places


def test_of_two_files_with_one_id_neither_runs_and_both_are_reported(found_beside: Path) -> None:
    job_file(found_beside, "a.yaml", GOOD)
    job_file(found_beside, "other.yaml", GOOD.replace("good", "other"))

    found = load.load(options(found_beside))

    assert found.problems == (
        'jobs/good.yaml:1: id: "good" is already used by jobs/a.yaml:1; neither of them runs',
    )
    assert [*own(found)] == ["other"]


def test_a_broken_file_still_reserves_its_id(found_beside: Path) -> None:
    job_file(found_beside, "a.yaml", GOOD.replace("0 2", "61 2"))

    found = load.load(options(found_beside))

    assert len(found.problems) == 2
    assert own(found) == {}


@pytest.mark.parametrize("broken", [False, True])
def test_an_id_of_the_configuration_cannot_be_taken_by_a_file(
    found_beside: Path, broken: bool
) -> None:
    schedule = "never" if broken else "daily"
    found = loaded(found_beside, f"jobs:\n  good: {{schedule: {schedule}, command: mine}}\n")

    assert found.problems[-1] == (
        'jobs/good.yaml:1: id: "good" is already used by scheduled.yaml:2; '
        "the job in this file does not run"
    )
    assert [job.command for job in own(found).values()] == ([] if broken else ["mine"])


def test_a_file_does_not_replace_a_shipped_job(root: Path) -> None:
    job_file(root, "health.yaml", GOOD.replace("good", "health"))

    found = load.load(options(root))

    (told,) = found.problems
    assert told.startswith(
        'jobs/health.yaml:1: id: not permitted: "health" is the id of a built-in job'
    )
    assert told.endswith("to change that, use jobs: in scheduled.yaml")
    assert next(job for job in found.jobs if job.id == "health").handler == "health"


# Who else can write to it


def test_a_file_that_others_can_write_to_is_refused_alone(found_beside: Path) -> None:
    path = job_file(found_beside, "open.yaml", GOOD.replace("good", "open"))
    load.load(options(found_beside))
    path.chmod(0o666)  # a change that no stamp shows

    found = load.load(options(found_beside))

    assert found.problems == (f"{path}: others can write to it; type: chmod go-w {path}",)
    assert [*own(found)] == ["good"]


def test_a_folder_that_others_can_write_to_is_refused_with_all_its_files(
    found_beside: Path,
) -> None:
    jobs = found_beside / "jobs"
    jobs.chmod(0o777)

    found = load.load(options(found_beside))

    assert found.problems == (f"{jobs}: others can put files in it; type: chmod go-w {jobs}",)
    assert len(found.jobs) == 5


def test_a_folder_that_others_can_replace_is_refused(found_beside: Path) -> None:
    found_beside.chmod(0o777)

    found = load.load(options(found_beside))

    assert "others can replace jobs in it" in found.problems[0]
    assert own(found) == {}


def test_a_link_is_judged_by_where_it_leads(found_beside: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    job_file(found_beside, "x.yaml", GOOD.replace("good", "x")).rename(elsewhere / "x.yaml")
    (found_beside / "jobs" / "x.yaml").symlink_to(elsewhere / "x.yaml")
    before = own(load.load(options(found_beside)))
    elsewhere.chmod(0o777)

    after = own(load.load(options(found_beside)))

    assert ([*before], [*after]) == (["good", "x"], ["good"])


# Jobs that wait for others


def test_a_file_may_wait_for_a_job_of_any_other_place(found_beside: Path) -> None:
    job_file(found_beside, "x.yaml", GOOD.replace("good", "x", 1) + "after: [good, health]\n")

    found = load.load(options(found_beside))

    assert (found.problems, own(found)["x"].after) == ((), ("good", "health"))


def test_files_that_wait_for_an_unknown_job_or_each_other_are_reported_and_the_others_run(
    found_beside: Path,
) -> None:
    for name, other in (("a", "b"), ("b", "a"), ("c", "god")):
        text = GOOD.replace("good", name, 1) + f"after: {other}\n"
        job_file(found_beside, f"{name}.yaml", text)

    found = load.load(options(found_beside))

    assert found.problems == (
        "jobs/a.yaml:1: after: a waits for b waits for a: none of them could ever start",
        "jobs/b.yaml:1: after: b waits for a waits for b: none of them could ever start",
        'jobs/c.yaml:1: after: no job is called "god"; did you mean good?',
    )
    assert [*own(found)] == ["good"]
