"""Slots that pass on purpose: pause, resume, skip."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.cli.main import main
from scheduled.jobs.model import CatchUp
from scheduled.jobs.schedule import schedule_of
from scheduled.planning.decide import decide
from scheduled.planning.decision import Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import Deferral, JobMemory, Pause
from scheduled.timing.fingerprint import fingerprint
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job

NOTE = "echo $SCHEDULED_JOB ${SCHEDULED_SLOT#*T} >> out"


def paused(name: str = "backup", until: str | None = None, reason: str = "") -> dict[str, object]:
    end = at(until).isoformat().replace("+00:00", "Z") if until else None
    return {"event": "paused", "job": name, "until": end, "reason": reason}


def test_what_comes_in_a_pause_is_skipped_with_the_reason_and_never_run(tmp_path: Path) -> None:
    # laravel#59169: paused for a deployment, and everything ran when it was over.
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", paused(until="14:30", reason="deployment"))

    for when in ("12:00", "13:00", "14:00", "14:31", "15:00"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [
        ("12:00", "skipped"),
        ("13:00", "skipped"),
        ("14:00", "skipped"),
        ("15:00", "succeeded"),
    ]
    assert engine.rows[0]["reason"] == "paused until 2026-11-21 14:30 UTC: deployment"
    assert engine.lines() == ["backup 15:00:00Z"]


def test_slots_of_a_pause_that_no_tick_saw_are_not_run_after_it_either(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", paused(until="14:30"))

    engine.run_at("14:45")

    assert engine.lines() == []
    assert outcomes(engine.rows) == [("13:00", "missed"), ("14:00", "skipped")]
    assert engine.rows[0]["reason"] == "paused"


def test_a_retry_that_a_pause_has_passed_is_given_up_and_its_slot_not_missed_too(
    tmp_path: Path,
) -> None:
    flaky = job(command=f"{NOTE}; exit 1", max_retries=3, retry_delay=600.0)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)
    engine.record("12:05", paused(until="13:30"))

    for when in ("13:00", "13:31"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "failed"), ("13:00", "skipped")]
    assert engine.lines() == ["backup 12:00:00Z"]


def test_of_a_job_that_runs_each_slot_the_one_left_out_is_left_out_and_no_other(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, catch_up=CatchUp.ALL)])
    engine.run_at("11:30")
    engine.record("11:40", {"event": "skip", "job": "backup", "slot": "2026-11-21T13:00:00Z"})

    for when in ("14:00", "14:01", "14:02"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [
        ("12:00", "succeeded"),
        ("13:00", "skipped"),
        ("14:00", "succeeded"),
    ]


def test_a_slot_after_the_pause_answers_for_none_that_came_before_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=f"{NOTE}; echo $SCHEDULED_MISSED >> missed")])
    engine.run_at("11:30")
    engine.record("11:40", paused(until="12:30"))
    engine.run_at("12:00")

    engine.run_at("13:00")

    assert engine.lines("missed") == ["0"]


def test_a_pause_of_all_jobs_holds_them_all_and_a_run_under_way_goes_on(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("a", command=NOTE), job("b", command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", paused("*"))
    engine.run_at("12:00")
    engine.record("12:30", {"event": "resumed", "job": "*", "until": "2026-11-21T12:30:00Z"})

    engine.run_at("13:00")

    assert sorted(engine.lines()) == ["a 13:00:00Z", "b 13:00:00Z"]


def test_a_slot_left_out_by_hand_is_on_record_and_the_next_one_runs(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", {"event": "skip", "job": "backup", "slot": "2026-11-21T12:00:00Z"})

    for when in ("12:00", "13:00"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "skipped"), ("13:00", "succeeded")]
    assert engine.rows[0]["reason"] == "left out by hand"


def test_a_retry_does_not_start_in_a_pause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=f"{NOTE}; exit 1", max_retries=3, retry_delay=120.0)])
    engine.run_at("11:30")
    engine.run_at("12:00")
    engine.record("12:01", paused())

    engine.run_at("12:05")

    assert len(engine.lines()) == 1


def test_force_leaves_a_paused_job_alone(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("a", command=NOTE), job("b", command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", paused("a"))

    engine.run_at("12:30", by_hand=True)

    assert [line.split()[0] for line in engine.lines()] == ["b"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "scheduled.yaml").write_text(
        'timezone: UTC\njobs:\n  backup: {command: "true", schedule: hourly}\n'
    )
    return tmp_path


def call(home: Path, *words: str) -> int:
    return main(["--root", str(home), "--state-dir", str(home / "state"), *words])


def test_the_commands_say_what_they_did(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "pause", "backup", "--for", "2h", "--reason", "moving house") == 0
    assert "backup is paused until" in capsys.readouterr().out
    call(home, "status", "--json")
    assert json.loads(capsys.readouterr().out)["paused"]["backup"]["reason"] == "moving house"
    call(home, "status")
    assert "moving house" in capsys.readouterr().out

    assert call(home, "resume", "backup") == 0

    assert capsys.readouterr().out == "backup is resumed.\n"
    call(home, "status", "--json")
    assert json.loads(capsys.readouterr().out)["paused"] == {}


def test_skip_names_the_slot_it_leaves_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "skip", "backup") == 0

    assert re.search(r":00 \(in \d+ (s|min|h)", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause", "bakup"], "did you mean backup?"),
        (["pause", "--for", "soon"], "--for 'soon' is not a valid duration"),
        (["pause", "--until", "2020-01-01"], "is in the past"),
        (["pause", "--for", "2h", "--until", "2030-01-01"], "exclude each other"),
        (["resume", "backup"], "backup is not paused"),
        (["resume"], "all jobs are not paused"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert call(home, *words) == 2

    assert said in capsys.readouterr().err


@pytest.mark.parametrize("own", ["11:50", "12:20"])
def test_b4_a_pause_of_one_job_that_is_over_leaves_it_in_the_pause_of_all(
    tmp_path: Path, own: str
) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("11:30")
    engine.record("11:40", paused(until=own))
    engine.record("11:55", paused("*", until="13:30"))

    for when in ("12:00", "13:00", "14:00"):
        engine.run_at(when)

    assert engine.lines() == ["backup 14:00:00Z"]


def test_b4_a_deferred_run_in_a_pause_is_decided_about_when_that_ends() -> None:
    memory = JobMemory(
        fingerprint=fingerprint(schedule_of(job())),
        anchor=at("10:30"),
        watermark=at("11:00"),
        deferral=Deferral(at("11:10")),
        pause=Pause(at("11:05"), at("11:20")),
    )

    decision = decide(job(), memory, SlotCache.at(at("11:15")), timedelta(minutes=2))

    assert (decision.verdict, decision.next) == (Verdict.PAUSED, at("11:20"))
