"""Making job files: what would not run is refused, and nothing of anybody's is written over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scheduled.cli import create, delete, disable, status, update
from scheduled.state.store import Store
from tests.builders.job_files import created, rows
from tests.builders.jobs import at
from tests.builders.looks import Home, seen


@pytest.fixture
def home(root: Path) -> Home:
    """Nothing is configured."""
    return Home(root)


def test_a_job_is_created_as_a_person_would_have_written_it(home: Home) -> None:
    said = home.call(
        create.create, "backup", "30 2 * * *", "--command", 'tar cf x "$HOME"', "--timeout", "1h",
        "--max-retries", "3", "--tag", "nightly", "--env", "LEVEL=9", "--set", "umask=077",
    )  # fmt: skip

    path = home.folder / "jobs" / "backup.yaml"
    assert said.out == (
        f"{path}: written\nbackup runs next Sun 22 Nov 02:30 (UTC, in 14 h 30 min)\n"
    )
    assert path.read_text() == (
        'id: backup\nschedule: "30 2 * * *"\ncommand: tar cf x "$HOME"\nenv:\n  LEVEL: "9"\n'
        'umask: "077"\ntags: [nightly]\ntimeout: 1h\nmax_retries: 3\n'
    )
    assert rows(home)["backup"]["next_run"] == "2026-11-22T02:30:00Z"


def test_every_option_is_the_key_of_a_job_that_loads(home: Home) -> None:
    created(
        home, "full", "--name", "7", "--description", "yes", "--timezone", "Europe/Berlin",
        "--priority", "low", "--cwd", "1", "--catch-up", "all", "--window", "01:00-06:00",
        "--disabled", "--set", "success_codes=[0, 3]", "--set", "max_lateness=1.5h",
    )  # fmt: skip

    job = home.jobs()["full"]
    assert (job.name, job.description, job.cwd, job.enabled) == ("7", "yes", "1", False)
    assert (job.catch_up, job.success_codes, job.max_lateness) == ("all", (0, 3), 5400.0)


def test_values_for_a_handler_keep_their_kind(home: Home) -> None:
    values = ("--param", "limits={local: 700}", "--param", "max_log_mb=1.5")
    home.call(create.create, "mine", "hourly", "--handler", "health", *values)

    assert home.jobs()["mine"].params == {"limits": {"local": 700}, "max_log_mb": 1.5}


def test_a_handler_of_a_handler_folder_will_do(home: Home) -> None:
    home.configure("handler_dirs: [mine]\n")
    (home.folder / "mine").mkdir(mode=0o755)
    (home.folder / "mine" / "photos.py").write_text("def run(context):\n    return {}\n")
    (home.folder / "mine" / "photos.py").chmod(0o644)

    said = home.call(create.create, "pictures", "hourly", "--handler", "photos")

    assert (said.code, said.err) == (0, "")
    assert "pictures" in rows(home)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["x", "61 * * * *", "--command", "y"],
            'schedule: "61 * * * *": minute 61 is out of range',
        ),
        (["x", "* * * * * *", "--command", "y"], "6 fields, where cron has five"),
        (["x", "0 0 30 2 *", "--command", "y"], "schedule: "),
        (["a/b", "daily", "--command", "y"], "an id may contain letters"),
        (["../x", "daily", "--command", "y"], "an id may contain letters"),
        (
            ["x", "daily"],
            "neither a command nor a handler; give --command CMD or --handler NAME",
        ),
        (
            ["x", "daily", "--command", "y", "--handler", "health"],
            "a job has either a command or a handler",
        ),
        (["x", "daily", "--handler", "helth"], "unknown handler; did you mean health?"),
        (["x", "daily", "--command", "y", "--priority", "top"], "urgent, high, medium or low"),
        (["x", "daily", "--command", "y", "--timeout", "soon"], "a duration like 90s"),
        (["x", "daily", "--command", "y", "--set", "tiemout=5"], "did you mean timeout?"),
        (["x", "daily", "--command", "y", "--set", "after=nobody"], "no job is called"),
        (
            ["x", "daily", "--command", "y", "--set", "id=z"],
            "--set id: is an argument; write `create ID [SCHEDULE]`",
        ),
        (["x", "daily", "--command", "y", "--set", "command=z"], "--set command"),
        (["x", "daily", "--command", "y", "--env", "A"], "an equals sign"),
        (["x", "daily", "--command", "y", "--set", "tags=[a"], "not YAML"),
        (["x", "daily", "--command", "y\udcff"], "not valid UTF-8"),
        (["x", "at:2020-01-01", "--command", "y"], "has passed"),
        (["x", "daily", "--command", "y", "--executor", "nas"], 'no executor is called "nas"'),
        (["x", "daily", "--command", "y", "--set", "resources={gpu: 1}"], "resources are for Dask"),
    ],
)
def test_what_would_not_run_is_refused_and_nothing_is_written(
    home: Home, words: list[str], sentence: str
) -> None:
    said = home.call(create.create, *words)

    assert said.code == 2
    assert sentence in said.err
    assert [*home.folder.iterdir()] in ([], [home.folder / "state"])


def test_schedules_that_were_refused_are_counted_and_what_is_only_tried_is_not(home: Home) -> None:
    path = created(home)
    for words in (["x", "61 * * * *"], ["x", "* * * * * *"], ["x", "61 * * * *", "--dry-run"]):
        home.call(create.create, *words, "--command", "y")
    home.call(create.create, "x", "hourly", "--command", "y", "--priority", "top")
    home.call(update.update, path.stem, "--schedule", "nonsense")

    counts = json.loads(home.call(status.status, "--json").out)["counts"]

    assert counts["schedules_refused"] == 3


def test_a_wrong_schedule_is_told_though_it_cannot_be_counted(home: Home) -> None:
    (home.folder / "state").write_text("in the way")

    said = home.call(create.create, "x", "61 * * * *", "--command", "y")

    assert 'schedule: "61 * * * *": minute 61 is out of range' in said.err


def test_an_id_that_is_taken_is_refused_and_the_other_file_named(home: Home) -> None:
    path = created(home)
    before = path.read_text()

    said = home.call(create.create, "backup", "hourly", "--command", "true")

    assert said.code == 2
    assert "is already used by jobs/backup.yaml:1" in said.err
    assert path.read_text() == before


def test_the_id_of_a_job_that_is_broken_is_taken_too(home: Home) -> None:
    path = created(home)
    path.rename(path.with_name("other.yaml")).write_text("id: backup\nschedule: nonsense\n")

    said = home.call(create.create, "backup", "hourly", "--command", "true")

    assert "is already used by jobs/other.yaml:1" in said.err


def test_a_file_of_that_name_is_not_written_over(home: Home) -> None:
    created(home, "other").rename(home.folder / "jobs" / "backup.yaml")

    said = home.call(create.create, "backup", "hourly", "--command", "true")

    assert "already exists" in said.err
    assert rows(home)["other"]["source"] == "jobs/backup.yaml:1"


def test_one_job_more_than_there_may_be_is_refused(home: Home) -> None:
    home.configure("max_jobs: 1\n")
    created(home)

    said = home.call(create.create, "second", "hourly", "--command", "true")

    assert said.code == 2
    assert "max_jobs: 1 jobs of your own are allowed" in said.err


@pytest.mark.parametrize("others_write_to", [".", "jobs"])
def test_a_folder_that_others_can_write_to_gets_no_job(home: Home, others_write_to: str) -> None:
    (home.folder / "jobs").mkdir(mode=0o755)
    (home.folder / others_write_to).chmod(0o777)

    said = home.call(create.create, "backup", "hourly", "--command", "true")

    assert said.code == 2
    assert "chmod go-w" in said.err
    assert [*(home.folder / "jobs").iterdir()] == []


def test_the_file_goes_where_job_files_are_looked_for(home: Home) -> None:
    home.configure("jobs_dirs: [elsewhere, here]\n")
    (home.folder / "here").mkdir(mode=0o755)

    home.call(create.create, "backup", "hourly", "--command", "true")

    assert (home.folder / "here" / "backup.yaml").exists()


def test_a_file_with_a_secret_is_readable_by_nobody_else(home: Home) -> None:
    assert created(home, "a", "--env", "API_TOKEN=abc").stat().st_mode & 0o777 == 0o600
    assert created(home, "b", "--env", "LEVEL=9").stat().st_mode & 0o077 != 0


def test_a_dry_run_prints_the_file_and_writes_nothing(home: Home) -> None:
    said = home.call(create.create, "backup", "hourly", "--command", "true", "--dry-run")

    assert said.out == (
        f'# {home.folder}/jobs/backup.yaml\nid: backup\nschedule: hourly\ncommand: "true"\n'
    )
    assert not (home.folder / "jobs").exists()


def test_as_json_it_says_where_the_file_is_and_when_the_job_runs(home: Home) -> None:
    said = home.call(create.create, "backup", "hourly", "--command", "date", "--json")

    assert json.loads(said.out) == {
        "id": "backup",
        "path": f"{home.folder}/jobs/backup.yaml",
        "written": True,
        "text": "id: backup\nschedule: hourly\ncommand: date\n",
        "warnings": [],
        "next": {
            "slot": "2026-11-21T13:00:00Z",
            "local": "2026-11-21T13:00:00+00:00",
            "note": "",
        },
    }


@pytest.mark.slow
def test_of_many_who_create_one_id_at_once_one_does(home: Home) -> None:
    words = [sys.executable, "-m", "scheduled", "--root", str(home.folder)]
    words += ["--state-dir", str(home.state_dir), "create", "backup", "hourly", "--command"]
    (home.folder / "jobs").mkdir(mode=0o755)
    makers = [
        subprocess.Popen([*words, f"echo {n}"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    for maker in makers:
        maker.communicate()

    codes = [maker.returncode for maker in makers]
    winner = codes.index(0)
    assert sorted(codes) == [0, 2, 2, 2]
    assert f"command: echo {winner}\n" in (home.folder / "jobs" / "backup.yaml").read_text()


def test_a_job_that_was_known_before_is_met_anew(home: Home) -> None:
    path = created(home)
    home.record(seen(home.jobs()["backup"], at("00:30")))
    path.unlink()

    created(home)

    entry = Store(home.state_dir).load().state["jobs"]["backup"]
    assert entry["anchor"] == entry["watermark"] == "2026-11-21T12:00:00Z"


def test_a_job_that_was_disabled_before_is_said_to_be_so_still(home: Home) -> None:
    created(home)
    home.call(disable.disable, "backup")
    home.call(delete.delete, "backup", "--yes")

    said = home.call(create.create, "backup", "hourly", "--command", "true")

    assert said.out.endswith("to enable it: scheduled enable backup\n")


def test_e3_a_schedule_that_may_not_be_meant_is_warned_of(home: Home) -> None:
    said = home.call(create.create, "friday", "0 6 1-7 * 5", "--command", "date")
    as_json = home.call(create.create, "odd", "*/61 * * * *", "--command", "date", "--json")

    assert said.code == 0
    assert said.err.startswith('warning: friday: "0 6 1-7 * 5": 1-7 and 5: it runs when either')
    assert json.loads(as_json.out)["warnings"][0].startswith('"*/61 * * * *": */61 in the minute')


def test_e2_a_job_may_run_on_days_said_in_words(home: Home) -> None:
    text = "every 2 weeks on mon,thu at 9am from 2026-11-30"
    made = home.call(create.create, "report", text, "--command", "date")
    refused = home.call(create.create, "other", "every 2 weeks on mon at 9", "--command", "date")

    assert "report runs next Mon 30 Nov 09:00" in made.out
    assert (refused.code, "from which date are the weeks counted?" in refused.err) == (2, True)
