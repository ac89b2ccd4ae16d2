"""Deferring and cancelling: a job that runs once at another time, or never again."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp
from scheduled.state.records import job_memory
from scheduled.state.store import Store
from scheduled.views.jobs import status
from tests.builders.beside import PATIENCE, wait_for
from tests.builders.command import BARE, Said, options, scheduled, state_dir
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import RARELY, job

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def test_a_deferred_job_runs_once_at_that_time_and_keeps_its_cron_afterwards(
    tmp_path: Path,
) -> None:
    # CIRIS: an expired deferral was never taken up again; a deferred cron task fired ever after.
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", deferral("14:20"))

    for when in ("12:00", "13:00", "14:00", "14:20", "14:21", "15:00", "15:01"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T14:20:00Z 0 3", "2026-11-21T15:00:00Z 0 0"]
    missed = engine.rows[0]
    assert (missed["missed"], missed["reason"]) == (3, "deferred")


def test_a_deferral_that_ended_while_nothing_ticked_is_caught_up_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, schedule="0 0 * * *")])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:00"))

    for when in ("17:00", "17:01", "18:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 1 0"]


def test_a_newer_slot_answers_for_a_deferral_that_nobody_came_for(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:20"))

    for when in ("14:05", "14:06"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T14:00:00Z 1 2"]
    assert "deferral" not in engine.state["jobs"]["backup"]


def test_where_each_slot_runs_the_deferral_does_and_then_those_after_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, catch_up=CatchUp.ALL)])
    engine.run_at("11:30")
    engine.record("11:40", deferral("13:30"))

    engine.run_at("15:10")

    slots = [line.split()[0][11:16] for line in engine.lines()]
    assert slots == ["13:30", "14:00", "15:00"]


def test_a_one_time_job_that_is_deferred_runs_at_the_new_time_and_is_complete(
    tmp_path: Path,
) -> None:
    once = job(schedule="at:2026-11-21T12:00:00Z", command=NOTE)
    engine = Engine(tmp_path, [once])
    engine.run_at("11:30")
    engine.record("11:40", deferral("13:00"))
    engine.run_at("12:00")
    assert life(engine) == "PENDING"

    for when in ("13:00", "14:00"):
        engine.run_at(when)

    assert [line.split()[0] for line in engine.lines()] == ["2026-11-21T13:00:00Z"]
    assert life(engine) == "COMPLETE"


def test_a_retry_that_waits_is_given_up_for_the_deferral(tmp_path: Path) -> None:
    flaky = job(command=f"{NOTE}; exit 1", max_retries=2, retry_delay=600.0)
    engine = Engine(tmp_path, [flaky])
    engine.run_at("11:30")
    engine.run_at("12:00")
    engine.record("12:05", deferral("12:40"))

    for when in ("12:11", "12:40", "12:51"):
        engine.run_at(when)

    assert [line.split()[0][11:16] for line in engine.lines()] == ["12:00", "12:40", "12:40"]


def test_a_deferral_that_failed_is_retried_and_then_over(tmp_path: Path) -> None:
    flaky = job(schedule="0 0 * * *", command="test $SCHEDULED_ATTEMPT = 2", max_retries=2)
    engine = Engine(tmp_path, [flaky])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:00"))

    for when in ("12:00", "12:02", "12:10"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "failed"), ("12:00", "succeeded")]
    assert "deferral" not in engine.state["jobs"]["backup"]


def test_a_deferral_that_passed_while_its_job_was_away_is_missed_and_does_not_fire(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule="0 0 * * *")])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:00"))
    jobs, engine.jobs = engine.jobs, ()
    engine.run_at("11:50")
    engine.jobs = jobs

    for when in ("13:00", "13:01"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "missed")]
    assert "deferral" not in engine.state["jobs"]["backup"]


def test_how_often_and_why_it_was_deferred_is_kept(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:20", "the disk is out"))
    engine.record("11:50", deferral("12:30", "still"))

    entry = engine.state["jobs"]["backup"]

    assert entry["deferral_count"] == 2
    assert entry["deferral_history"][0] == {
        "deferred_at": "2026-11-21T11:40:00Z",
        "deferred_until": "2026-11-21T12:20:00Z",
        "reason": "the disk is out",
    }


def test_a_history_of_another_shape_is_mended_from_the_journal(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("11:40", deferral("12:20", "the disk is out"))
    path = engine.state_dir / "scheduled_state.json"
    broken = json.loads(path.read_text())
    broken["jobs"]["backup"]["deferral_history"] = 3
    path.write_text(json.dumps(broken))

    engine.record("11:50", deferral("12:30", "still"))

    reasons = [entry["reason"] for entry in engine.state["jobs"]["backup"]["deferral_history"]]
    assert reasons == ["the disk is out", "still"]


def test_a_cancelled_job_runs_no_more_until_it_is_enabled(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", {"event": "cancelled", "job": "backup", "reason": "obsolete"})
    assert life(engine) == "CANCELLED"
    for when in ("12:00", "13:00"):
        engine.run_at(when)
    engine.record("13:30", {"event": "enabled", "job": "backup", "enabled": True})

    engine.run_at("14:00")

    assert len(engine.lines()) == 1
    assert life(engine) == "ACTIVE"


@pytest.mark.parametrize(
    ("command", "ends"), [("true", "COMPLETE"), ("false", "FAILED"), ("exit 75", "PENDING")]
)
def test_the_life_of_a_one_time_job_ends_as_its_slot_did(
    tmp_path: Path, command: str, ends: str
) -> None:
    engine = Engine(tmp_path, [job(schedule="at:2026-11-21T12:00:00Z", command=command)])
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert life(engine) == ends


def test_a_one_time_job_that_came_too_late_has_failed(tmp_path: Path) -> None:
    once = job(schedule="at:2026-11-21T12:00:00Z", max_lateness=60.0)
    engine = Engine(tmp_path, [once])
    engine.run_at("11:30")

    engine.run_at("12:10")

    assert life(engine) == "FAILED"


# From the command line


@pytest.mark.slow
def test_defer_says_until_when_and_next_shows_it(home: Path) -> None:
    configure(home, f"jobs: {{backup: {{schedule: '{RARELY}', command: 'true'}}}}")
    scheduled(home, "run")

    said = scheduled(home, "defer", "backup", "--until", "2h", "--reason", "disk").out

    assert "deferred until" in said
    assert "1 time so far" in said
    (shown,) = read(home, "next", "backup", "-n", "1", "--explain")["next"]
    assert shown["note"] == "deferred: disk"
    assert shown["explain"][0] == "it was deferred until then (disk)"
    assert read(home, "show", "backup")["job"]["next_run"] == shown["slot"]
    assert "deferred until" in scheduled(home, "why", "backup").out


@pytest.mark.slow
def test_resume_takes_a_deferral_back(home: Path) -> None:
    configure(home, f"jobs: {{backup: {{schedule: '{RARELY}', command: 'true'}}}}")
    scheduled(home, "run")
    before = read(home, "next", "backup", "-n", "1")
    scheduled(home, "defer", "backup", "--until", "1d")

    scheduled(home, "resume", "backup")

    assert read(home, "next", "backup", "-n", "1") == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["defer", "backup", "--until", "2020-01-01"], "is in the past"),
        (["defer", "off", "--until", "2h"], "enable it first"),
        (["defer", "bakcup", "--until", "2h"], "did you mean backup?"),
        (["cancel"], "name the job"),
        (["cancel", "backup", "--dry-run"], "--dry-run goes with --max-hours"),
        (["cancel", "--max-hours", "1", "--stop"], "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_refused(home: Path, arguments: list[str], sentence: str) -> None:
    configure(
        home,
        f"jobs:\n  backup: {{schedule: '{RARELY}', command: 'true'}}\n"
        f"  off: {{schedule: '{RARELY}', command: 'true', enabled: false}}\n",
    )
    scheduled(home, "run")

    done = scheduled(home, *arguments)

    assert done.code == 2
    assert sentence in done.err


@pytest.mark.slow
def test_cancel_with_stop_ends_the_run_under_way(home: Path) -> None:
    configure(home, LONG)
    with_run = started(home)

    said = scheduled(home, "cancel", "long", "--stop", "--reason", "enough").out

    assert "is stopped" in said
    assert with_run.wait(PATIENCE) == 0
    row = read(home, "history", "long")["runs"][0]
    assert (row["outcome"], row["reason"]) == ("interrupted", "stopped by hand: enough")
    assert read(home, "show", "long")["job"]["status"] == "CANCELLED"


@pytest.mark.slow
def test_what_a_stopped_run_printed_and_used_stays_on_record(home: Path) -> None:
    configure(home, LONG.replace("touch begun", "echo half; touch begun"))
    with_run = started(home)

    scheduled(home, "cancel", "long", "--stop")
    with_run.wait(PATIENCE)

    assert scheduled(home, "logs", "long").out.splitlines()[-1] == "half"
    assert read(home, "history", "long")["runs"][0]["duration_seconds"] > 0


@pytest.mark.slow
def test_a_slot_that_waits_for_its_retry_ends_on_record_with_the_life_of_its_job(
    home: Path,
) -> None:
    flaky = f"{{schedule: '{RARELY}', first_run: now, command: 'exit 1', max_retries: 2}}"
    configure(home, f"jobs: {{flaky: {flaky}}}")
    scheduled(home, "run", "--only", "flaky")

    scheduled(home, "cancel", "flaky")

    kinds = [event["event"] for event in Store(state_dir(home)).journal.read(None).events]
    assert kinds[-2:] == ["given_up", "cancelled"]


@pytest.mark.slow
def test_stopping_all_runs_of_a_job_minds_none_that_ends_by_itself_meanwhile(home: Path) -> None:
    first = "touch one; trap 'touch told; sleep 1; exit 1' TERM; while :; do sleep 0.05; done"
    second = "touch two; while [ ! -e told ]; do sleep 0.05; done"
    command = f"if [ ! -e one ]; then {first}; else {second}; fi"
    configure(
        home, f'jobs: {{beside: {{schedule: {RARELY}, overlap: allow, command: "{command}"}}}}'
    )
    runs = [triggered(home, "beside", home / name) for name in ("one", "two")]

    said = scheduled(home, "cancel", "beside", "--stop")

    assert said.code == 0, said.err
    for run in runs:
        run.wait(PATIENCE)


@pytest.mark.slow
def test_runs_that_last_too_long_are_stopped_and_their_jobs_stay(home: Path) -> None:
    configure(home, LONG)
    with_run = started(home)
    assert "would stop run" in scheduled(home, "cancel", "--max-hours", "0", "--dry-run").out
    assert with_run.poll() is None
    assert "No run has lasted longer" in scheduled(home, "cancel", "--max-hours", "1").out

    scheduled(home, "cancel", "--max-hours", "0")

    assert with_run.wait(PATIENCE) == 0
    assert read(home, "show", "long")["job"]["status"] != "CANCELLED"


@pytest.mark.slow
@pytest.mark.parametrize("hours", ["inf", "1e300"])
def test_no_run_lasts_for_a_time_that_is_none(home: Path, hours: str) -> None:
    configure(home, LONG)
    with_run = started(home)

    said = scheduled(home, "cancel", "--max-hours", hours)

    assert (said.code, said.out) == (0, "No run has lasted longer than that.\n")
    assert scheduled(home, "cancel", "--max-hours", "nan").code == 2
    assert with_run.poll() is None
    scheduled(home, "cancel", "long", "--stop")
    assert with_run.wait(PATIENCE) == 0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def configure(home: Path, text: str) -> None:
    path = home / "scheduled.yaml"
    path.write_text(text)
    path.chmod(0o644)


def read(home: Path, *words: str) -> dict[str, Any]:
    done: Said = scheduled(home, *words, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


LONG = (
    f"jobs: {{long: {{schedule: '{RARELY}', first_run: now, command: 'touch begun; sleep 300'}}}}"
)


def started(home: Path) -> "subprocess.Popen[bytes]":
    """A tick under way whose job has begun."""
    return _running(home, home / "begun", "run", "--only", "long")


def triggered(home: Path, name: str, begun: Path) -> "subprocess.Popen[bytes]":
    """A run by hand under way, which has made the file `begun`."""
    return _running(home, begun, "trigger", name)


def _running(home: Path, begun: Path, *words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "scheduled", *options(home), *words]
    tick = subprocess.Popen(command, env=BARE, stderr=subprocess.DEVNULL)
    wait_for(begun.exists)
    return tick


def deferral(until: str, reason: str = "") -> dict[str, str]:
    return {
        "event": "deferral",
        "job": "backup",
        "until": f"2026-11-21T{until}:00Z",
        "reason": reason,
    }


def life(engine: Engine) -> str:
    (only,) = engine.jobs
    return status(only, job_memory(engine.state, only.id), engine.state["jobs"][only.id])
