"""`scheduled update`: what people wrote is left alone."""

from pathlib import Path

import pytest

from scheduled.cli import update
from tests.builders.job_files import created, rows
from tests.builders.jobs import at
from tests.builders.looks import Home, seen


@pytest.fixture
def home(root: Path) -> Home:
    """Nothing is configured."""
    return Home(root)


def written(home: Home) -> dict[str, str]:
    """The files that people read, without what is remembered."""
    return {path.name: path.read_text() for path in home.folder.rglob("*.yaml")}


def test_what_is_named_changes_and_the_rest_stays(home: Home) -> None:
    path = created(home, "backup", "--env", "A=1", "--tag", "nightly", "--timeout", "1h")
    path.chmod(0o640)

    said = home.call(
        update.update, "backup", "--schedule", "hourly", "--env", "B=2", "--unset", "timeout"
    )

    assert said.out == f"{path}: changed\nbackup runs next 13:00 (UTC, in 1 h)\n"
    assert path.read_text() == (
        'id: backup\nschedule: hourly\ncommand: backup --all\nenv:\n  A: "1"\n  B: "2"\n'
        "tags: [nightly]\n"
    )
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_its_executor_cannot_run_is_refused(home: Home) -> None:
    home.configure("executors: {nas: {kind: ssh, host: nas}}\n")
    created(home, "backup", "--executor", "nas", "--cwd", "/srv")
    before = written(home)

    for words, sentence in (
        (["--cwd", "data"], "executor: cwd: data: is relative"),
        (["--executor", "naz"], 'executor: no executor is called "naz"; did you mean nas?'),
        (["--set", "idle_only=true"], "executor: idle_only is about this machine"),
    ):
        said = home.call(update.update, "backup", *words)
        assert (said.code, sentence in said.err) == (2, True), said.err
    assert written(home) == before
    assert home.call(update.update, "backup", "--cwd", "~/x").code == 0


def test_a_handler_takes_the_place_of_a_command(home: Home) -> None:
    path = created(home)

    home.call(update.update, "backup", "--handler", "health")

    assert path.read_text() == 'id: backup\nschedule: "30 2 * * *"\nhandler: health\n'


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--schedule", "nonsense"], 'schedule: "nonsense": not a schedule; write five fields'),
        (["--unset", "schedule"], "no schedule; write one like"),
        (["--unset", "tags"], "--unset tags: is not set in"),
        ([], "nothing to change; use options such as"),
    ],
)
def test_a_change_that_would_not_load_leaves_the_file_as_it_is(
    home: Home, words: list[str], sentence: str
) -> None:
    before = created(home).read_text()

    said = home.call(update.update, "backup", *words)

    assert (said.code, sentence in said.err) == (2, True), said.err
    assert (home.folder / "jobs" / "backup.yaml").read_text() == before


def test_a_file_that_somebody_edited_is_left_alone_and_what_to_write_is_said(home: Home) -> None:
    path = created(home)
    text = path.read_text().replace("command:", "# every night\ncommand:")
    path.write_text(text)

    said = home.call(update.update, "backup", "--schedule", "0 3 * * *", "--timeout", "5m")

    assert said.code == 2
    assert said.err == (
        f"{path}:3: this file was written or edited by hand, so it is not changed; "
        'write there (line 2):\n  schedule: "0 3 * * *"\n  timeout: 5m'
    )
    assert path.read_text() == text


def test_jobs_that_have_no_file_of_their_own_are_left_alone(home: Home) -> None:
    home.configure("jobs:\n  mine: {schedule: daily, command: date}\n")
    before = written(home)

    mine = home.call(update.update, "mine", "--timeout", "5m")
    shipped = home.call(update.update, "health", "--timeout", "5m")

    assert mine.err.startswith("scheduled.yaml:2: mine is defined there")
    assert shipped.err.endswith("scheduled.yaml:\n  health:\n    timeout: 5m")
    assert written(home) == before


def test_a_changed_job_does_not_fire_by_the_change(home: Home) -> None:
    created(home)
    home.record(seen(home.jobs()["backup"], at("00:30")))

    home.call(update.update, "backup", "--schedule", "0 * * * *", now=at("12:30"))

    assert rows(home)["backup"]["next_run"] == "2026-11-21T13:00:00Z"


SHARED = "jobs: {shared: {schedule: daily, command: x}}\n"


@pytest.mark.parametrize("job", ["own", "shared", "health"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "schedul=daily"], "schedul: unknown key; did you mean schedule?"),
        (["--set", "params.x=1"], "params.x: unknown key"),
        (["--timeout", "5xx"], 'timeout: "5xx": expected seconds, or a duration'),
        (["--set", "schedule=daily"], "--set schedule: has an option of its own; write --schedule"),
        (["--set", "id=b"], "--set id: cannot be changed"),
        (["--timeout", "5", "--set", "timeout=6"], "--set timeout: is also set by another option"),
    ],
)
def test_what_is_wrong_is_no_advice_wherever_the_job_is_defined(
    home: Home, job: str, words: list[str], sentence: str
) -> None:
    home.configure(SHARED)
    created(home, "own")

    said = home.call(update.update, job, *words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(sentence)
    assert ("write there" in said.err, "write below" in said.err) == (False, False)


def test_a_schedule_that_is_none_is_no_advice(home: Home) -> None:
    home.configure(SHARED)

    wrong = home.call(update.update, "shared", "--schedule", "nonsense").err
    right = home.call(update.update, "shared", "--handler", "health", "--set", "params={}").err

    assert wrong.startswith('schedule: "nonsense": not a schedule')
    assert right.endswith("write there:\n  handler: health\n  params: {}")


@pytest.mark.parametrize("job", ["shared", "health"])
def test_a_key_to_remove_that_no_job_has_is_no_advice(home: Home, job: str) -> None:
    home.configure(SHARED)

    wrong = home.call(update.update, job, "--unset", "timeut")
    right = home.call(update.update, job, "--unset", "timeout")

    assert (wrong.code, wrong.err) == (2, "--unset timeut: unknown key; did you mean timeout?")
    assert right.err.endswith("\nremove: timeout")


def test_a_job_that_would_have_no_action_gets_the_options_that_set_one(home: Home) -> None:
    created(home, "own")

    said = home.call(update.update, "own", "--unset", "command")

    assert said.err.endswith("handler; give --command CMD or --handler NAME")
