"""The commands that run jobs, through the command line's own door."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.cli.main import main
from scheduled.ecosystem import mailbox
from scheduled.state.history import COLUMNS
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.ticks import outbox
from tests.builders import ecosystem
from tests.builders.jobs import RARELY, at
from tests.builders.looks import Home

FIVE = ("health", "memory_rollover", "mail_cleanup", "metrics", "daily_report")
OFF = "".join(f"  {name}: {{enabled: false}}\n" for name in FIVE)
JOBS = f"""\
jobs:
  good: {{command: "echo fine", schedule: "{RARELY}", first_run: now, tags: [nightly]}}
  bad: {{command: "echo oops; exit 3", schedule: "{RARELY}", first_run: now}}
"""

Said = tuple[int, str, str]


class Installation:
    """A root and a state folder, and the command line on them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capsys = capsys

    @property
    def places(self) -> list[str]:
        return ["--root", str(self.root), "--state-dir", str(self.root / "state")]

    def call(self, *words: str) -> Said:
        """Exit code, stdout, stderr; words before the command are options for all."""
        code = main([*self.places, *words])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    @property
    def state(self) -> Any:
        return Store(self.root / "state").load().state


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installation:
    """Two jobs that are due at the first tick, one of which fails."""
    (tmp_path / "scheduled.yaml").write_text(JOBS + OFF)
    return Installation(tmp_path, capsys)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An ecosystem with the shipped jobs as they are, at noon."""
    branches = [ecosystem.entry("DEV_CENTRAL"), ecosystem.entry("FLOW")]
    return Home(ecosystem.home(tmp_path, {"branches": branches}))


def test_under_cron_success_is_silent(here: Installation) -> None:
    assert here.call("run", "--only", "good") == (0, "", "")


def test_a_configuration_that_stops_all_jobs_says_so(here: Installation) -> None:
    (here.root / "scheduled.yaml").write_text("jobs:\n  good: &all {command: 'true'}\n")

    code, out, err = here.call("run")

    assert (code, out) == (2, "")
    assert err == (
        'scheduled: scheduled.yaml:2: an anchor ("&all"); anchors and aliases are not read here:'
        " write the value out in each place, or put it in quotes\n"
        "No job runs until that is fixed.\n"
    )


def test_a_signal_after_the_last_run_interrupts_nothing_and_says_so(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = outbox.deliver

    def signalled(*arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return deliver(*arguments)

    monkeypatch.setattr(outbox, "deliver", signalled)

    code, _, err = here.call("run", "--only", "good")

    assert code == 128 + signal.SIGTERM
    assert err == "scheduled: stopped by SIGTERM; all runs had ended\n"
    assert here.state["jobs"]["good"]["last"]["outcome"] == "succeeded"
    assert here.state["ticks"]["count"] == 1


def test_under_cron_a_failure_says_all_that_is_needed(here: Installation) -> None:
    code, out, err = here.call("run")

    assert (code, out) == (1, "")
    assert err.startswith("bad: failed: exit code 3\n")
    assert "  | oops\n" in err
    assert f"  log: {here.root}/state/runs/bad/" in err
    assert "next run: 20" in err


def test_json_is_the_documented_object(here: Installation) -> None:
    code, out, _ = here.call("run", "--json")

    document = json.loads(out)
    assert code == 1
    assert list(document) == ["tick", "runs"]
    assert list(document["tick"]) == [
        "at",
        "due",
        "ran",
        "failed",
        "skipped",
        "carried",
        "duration_seconds",
    ]
    assert (document["tick"]["due"], document["tick"]["ran"]) == (2, 2)
    assert {tuple(row) for row in document["runs"]} == {COLUMNS}


def test_only_narrows_what_is_due_by_id_and_by_tag(here: Installation) -> None:
    assert here.call("run", "--only", "tag:nightly")[0] == 0

    assert "last" in here.state["jobs"]["good"]
    assert "bad" not in here.state["jobs"]


def test_a_job_nobody_has_is_refused_and_nothing_runs(here: Installation) -> None:
    code, _, err = here.call("run", "--only", "goood")

    assert code == 2
    assert "no job is called 'goood'; did you mean good?" in err
    assert not (here.root / "state" / "journal").exists()


def test_a_dry_run_tells_what_would_run_and_changes_nothing(here: Installation) -> None:
    code, out, _ = here.call("run", "--dry-run")

    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["run", "bad"], ["run", "good"]]
    assert "Simulated" in out
    assert not (here.root / "state" / "journal").exists()


def test_force_runs_what_is_not_due_and_leaves_disabled_jobs_alone(here: Installation) -> None:
    here.call("run")

    document = json.loads(here.call("run", "--force", "--json")[1])

    assert sorted(row["job"] for row in document["runs"]) == ["bad", "good"]
    assert {row["slot"] for row in document["runs"]} == {None}


def test_a_job_is_triggered_by_hand_even_when_it_is_disabled(here: Installation) -> None:
    here.call("disable", "good")

    code, out, _ = here.call("trigger", "good", "--json")

    assert code == 0
    (row,) = json.loads(out)["runs"]
    assert (row["outcome"], row["slot"]) == ("succeeded", None)


def test_not_now_is_no_success_for_who_asked_by_hand(here: Installation) -> None:
    path = here.root / "scheduled.yaml"
    path.write_text(JOBS.replace("echo fine", "exit 75") + OFF)

    code, _, err = here.call("trigger", "good")

    assert (code, err) == (75, "good: not now: exit code 75\n")


def test_a_job_that_runs_elsewhere_is_not_started_by_hand(here: Installation) -> None:
    here.call("run", "--only", "good")
    lock = locks.take_job(here.root / "state", "good")
    assert lock is not None

    code, _, err = here.call("trigger", "good")

    lock.release()
    assert code == 75
    assert err == "good: not started: still running\n"


def test_once_is_one_object_keyed_by_job_as_gaia_has_it(here: Installation) -> None:
    code, out, _ = here.call("--once")

    document = json.loads(out)
    assert code == 1
    assert {job: row["status"] for job, row in document.items()} == {
        "good": "success",
        "bad": "error",
    }
    assert list(document["good"]) == ["task", "status", "timestamp", "output"]


def test_the_report_is_sent_once_a_day_whoever_asks(home: Home) -> None:
    assert home.call("daily-report").code == 0
    assert home.call("run").code == 0
    assert home.call("daily-report").code == 0

    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    subjects = [message["subject"] for message in box.messages]
    assert (
        len([subject for subject in subjects if subject.startswith("[DAILY] System Report - ")])
        == 1
    )
    assert last_run(home)["daily_report"] is not None


def test_the_report_is_sent_again_with_force(home: Home) -> None:
    home.call("daily-report")

    home.call("daily-report", "--force", now=at("12:05"))

    box = mailbox.read(home.folder / "dev_central" / "ai_mail.local")
    (report,) = [mail for mail in box.messages if "[DAILY]" in mail["subject"]]
    assert (report["updates"], report["status"]) == (1, "new")


def test_a_report_that_is_not_sent_is_printed_and_counts_for_nothing(home: Home) -> None:
    said = home.call("daily-report", "--stdout", "--no-send")

    assert said.code == 0
    assert said.out.startswith("# AIPass Daily Report - ")
    assert last_run(home)["daily_report"] is None
    assert mailbox.read(home.folder / "dev_central" / "ai_mail.local").messages == []


def test_a_disabled_report_is_not_sent_and_nobody_is_told_it_was(home: Home) -> None:
    home.call("disable", "daily_report")

    home.call("daily-report")

    assert mailbox.read(home.folder / "dev_central" / "ai_mail.local").messages == []


def last_run(home: Home) -> Any:
    return Store(home.state_dir).load().state["last_run"]


@pytest.mark.parametrize(
    ("words", "token"),
    [
        (["rum"], "did you mean run"),
        (["run", "--froce"], "--froce"),
        (["run", "extra"], "extra"),
        (["--unknown", "run"], "--unknown"),
    ],
)
def test_unknown_words_are_named_and_run_nothing(
    here: Installation, words: list[str], token: str
) -> None:
    code, _, err = here.call(*words)

    assert code == 2
    assert token in err
    assert not (here.root / "state").exists()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["run", "--force", "--help"]])
def test_help_anywhere_runs_nothing(here: Installation, words: list[str]) -> None:
    code, out, _ = here.call(*words)

    assert (code, out.startswith("Usage: scheduled")) == (0, True)
    assert not (here.root / "state").exists()


def test_on_a_terminal_running_jobs_are_shown_and_a_summary_follows(tmp_path: Path) -> None:
    slow = f'jobs:\n  slow: {{command: "sleep 0.6", schedule: "{RARELY}", first_run: now}}\n'
    (tmp_path / "scheduled.yaml").write_text(slow + OFF)

    shown = _on_a_terminal("--root", str(tmp_path), "--state-dir", str(tmp_path / "state"), "run")

    live, _, summary = shown.partition("OUTCOME")
    assert "slow, scheduled for 20" in live
    assert "succeeded" in summary
    assert "1 ran in" in summary
    assert "failed on the event" not in shown


def _on_a_terminal(*words: str) -> str:
    ours, theirs = pty.openpty()
    surroundings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    command = [sys.executable, "-m", "scheduled", *words]
    process = subprocess.Popen(command, env=surroundings, stdout=theirs, stderr=theirs)
    os.close(theirs)
    chunks = []
    try:
        while chunk := os.read(ours, 65536):
            chunks.append(chunk)
    except OSError:  # the other side has hung up
        pass
    os.close(ours)
    assert process.wait() == 0
    return b"".join(chunks).decode()
