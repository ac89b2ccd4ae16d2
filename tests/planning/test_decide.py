"""The decision about one job: what is to be done, and for which slot."""

from datetime import timedelta
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, FirstRun, Job, Overlap
from scheduled.planning import active_runs, decide
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import ActiveRun, Deferral, JobMemory, Pause, Retry
from scheduled.timing import slots
from scheduled.timing.slots import MissedRange
from tests.builders.jobs import at, job
from tests.builders.memories import registered

ON_TIME = timedelta(minutes=2)


def test_a_slot_on_time_runs_and_is_no_catch_up() -> None:
    decision = decided(job(), registered("11:00"), "12:00:01")

    assert (decision.verdict, decision.slot) == (Verdict.RUN, at("12:00"))
    assert not decision.catch_up
    assert decision.missed is None


def test_after_an_outage_the_newest_slot_answers_for_those_before_it() -> None:
    decision = decided(job(), registered("11:00"), "16:10")

    assert decision.slot == at("16:00")
    assert decision.catch_up
    assert decision.missed is not None
    assert (decision.missed.first, decision.missed.last) == (at("12:00"), at("15:00"))
    assert decision.missed.count == 4


def test_nothing_is_due_before_the_next_slot() -> None:
    decision = decided(job(), registered("12:00"), "12:59:59")

    assert (decision.verdict, decision.next) == (Verdict.NOT_DUE, at("13:00"))


def test_years_of_outage_are_one_step_back_and_a_capped_count() -> None:
    decision = decided(
        job(schedule="* * * * *"), registered("2016-01-01T00:00:00", "* * * * *"), "12:00:30"
    )

    assert decision.slot == at("12:00")
    assert decision.missed is not None
    assert (decision.missed.count, decision.missed.capped) == (slots.COUNT_CAP, True)


def test_an_edit_of_the_schedule_never_fires_by_itself() -> None:
    # kubernetes#63371: at 23:49, `30 11` becomes `0 11`, and everybody gets a mail.
    memory = registered("11:30", schedule="30 11 * * *")

    decision = decided(job(schedule="0 11 * * *"), memory, "23:49")

    assert (decision.verdict, decision.watermark) == (Verdict.REGISTER, at("23:49"))
    met = registered("23:49", schedule="0 11 * * *")
    assert decided(job(schedule="0 11 * * *"), met, "23:50").verdict is Verdict.NOT_DUE


def test_another_spelling_of_the_same_schedule_is_no_edit() -> None:
    memory = registered("11:00", schedule="0 * * * *")

    assert decided(job(schedule="@hourly"), memory, "12:00").verdict is Verdict.RUN


def test_an_edit_does_not_fire_even_a_job_whose_first_run_is_at_once() -> None:
    eager = job(schedule="0 11 * * *", first_run=FirstRun.NOW)

    decision = decided(eager, registered("11:30", schedule="30 11 * * *"), "23:49")

    assert decision.watermark == at("23:49")


def test_a_new_job_waits_for_its_next_slot() -> None:
    decision = decided(job(), JobMemory(), "12:30")

    assert (decision.verdict, decision.watermark) == (Verdict.REGISTER, at("12:30"))


def test_a_new_job_that_asks_for_it_runs_at_once_and_misses_nothing() -> None:
    eager = job(first_run=FirstRun.NOW)
    assert decided(eager, JobMemory(), "12:30").watermark is None

    decision = decided(eager, registered("12:30")._replace(watermark=None), "12:30")

    assert (decision.verdict, decision.slot) == (Verdict.RUN, at("12:00"))
    assert not decision.catch_up
    assert decision.missed is None


def test_too_late_is_skipped_with_the_reason() -> None:
    decision = decided(job(max_lateness=600.0), registered("11:00"), "12:10:01")

    assert (decision.verdict, decision.slot) == (Verdict.SKIP, at("12:00"))
    assert "too late: 601 s, at most 600 s" in decision.reason
    assert decided(job(max_lateness=600.0), registered("11:00"), "12:10").verdict is Verdict.RUN


