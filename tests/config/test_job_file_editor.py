"""Job files that commands create, and which of them they may change."""

from pathlib import Path
from typing import Any

import pytest

from scheduled.config import job_file_editor, load
from scheduled.config.job_file_editor import JobFile
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError, UsageError
from tests.builders.configuration import job_file, loaded, options, written

BACKUP: dict[str, Any] = {"id": "backup", "schedule": "0 2 * * *", "command": "x"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir(mode=0o755)
    return path


def now(root: Path) -> Config:
    return load.load(options(root))


def problems(root: Path, **fields: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        job_file_editor.propose(BACKUP | fields, now(root))
    return list(caught.value.problems)


def test_what_is_written_is_what_was_proposed(root: Path) -> None:
    proposed = job_file_editor.propose(BACKUP, now(root))

    job_file_editor.create(proposed)

    assert proposed.label == "jobs/backup.yaml"
    assert proposed.path.read_text() == proposed.text
    assert now(root).problems == ()
    assert proposed.job in now(root).jobs


def test_a_file_goes_into_the_folder_that_is_read(root: Path) -> None:
    (root / "b").mkdir(mode=0o755)

    assert job_file_editor.target_directory(loaded(root, "jobs_dirs: [a, b]\n")) == root / "b"
    assert job_file_editor.target_directory(loaded(root, "jobs_dirs: [c, d]\n")) == root / "c"
    with pytest.raises(UsageError, match="add a directory to it"):
        job_file_editor.target_directory(loaded(root, "jobs_dirs: []\n"))


def test_every_problem_is_reported_without_a_place(root: Path) -> None:
    assert problems(root, schedule="61 * * * *", tiemout=5) == [
        'schedule: "61 * * * *": minute 61 is out of range 0-59',
        "tiemout: unknown key; did you mean timeout?",
    ]


def test_an_id_that_is_taken_is_refused_with_one_that_is_free(root: Path) -> None:
    written(root, "jobs:\n  backup: {schedule: daily, command: y}\n")

    assert problems(root) == ['id: "backup" is already used by scheduled.yaml:2; backup-2 is free']
    assert problems(root, id="health")[0].startswith('not permitted: "health" is the id of a built')


def test_an_existing_file_is_refused_even_if_it_is_broken(root: Path) -> None:
    path = job_file(root, "backup.yaml", "mine: [")

    assert problems(root) == [f"{path}: already exists; it is not overwritten"]


def test_a_file_that_appeared_meanwhile_is_not_overwritten(root: Path) -> None:
    proposed = job_file_editor.propose(BACKUP, now(root))
    path = job_file(root, "backup.yaml", "mine")

    with pytest.raises(UsageError, match="file exists"):
        job_file_editor.create(proposed)

    assert path.read_text() == "mine"


def test_an_id_cannot_lead_out_of_the_folder(root: Path) -> None:
    assert problems(root, id="../up")[0].startswith("an id may contain letters")


def test_one_job_more_than_there_may_be_is_refused(root: Path) -> None:
    written(root, "max_jobs: 1\njobs:\n  one: {schedule: daily, command: y}\n")

    assert problems(root) == [
        "max_jobs: 1 jobs of your own are allowed, and all are in use; raise the limit"
    ]
    written(root, "max_cron_tasks: 1\njobs:\n  one: {schedule: daily, command: y}\n")
    assert problems(root) == [
        "max_cron_tasks: 1 enabled recurring jobs are allowed, and all are in use; raise the limit"
    ]
    one_time = BACKUP | {"schedule": "at:2099-01-01T00:00:00Z"}
    assert job_file_editor.propose(one_time, now(root)).job.id == "backup"


def test_a_folder_others_can_write_to_is_refused_before_anything_is_written(root: Path) -> None:
    (root / "jobs").mkdir()
    (root / "jobs").chmod(0o777)

    assert job_file_editor.directory_problems(now(root)) == [
        f"{root}/jobs: others can put files in it; type: chmod go-w {root}/jobs"
    ]


def test_a_folder_that_does_not_exist_is_judged_by_its_parent(root: Path) -> None:
    assert job_file_editor.directory_problems(now(root)) == []
    root.chmod(0o777)

    assert len(job_file_editor.directory_problems(now(root))) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id: a\nschedule: daily\ncommand: date\n", 0),
        ("id: a\nschedule: daily\ncommand: date", 3),
        ("id: a\nschedule: daily\ncommand: date\n\n", 4),
        ("# mine\nid: a\nschedule: daily\ncommand: date\n", 1),
        ("id: a\nschedule: 'daily'\ncommand: date\n", 2),
        ("id: a\nschedule: daily # nightly\ncommand: date\n", 2),
        ("id: a\r\nschedule: daily\r\ncommand: date\r\n", 3),
    ],
)
def test_the_first_edited_line_is_found(text: str, line: int) -> None:
    fields = {"id": "a", "schedule": "daily", "command": "date"}
    assert text_of(fields) == "id: a\nschedule: daily\ncommand: date\n"

    assert JobFile(Path("a.yaml"), fields, text, {}).first_edited_line == line
