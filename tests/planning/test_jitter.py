"""Jitter: a delay of the job's own that never changes, and moves no slot."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, FirstRun, Job
from scheduled.jobs.schedule import schedule_of, start_delay
from scheduled.planning import decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from scheduled.timing.fingerprint import fingerprint
from scheduled.views import jobs as view
from scheduled.views import upcoming, why
from tests.builders.configuration import complaint, the_job
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.looks import seen, snapshot

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"
ON_TIME = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


def delayed(minutes: float, **fields: Any) -> Job:
    """A job whose delay is this many minutes, by the luck of its seed."""
    for number in range(10_000):
        found = job(jitter=minutes * 60 + 1, seed=f"machine {number}", **fields)
        if start_delay(found) == timedelta(minutes=minutes):
            return found
    raise AssertionError("no seed draws that")


def test_a_start_is_delayed_and_its_slot_is_not(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [delayed(10, command=NOTE)])
    for when in ("11:30", "12:00", "12:09", "12:10", "12:11", "13:09", "13:10"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0", "2026-11-21T13:00:00Z 0 0"]


def test_who_waits_out_a_delay_says_so() -> None:
    decision = decided(delayed(10), "11:00", "12:01")

    assert (decision.verdict, decision.slot, decision.next) == (
        Verdict.WAIT,
        at("12:00"),
        at("12:10"),
    )
    assert decision.reason == "starts 600 s after its scheduled time (jitter)"
    assert not decision.is_due


@pytest.mark.parametrize(("now", "verdict"), [("12:09:59", Verdict.WAIT), ("12:10", Verdict.RUN)])
def test_a_slot_is_due_from_the_end_of_its_delay_on(now: str, verdict: Verdict) -> None:
    assert decided(delayed(10), "11:00", now).verdict is verdict


def test_a_delay_longer_than_the_period_starves_nobody(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [delayed(10, schedule="* * * * *", command=NOTE)])
    for minute in range(20):
        engine.run_at(f"12:{minute:02}")

    assert [line[11:16] for line in engine.lines()] == [
        f"12:{minute:02}" for minute in range(1, 10)
    ]


def test_late_is_what_starts_after_its_delay(tmp_path: Path) -> None:
    strict = delayed(10, catch_up=CatchUp.SKIP)
    assert decided(strict, "11:00", "12:11").verdict is Verdict.RUN
    assert decided(strict, "11:00", "12:13").verdict is Verdict.SKIP

    punctual = delayed(10, max_lateness=60.0)
    assert decided(punctual, "11:00", "12:11").verdict is Verdict.RUN
    assert decided(punctual, "11:00", "12:11:01").verdict is Verdict.SKIP


def test_after_an_outage_the_newest_slot_whose_delay_is_over_answers() -> None:
    decision = decided(delayed(10), "08:00", "12:05")

    assert (decision.verdict, decision.slot, decision.catch_up) == (Verdict.RUN, at("11:00"), True)
    assert decision.missed is not None
    assert decision.missed.count == 2


def test_each_slot_in_turn_with_its_delay() -> None:
    each = delayed(10, catch_up=CatchUp.ALL)

    assert decided(each, "10:00", "12:05").slot == at("11:00")
    assert decided(each, "11:00", "12:05").verdict is Verdict.WAIT


def test_a_new_job_does_not_run_for_the_slot_before_it_was_seen() -> None:
    assert decided(delayed(10), "12:05", "12:10").verdict is Verdict.NOT_DUE
    assert decided(delayed(10), "12:05", "12:10").next == at("13:10")


def test_a_new_job_that_asks_for_it_runs_at_once() -> None:
    eager = delayed(10, first_run=FirstRun.NOW)
    record = known(eager, "12:05")._replace(watermark=None)

    assert decide.decide(eager, record, SlotCache.at(at("12:05")), ON_TIME).verdict is Verdict.RUN


def test_by_hand_nothing_is_delayed_and_the_slot_keeps_its_start(tmp_path: Path) -> None:
    # certbot#9997: never for a person at a terminal.
    engine = Engine(tmp_path, [delayed(10, command=NOTE)])
    engine.run_at("11:30")

    engine.run_at("12:05", only=("backup",), by_hand=True)
    engine.run_at("12:10")

    assert engine.lines() == ["0 0", "2026-11-21T12:00:00Z 0 0"]


def test_an_edit_of_the_jitter_fires_nothing_and_loses_no_slot() -> None:
    plain, later = job(), delayed(10)

    assert fingerprint(schedule_of(plain)) == fingerprint(schedule_of(later))
    assert decided(later, "12:00", "12:05").verdict is Verdict.NOT_DUE  # it ran before the edit
    assert decided(plain, "12:00", "12:15").verdict is Verdict.NOT_DUE
    assert decided(plain, "11:00", "12:05").slot == decided(later, "11:00", "12:10").slot


def test_a_clock_set_back_a_little_delays_nothing_twice() -> None:
    decision = decided(delayed(10), "12:00", "11:10")

    assert (decision.verdict, decision.next) == (Verdict.NOT_DUE, at("13:10"))


def test_the_delay_comes_before_the_window() -> None:
    edge = delayed(10, schedule="55 5 * * *", window="21:00-06:00")

    assert decided(edge, "00:00", "05:59").verdict is Verdict.WAIT
    outside = decided(edge, "00:00", "06:05")
    assert (outside.verdict, outside.next) == (Verdict.WAIT, at("21:00"))


def test_the_slots_to_come_say_how_much_later_they_start() -> None:
    late = delayed(10)
    shown = snapshot(late, events=(seen(late, at("11:30")),), now=at("12:05"))

    first, second = upcoming.of_job(shown, late, 2)["next"]

    assert (first["slot"], first["note"]) == ("2026-11-21T12:00:00Z", "starts at +10m (jitter)")
    assert second["slot"] == "2026-11-21T13:00:00Z"
    assert view.rows(shown)[0]["next_run"] == "2026-11-21T12:10:00Z"
    assert (
        "starts 600 s after its scheduled time (jitter)"
        in why.document(shown, late, at("12:05"), [])["reasons"]
    )


def test_the_next_slot_to_skip_is_the_one_that_waits() -> None:
    late = delayed(10)

    assert decide.answered_until(late, known(late, "11:30"), at("12:05")) == at("11:55")
    assert decide.answered_until(late, known(late, "12:00"), at("12:05")) == at("12:00")


def test_jitter_is_read_from_a_configuration_with_the_machine_it_is_drawn_on(
    tmp_path: Path,
) -> None:
    found = the_job(tmp_path, '{schedule: hourly, command: "true", jitter: 10m}')

    assert found.jitter == 600
    assert found.seed.endswith(" one")
    assert the_job(tmp_path, '{schedule: hourly, command: "true", jitter: none}').seed == ""


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("1d", '"1d": must be shorter than a day; for more, spread the schedule with H'),
        ("0", "must be above zero"),
        ("soon", "seconds, or a duration"),
    ],
)
def test_what_is_no_jitter_is_refused_in_a_sentence(
    tmp_path: Path, written: str, sentence: str
) -> None:
    assert sentence in complaint(
        tmp_path, f'{{schedule: hourly, command: "true", jitter: {written}}}'
    )


def known(what: Job, watermark: str) -> JobMemory:
    kept = fingerprint(schedule_of(what))
    return JobMemory(fingerprint=kept, anchor=at(watermark), watermark=at(watermark))


def decided(what: Job, watermark: str, now: str) -> Decision:
    return decide.decide(what, known(what, watermark), SlotCache.at(at(now)), ON_TIME)