def test_what_is_not_caught_up_is_skipped_and_what_is_on_time_runs() -> None:
    strict = job(catch_up=CatchUp.SKIP)

    assert decided(strict, registered("11:00"), "12:30").verdict is Verdict.SKIP
    assert decided(strict, registered("11:00"), "12:01").verdict is Verdict.RUN


def test_each_slot_in_turn_oldest_first() -> None:
    each = job(catch_up=CatchUp.ALL)

    assert decided(each, registered("11:00"), "14:00:01").slot == at("12:00")
    assert decided(each, registered("12:00"), "14:00:01").slot == at("13:00")
    last = decided(each, registered("13:00"), "14:00:01")
    assert (last.slot, last.catch_up) == (at("14:00"), False)


def test_each_slot_in_turn_but_for_those_too_late_which_go_together() -> None:
    each = job(catch_up=CatchUp.ALL, max_lateness=2 * 3600.0)

    decision = decided(each, registered("06:00"), "14:30")

    assert decision.slot == at("13:00")
    assert decision.too_late is not None
    assert (decision.too_late.last, decision.too_late.count) == (at("12:00"), 6)


def test_each_slot_in_turn_and_all_of_them_too_late() -> None:
    each = job(schedule="0 6 * * *", catch_up=CatchUp.ALL, max_lateness=60.0)

    decision = decided(each, registered("2026-11-18T06:00:00", schedule="0 6 * * *"), "14:30")

    assert (decision.verdict, decision.slot) == (Verdict.SKIP, at("06:00"))
    assert decision.missed is not None
    assert decision.missed.count == 2


def test_a_clock_set_back_a_little_never_runs_a_slot_again() -> None:
    decision = decided(job(), registered("12:00"), "11:10")

    assert (decision.verdict, decision.next) == (Verdict.NOT_DUE, at("13:00"))


def test_a_watermark_years_ahead_does_not_freeze_the_job() -> None:
    # dcron#16: the clock was wrong at boot, and nothing ran "for 18 years".
    decision = decided(job(), registered("2044-01-01T00:00:00"), "12:10")

    assert (decision.verdict, decision.watermark) == (Verdict.RESET_WATERMARK, at("12:10"))
    assert "future" in decision.reason


def test_three_hours_back_are_a_step_and_more_is_a_correction() -> None:
    at_most = decided(job(), registered("15:00"), "12:00")
    beyond = decided(job(), registered("15:00"), "11:59:59")

    assert (at_most.verdict, beyond.verdict) == (Verdict.NOT_DUE, Verdict.RESET_WATERMARK)


def test_a_watermark_that_is_now_is_no_future() -> None:
    assert decided(job(), registered("12:00"), "12:00").reason == "not due"


def test_disabled_by_hand_outweighs_the_configuration_both_ways() -> None:
    off, on = (
        registered("11:00")._replace(enabled=False),
        registered("11:00")._replace(enabled=True),
    )

    assert decided(job(), off, "12:00").verdict is Verdict.DISABLED
    assert decided(job(enabled=False), on, "12:00").verdict is Verdict.RUN
    assert decided(job(enabled=False), registered("11:00"), "12:00").verdict is Verdict.DISABLED


def test_a_suspended_or_cancelled_job_is_disabled_whatever_else_is_set() -> None:
    met = registered("11:00")._replace(enabled=True)

    assert decide.is_enabled(job(), met)
    assert not decide.is_enabled(job(), met._replace(suspended=True))
    assert not decide.is_enabled(job(), met._replace(cancelled=""))


def test_a_new_job_and_a_changed_one_are_told_apart() -> None:
    new, edited = JobMemory(), registered("11:00", schedule="30 * * * *")

    assert decided(job(), new, "12:00").reason == "seen for the first time"
    assert decided(job(), edited, "12:00").reason == "its schedule has changed"


def test_a_slot_that_a_user_skipped_ends_and_the_next_one_runs() -> None:
    memory = registered("11:00")._replace(skip=at("12:00"))

    left_out = decided(job(), memory, "12:10")

    assert (left_out.verdict, left_out.slot) == (Verdict.SKIP, at("12:00"))
    assert left_out.reason == "left out by hand"
    assert decided(job(), memory, "13:00").verdict is Verdict.RUN


