"""A slot that `only_if` does not want, and the missed ones before it that it may want."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Attempt, CatchUp
from scheduled.planning import older_slots
from scheduled.runs.effects import LIVE
from scheduled.runs.preconditions import Declined, NotNow
from scheduled.runs.run_context import RunContext
from scheduled.state import events
from scheduled.ticks.claim import Claim, Skipped, claim
from scheduled.ticks.tick import Tick
from scheduled.timing.instants import format_utc
from tests.builders import soak
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

NO = "only_if said no (exit code 1)"
ONLY_MONDAYS = '[ "$(date -u -d "$SCHEDULED_SLOT" +%u)" = 1 ]'
FIRST_MONDAY: dict[str, Any] = {
    "schedule": "0 9 1-7 * *",
    "only_if": ONLY_MONDAYS,
    "command": 'echo "$SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED" >> out',
}
HOUR = timedelta(hours=1)


def test_a4_the_first_monday_of_the_month_is_caught_up_if_the_machine_was_off(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(**FIRST_MONDAY)])
    engine.run_at("2026-10-31T12:00")

    report = engine.run_at("2026-11-05T10:00")

    assert engine.lines() == ["2026-11-02T09:00:00Z 1 1"]
    assert ended(engine) == [
        ("2026-11-01T09:00:00Z", "missed", "clock set forward"),
        ("2026-11-02T09:00:00Z", "succeeded", None),
        ("2026-11-03T09:00:00Z", "skipped", NO),
        ("2026-11-04T09:00:00Z", "skipped", NO),
        ("2026-11-05T09:00:00Z", "skipped", NO),
    ]
    assert report.skipped == 3
    assert [row["slot"] for row in report.ran] == ["2026-11-02T09:00:00Z"]

    assert engine.run_at("2026-11-05T10:01").rows == []


def test_a4_where_no_missed_slot_is_wanted_each_is_skipped(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(**FIRST_MONDAY)])
    engine.run_at("2026-11-02T12:00")

    report = engine.run_at("2026-11-05T10:00")

    assert ended(engine) == [
        ("2026-11-03T09:00:00Z", "skipped", NO),
        ("2026-11-04T09:00:00Z", "skipped", NO),
        ("2026-11-05T09:00:00Z", "skipped", NO),
    ]
    assert (report.skipped, report.ran) == (3, [])
    assert engine.lines() == []


def test_a4_a_failed_run_for_an_older_slot_is_tried_again(tmp_path: Path) -> None:
    command = "echo $SCHEDULED_ATTEMPT >> out; [ $SCHEDULED_ATTEMPT = 2 ]"
    fields = FIRST_MONDAY | {"command": command, "max_retries": 1, "retry_delay": 60.0}
    engine = Engine(tmp_path, [job(**fields)])
    engine.run_at("2026-11-01T12:00")
    engine.run_at("2026-11-03T10:00")

    engine.run_at("2026-11-03T10:01:30")

    assert engine.lines() == ["1", "2"]
    assert [(row["slot"], row["outcome"]) for row in engine.rows] == [
        ("2026-11-02T09:00:00Z", "failed"),
        ("2026-11-03T09:00:00Z", "skipped"),
        ("2026-11-02T09:00:00Z", "succeeded"),
    ]


def test_a4_no_more_than_a_month_of_days_is_asked_about(tmp_path: Path) -> None:
    asked: list[datetime] = []
    engine = Engine(tmp_path, [job(only_if="x", schedule="0 9 * * *")])
    engine.run_at("2026-09-01T12:00")

    outcome = claim_at(engine, "2026-11-21T12:00", wanted=set(), asked=asked)

    assert isinstance(outcome, Skipped)
    assert len(asked) == 1 + older_slots.MOST
    assert asked == sorted(asked, reverse=True)
    assert ended(engine)[0][:2] == ("2026-10-20T09:00:00Z", "missed")
    assert engine.rows[0]["missed"] == 49


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"catch_up": CatchUp.SKIP}, ["12:00"]),
        ({"catch_up": CatchUp.ALL}, ["09:00"]),
        ({"max_lateness": 7200.0}, ["12:00", "11:00", "10:00"]),
        ({"jitter": 1800.0, "seed": "x"}, ["11:00", "10:00", "09:00"]),
        ({"schedule": "interval:3600"}, ["11:30", "10:30", "09:30"]),
    ],
)
def test_a4_slots_that_would_not_be_caught_up_are_not_asked_about(
    tmp_path: Path, fields: dict[str, Any], asked: list[str]
) -> None:
    engine = Engine(tmp_path, [job(only_if="x", **fields)])
    engine.run_at("08:30")
    slots: list[datetime] = []

    claim_at(engine, "12:00", wanted=set(), asked=slots)

    assert slots == [at(slot) for slot in asked]


def test_a4_a_slot_that_is_to_be_skipped_or_lies_in_a_pause_is_not_asked_about(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(only_if="x")])
    engine.run_at("08:30")
    engine.record("08:31", events.skip_requested("backup", at("11:00")))
    engine.record("09:30", events.job_paused("backup", at("10:30"), "holidays"))
    asked: list[datetime] = []

    outcome = claim_at(engine, "12:00", wanted={at("09:00"), at("10:00"), at("11:00")}, asked=asked)

    assert isinstance(outcome, Claim)
    assert asked == [at("12:00"), at("09:00")]
    assert outcome.attempt.slot == at("09:00")
    assert [(row["slot"], row["reason"]) for row in outcome.skipped] == [
        ("2026-11-21T10:00:00Z", "paused until 2026-11-21 10:30 UTC: holidays"),
        ("2026-11-21T11:00:00Z", "left out by hand"),
        ("2026-11-21T12:00:00Z", NO),
    ]


def test_a4_a_deferred_run_stands_for_all_slots_before_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(only_if="x")])
    engine.run_at("08:30")
    engine.record("08:31", events.job_deferred("backup", at("11:30"), ""))
    asked: list[datetime] = []

    claim_at(engine, "11:31", wanted=set(), asked=asked)

    assert asked == [at("11:30")]


def test_a4_not_now_for_an_older_slot_leaves_all_of_them_due(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(only_if="x")])
    engine.run_at("08:30")

    def not_now_at_ten(attempt: Attempt, _: RunContext) -> NotNow | Declined:
        return NotNow("only_if", "later") if attempt.slot == at("10:00") else Declined(NO)

    effects = replace(LIVE, check_only_if=not_now_at_ten)
    outcome = claim(Tick(engine.config, at("12:00"), effects=effects).context, engine.jobs[0])

    assert outcome == NotNow("only_if", "later")
    assert ended(engine) == []
    assert engine.last_event["event"] == "deferred"
    assert engine.last_event["slot"] == format_utc(at("12:00"))
    asked: list[datetime] = []
    claim_at(engine, "12:01", wanted=set(), asked=asked)
    assert asked == [at(slot) for slot in ("12:00", "11:00", "10:00", "09:00")]


def test_a4_of_any_slots_that_are_wanted_the_newest_missed_one_runs(tmp_path: Path) -> None:
    for seed in range(soak.count(8, 300)):
        chance = random.Random(seed)
        count = chance.randint(1, 40)
        slots = [at("2026-11-01T10:00") + number * HOUR for number in range(count)]
        wanted = {slot for slot in slots if chance.random() < chance.choice((0.02, 0.2))}
        engine = Engine(tmp_path / str(seed), [job(only_if="x")])
        engine.folder.mkdir()
        engine.run_at("2026-11-01T09:30")

        outcome = claim_at(engine, format_utc(slots[-1])[:16], wanted=wanted)

        askable = slots[-1 - older_slots.MOST :]
        expected = max((slot for slot in askable if slot in wanted), default=None)
        if isinstance(outcome, Claim):
            assert outcome.attempt.slot == expected
            outcome.lock.release()
        else:
            assert expected is None
        skipped = [slot for slot in askable if expected is None or slot > expected]
        assert dict(settled(engine)) == {
            **dict.fromkeys(slots[: slots.index(expected or askable[0])], "missed"),
            **({expected: "begun"} if expected else {}),
            **dict.fromkeys(skipped, "skipped"),
        }
        assert len(settled(engine)) == count


def claim_at(
    engine: Engine, when: str, *, wanted: set[datetime], asked: list[datetime] | None = None
) -> Any:
    """Claim the job at a time at which its condition wants these slots."""

    def condition(attempt: Attempt, _: RunContext) -> Declined | None:
        assert attempt.slot is not None
        if asked is not None:
            asked.append(attempt.slot)
        return None if attempt.slot in wanted else Declined(NO)

    effects = replace(LIVE, check_only_if=condition)
    return claim(Tick(engine.config, at(when), effects=effects).context, engine.jobs[0])


def ended(engine: Engine) -> list[tuple[str | None, str | None, str | None]]:
    return [(row["slot"], row["outcome"], row["reason"]) for row in engine.rows]


def settled(engine: Engine) -> list[tuple[datetime, str]]:
    """Return each slot once for everything on record about it."""
    found: list[tuple[datetime, str]] = []
    for event in engine.events:
        if event["event"] == "missed":
            first, count = datetime.fromisoformat(event["first"]), event["count"]
            found += [(first + number * HOUR, "missed") for number in range(count)]
        elif event["event"] in ("begin", "skipped"):
            slot = datetime.fromisoformat(event["slot"])
            found.append((slot, "begun" if event["event"] == "begin" else "skipped"))
    return found
