"""The claim of a job: decided under its lock, and again if another process was faster."""

from dataclasses import replace
from pathlib import Path

from scheduled.jobs.model import Attempt
from scheduled.runs.effects import LIVE
from scheduled.runs.preconditions import NotNow
from scheduled.runs.run_context import RunContext
from scheduled.state import events
from scheduled.system import locks
from scheduled.ticks.claim import Claim, GuardUnusable, NotDue, StillRunning, claim
from scheduled.ticks.tick import Tick
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.locks import held_by_another


def test_a_claim_is_on_record_and_holds_the_lock_of_the_job(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")

    claimed = claim(Tick(engine.config, at("12:00")).context, engine.jobs[0])

    assert isinstance(claimed, Claim)
    assert engine.last_event["event"] == "begin"
    assert engine.last_event["run_id"] == claimed.attempt.run_id
    assert locks.is_running(engine.state_dir, "backup")
    claimed.lock.release()


def test_what_is_not_claimed_is_not_locked_either(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("12:00")
    before = engine.events

    assert claim(Tick(engine.config, at("12:01")).context, engine.jobs[0]) == NotDue()

    assert engine.events == before
    assert not locks.is_running(engine.state_dir, "backup")


def test_a_job_that_another_tick_holds_is_still_running(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")

    with held_by_another(engine.state_dir / "locks" / "backup.lock"):
        outcome = claim(Tick(engine.config, at("12:00")).context, engine.jobs[0])

    assert outcome == StillRunning("still running")


def test_a_decision_is_made_again_if_the_job_has_changed_before_it_was_recorded(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(only_if="true")])
    engine.run_at("11:30")
    asked = []

    def skip_meanwhile(attempt: Attempt, context: RunContext) -> None:
        asked.append(attempt.slot)
        engine.record("12:00", events.slot_skipped("backup", at("12:00"), "by another tick"))

    effects = replace(LIVE, check_only_if=skip_meanwhile)

    outcome = claim(Tick(engine.config, at("12:00"), effects=effects).context, engine.jobs[0])

    assert outcome == NotDue()
    assert asked == [at("12:00")]
    assert engine.last_event["reason"] == "by another tick"


def test_a_job_that_waits_names_the_key_that_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("base"), job("upon", after=("base",))])
    engine.run_at("11:30")

    outcome = claim(Tick(engine.config, at("12:00")).context, engine.jobs[1])

    assert outcome == NotNow("after", "waits for base to succeed")


def test_a_guard_that_cannot_be_checked_leaves_the_slot_due_and_says_why(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(cwd="gone", min_free_disk=1)])
    engine.run_at("11:30")

    outcome = claim(Tick(engine.config, at("12:00")).context, engine.jobs[0])

    reason = f"min_free_disk: {tmp_path}/gone: no such file or directory"
    assert outcome == GuardUnusable(reason)
    assert engine.last_event["reason"] == reason