def test_a_new_job_that_runs_each_slot_begins_with_the_newest() -> None:
    each = job(catch_up=CatchUp.ALL, first_run=FirstRun.NOW)

    decision = decided(each, registered("12:30")._replace(watermark=None), "12:30")

    assert (decision.verdict, decision.slot, decision.catch_up) == (Verdict.RUN, at("12:00"), False)


def test_the_configuration_disables_a_registered_job_that_nothing_else_disables() -> None:
    off, met = job(enabled=False), registered("11:00")

    assert decide.was_disabled_in_config(off, met)
    assert not decide.was_disabled_in_config(job(), met)
    assert not decide.was_disabled_in_config(off, JobMemory())
    assert not decide.was_disabled_in_config(
        off, met._replace(fingerprint=decide.DISABLED_IN_CONFIG)
    )
    assert not decide.was_disabled_in_config(off, met._replace(enabled=False))
    assert not decide.was_disabled_in_config(off, met._replace(suspended=True))


def test_only_disabled_and_paused_jobs_are_left_out_when_all_are_run() -> None:
    pause = Pause(at("10:00"), None)
    memories = {
        "disabled": registered("11:00")._replace(enabled=False),
        "paused, nothing due": registered("12:00")._replace(pause=pause),
        "paused, a slot due": registered("11:00")._replace(pause=pause),
        "left out by hand": registered("11:00")._replace(skip=at("12:00")),
        "due": registered("11:00"),
        "resting": registered("12:00"),
    }

    off = {
        name for name, memory in memories.items() if decide.is_off(decided(job(), memory, "12:30"))
    }

    assert off == {"disabled", "paused, nothing due", "paused, a slot due"}


def test_a_run_in_progress_keeps_its_slot_where_slots_do_not_queue() -> None:
    opened = ActiveRun("r1", at("12:00"), 1, at("12:00"), 60.0)
    running = registered("11:00")._replace(runs={0: opened}, coalesced=2)
    beside = job(overlap=Overlap.ALLOW)

    assert decided(beside, running, "12:30").verdict is Verdict.NOT_DUE
    following = decided(beside, running, "13:00")
    assert (following.verdict, following.slot) == (Verdict.RUN, at("13:00"))
    assert (following.missed, following.catch_up) == (None, False)
    assert active_runs.without_active_runs(beside, running).coalesced == 0
    assert active_runs.without_active_runs(beside, registered("11:00")) == registered("11:00")
    assert active_runs.without_active_runs(job(), running) == running


def test_a_new_job_with_a_delay_that_runs_at_once_has_no_watermark_to_count_from() -> None:
    late = job(jitter=600.0, seed="machine backup", first_run=FirstRun.NOW)  # 481 s

    decision = decided(late, registered("12:00")._replace(watermark=None), "12:00")

    assert (decision.verdict, decision.slot) == (Verdict.RUN, at("11:00"))
    assert decide.answered_until(late, JobMemory(), at("12:00")) == at("11:51:59")
    assert decide.answered_until(late, registered("11:55"), at("12:00")) == at("11:55")


def test_a_retry_runs_from_its_instant_on() -> None:
    memory = registered("12:00")._replace(retry=Retry(at("12:00"), 2, at("12:10")))

    early, punctual = decided(job(), memory, "12:09:59"), decided(job(), memory, "12:10")

    assert (early.verdict, early.next) == (Verdict.NOT_DUE, at("12:10"))
    assert (punctual.verdict, punctual.slot) == (Verdict.RUN, at("12:00"))


@pytest.mark.parametrize(
    ("catch_up", "now", "verdict"),
    [
        (CatchUp.LATEST, "12:59", Verdict.RUN),
        (CatchUp.LATEST, "13:00", Verdict.CANCEL_RETRY),
        (CatchUp.ALL, "13:00", Verdict.RUN),
    ],
)
def test_a_newer_slot_cancels_a_retry_unless_each_slot_runs(
    catch_up: CatchUp, now: str, verdict: Verdict
) -> None:
    memory = registered("12:00")._replace(retry=Retry(at("12:00"), 2, at("12:10")))

    decision = decided(job(catch_up=catch_up), memory, now)

    assert (decision.verdict, decision.slot) == (verdict, at("12:00"))


