"""`scheduled run`: what cron mails, what a person sees, and what JSON says of a tick."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.state.history import COLUMNS
from scheduled.ticks import outbox
from tests.builders.jobs import RARELY
from tests.builders.two_jobs import OFF, Installation


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
        "exit_codes",
    ]
    assert document["tick"]["exit_codes"] == [1]
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


@pytest.mark.parametrize("option", ["--force", "--all"])
def test_force_runs_what_is_not_due_and_leaves_disabled_jobs_alone(
    here: Installation, option: str
) -> None:
    here.call("run")
    here.call("disable", "metrics")

    document = json.loads(here.call("run", option, "--json")[1])

    assert sorted(row["job"] for row in document["runs"]) == ["bad", "good"]
    assert {row["slot"] for row in document["runs"]} == {None}


def test_on_a_terminal_running_jobs_are_shown_and_a_summary_follows(tmp_path: Path) -> None:
    slow = f'jobs:\n  slow: {{command: "sleep 0.6", schedule: "{RARELY}", first_run: now}}\n'
    (tmp_path / "scheduled.yaml").write_text(slow + OFF)

    shown = _on_a_terminal("--root", str(tmp_path), "--state-dir", str(tmp_path / "state"), "run")

    live, _, summary = shown.partition("OUTCOME")
    assert "slow  0 s, scheduled for 20" in live
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
