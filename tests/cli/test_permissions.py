"""Permissions as people meet them: `create`, `update`, `why`, `doctor`, `config validate`."""

import json
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli import config, create, handlers, update, why
from scheduled.cli.run import run
from scheduled.state import events
from scheduled.state.store import Store
from tests.builders.doctored import Patient
from tests.builders.handlers import handler_file
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.job_files import created
from tests.builders.jobs import at
from tests.builders.looks import Home

REFUSED = f'{WITHOUT_SWEEPS}  user.mine: {{schedule: hourly, command: "true", nice: -5}}\n'


@pytest.fixture
def home(root: Path) -> Home:
    """Nothing is configured."""
    return Home(root)


def checks(home: Home) -> list[Any]:
    found = Store(home.state_dir).journal.read(None).events
    return [event for event in found if event["event"] == "permission"]


@pytest.mark.parametrize("job", ["mail_cleanup", "agency.emotion_training"])
def test_no_command_creates_a_job_that_is_not_permitted_and_the_attempt_is_on_record(
    home: Home, job: str
) -> None:
    said = home.call(create.create, job, "hourly", "--command", "true")

    assert said.code == 2
    assert f'not permitted: "{job}" is ' in said.err
    assert not (home.folder / "jobs").exists()
    assert [(event["job"], event["verdict"]) for event in checks(home)] == [(job, "refused")]
    assert f'not permitted: "{job}" is ' in home.call(why.why, job).out


def test_a_dry_run_records_nothing(home: Home) -> None:
    home.call(create.create, "mail_cleanup", "hourly", "--command", "true", "--dry-run")

    assert not home.state_dir.exists()


def test_no_change_gives_a_job_what_is_not_permitted_to_it(home: Home) -> None:
    path = created(home, "user.x")
    before = path.read_text()

    said = home.call(update.update, "user.x", "--set", "env_file=.env")

    assert (said.code, path.read_text()) == (2, before)
    assert 'env_file: not permitted: "user.x" cannot read variables' in said.err
    assert [event["job"] for event in checks(home)] == ["user.x"]


@pytest.mark.parametrize("option", ["--command", "--handler"])
def test_no_command_replaces_what_a_built_in_job_runs(home: Home, option: str) -> None:
    home.configure("{}")

    said = home.call(update.update, "health", option, "json:loads")

    assert said.code == 2
    assert said.err.startswith('not permitted: "health" is a built-in job')
    assert [(event["job"], event["verdict"]) for event in checks(home)] == [("health", "refused")]
    assert "write below jobs:" in home.call(update.update, "health", "--schedule", "daily").err


def test_a_job_that_is_refused_is_named_by_validate_and_run(home: Home) -> None:
    home.configure(REFUSED)

    assert 'not permitted: "user.mine"' in home.call(run).err
    assert 'not permitted: "user.mine"' in "".join(home.session(at("12:00")).config.problems)


def test_why_tells_of_a_refused_job_what_is_on_record(home: Home) -> None:
    home.configure(REFUSED)
    home.call(run)

    said = home.call(why.why, "user.mine")
    document = json.loads(home.call(why.why, "user.mine", "--json").out)

    assert said.out.splitlines()[0] == "user.mine: refused; it does not run."
    assert said.out.count('"user.mine" cannot go before other processes') == 2
    assert "the job was refused: " in said.out
    assert (document["answer"], document["next"]) == ("refused", None)
    assert "recorded 2026-11-21 12:00" in document["reasons"][0]


def test_why_tells_what_a_run_was_permitted_and_why_another_was_refused(home: Home) -> None:
    job = f'{WITHOUT_SWEEPS}  user.x: {{schedule: "0 * * * *", command: "true"}}\n'
    home.configure(f"permissions: {{restricted: {{memory: 2G}}}}\n{job}")
    for hour in ("10:30", "11:00"):
        home.call(run, now=at(hour))
    permitted = home.call(why.why, "user.x", now=at("11:01")).out

    home.configure(f"permissions: {{restricted: {{user: no-such-user}}}}\n{job}")
    home.call(run, now=at("12:00"))
    refused = home.call(why.why, "user.x", now=at("12:01")).out

    assert "was permitted to start, restricted: environment reduced, " in permitted
    assert "write none, memory 2G, file_size 1G, processes 64, cpu_time 3600 s" in permitted
    assert "was refused: refused: its id makes it restricted, and " in refused
    assert checks(home)[-1]["verdict"] == "refused"


def test_why_says_nothing_of_permissions_about_jobs_of_ones_own(home: Home) -> None:
    home.configure(f'{WITHOUT_SWEEPS}  mine: {{schedule: hourly, command: "true"}}\n')
    home.call(run)

    assert "permi" not in home.call(why.why, "mine").out


def test_doctor_finds_jobs_without_their_limits(patient: Patient) -> None:
    patient.configure('  user.x: {command: "ls /", schedule: "0 3 * * *"}\n')
    patient.call("run")
    store = Store(patient.state_dir).load()
    entry: Any = {
        key: value for key, value in store.state["jobs"]["user.x"].items() if key != "checked"
    }
    store.record(at("12:00"), events.snapshot({**store.state, "jobs": {"user.x": entry}}))
    store.checkpoint(at("12:00"))

    finding = patient.only("permissions")

    assert (finding["level"], finding["message"][:27]) == ("warning", "user.x runs without limits,")
    patient.configure('  user.x: {command: "ls /", schedule: "0 3 * * *"}\n', "permissions: {}\n")
    assert "runs without limits" not in str(patient.examine()["findings"])


def test_doctor_finds_jobs_that_cannot_be_held_to_their_limits(patient: Patient) -> None:
    patient.configure(
        '  user.x: {command: "ls /", schedule: "0 3 * * *"}\n',
        "permissions: {restricted: {write: [missing]}}\n",
    )
    patient.call("run")

    finding = patient.only("permissions")

    assert finding["level"] == "error"
    assert finding["message"].startswith("user.x: refused: its id makes it restricted, and ")
    assert finding["remedy"].endswith("why user.x")


def test_no_command_runs_the_code_of_a_confined_job_without_its_limits(home: Home) -> None:
    trace = home.folder / "imported"
    handler_file(home.folder, "h.py", f"open({str(trace)!r}, 'w')\ndef run(context): ...\n")
    job = "{schedule: daily, handler: h, params: {a: 1}}"
    for id_ in ("user.x", "agency.x", "mine"):
        home.configure(f"handler_dirs: handlers\n{WITHOUT_SWEEPS}  {id_}: {job}\n")
        home.call(config.validate)
        home.call(handlers.handlers)

        assert trace.exists() == (id_ == "mine")