@pytest.mark.parametrize(
    ("now", "more", "verdict"),
    [
        ("12:10", {}, Verdict.RUN),
        ("13:00", {}, Verdict.CANCEL_RETRY),
        ("12:10", {"pause": Pause(at("12:01"), None)}, Verdict.CANCEL_RETRY),
        ("12:31", {"deferral": Deferral(at("12:30"))}, Verdict.CANCEL_RETRY),
    ],
)
def test_slots_that_passed_anew_before_that_of_a_retry_are_missed(
    now: str, more: dict[str, Any], verdict: Verdict
) -> None:
    """A clock that was ahead has claimed the slot of the retry; then it was set back."""
    memory = registered("09:00")._replace(retry=Retry(at("12:00"), 2, at("12:10")), **more)

    decision = decided(job(), memory, now)

    assert (decision.verdict, decision.slot) == (verdict, at("12:00"))
    assert decision.missed == MissedRange(at("10:00"), at("11:00"), 2)


def test_slots_before_that_of_a_retry_that_is_still_to_come_are_not_yet_missed() -> None:
    retry = Retry(at("18:00"), 2, at("12:10"))
    memory = registered("09:00")._replace(retry=retry)

    assert decided(job(catch_up=CatchUp.ALL), memory, "12:10").missed is None


@pytest.mark.parametrize(("is_ahead", "verdict"), [(True, "give_up"), (False, "run")])
def test_what_came_due_since_is_newer_than_a_slot_to_come_of_a_corrected_clock(
    is_ahead: bool, verdict: str
) -> None:
    retry = Retry(at("13:00"), 2, at("12:05"), is_ahead=is_ahead)
    memory = registered("11:00")._replace(retry=retry)

    assert decided(job(), memory, "12:10").verdict == verdict


def test_a_start_within_the_grace_of_its_slot_is_on_time() -> None:
    strict = job(catch_up=CatchUp.SKIP)
    punctual, late = "12:02:00", "12:02:01"

    assert not decided(job(), registered("11:00"), punctual).catch_up
    assert decided(job(), registered("11:00"), late).catch_up
    assert decided(strict, registered("11:00"), punctual).verdict is Verdict.RUN
    assert decided(strict, registered("11:00"), late).verdict is Verdict.SKIP


@pytest.mark.parametrize(("now", "is_late"), [("12:12", False), ("12:12:01", True)])
def test_a_deferred_run_within_the_grace_of_its_time_is_no_catch_up(
    now: str, is_late: bool
) -> None:
    decision = decided(job(), registered("12:00")._replace(deferral=Deferral(at("12:10"))), now)

    assert (decision.verdict, decision.slot) == (Verdict.RUN, at("12:10"))
    assert decision.catch_up is is_late


def test_an_interval_counts_from_its_registration() -> None:
    steady = job(schedule="interval:600")
    memory = registered("12:03", schedule="interval:600")

    decision = decided(steady, memory, "12:13:20")

    assert decision.slot == at("12:13")


@pytest.mark.parametrize(
    ("now", "verdict"), [("07:59:59", Verdict.NOT_DUE), ("08:00", Verdict.RUN)]
)
def test_a_slot_is_due_from_its_instant_on(now: str, verdict: Verdict) -> None:
    daily = job(schedule="0 8 * * *")

    assert decided(daily, registered("00:00", schedule="0 8 * * *"), now).verdict is verdict


def decided(what: Job, memory: JobMemory, now: str) -> Decision:
    return decide.decide(what, memory, SlotCache.at(at(now)), ON_TIME)


@pytest.mark.parametrize(
    ("lateness", "verdict"), [(59.0, Verdict.CANCEL_RETRY), (60.0, Verdict.RUN)]
)
def test_an_interrupted_run_is_not_repeated_when_its_slot_is_too_late(
    lateness: float, verdict: Verdict
) -> None:
    retry = Retry(at("12:00"), 1, at("12:00:30"), outcome="interrupted")
    memory = registered("12:00")._replace(retry=retry)

    assert decided(job(max_lateness=lateness), memory, "12:01").verdict is verdict
