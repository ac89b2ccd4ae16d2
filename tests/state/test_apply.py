"""What events do to the slots and runs of a job: pure, with literals."""

from typing import Any

import pytest

from scheduled.state import apply, gaps, records
from scheduled.state.document import empty
from tests.builders.events import BEGIN, MISSED, RUN, SEEN, after, end, record
from tests.builders.jobs import at

# A snapshot


def test_a_snapshot_takes_the_place_of_all_that_is_ours_and_of_nothing_else() -> None:
    state: Any = {**after(SEEN), "somebody": "theirs"}
    kept = {"version": 1, "jobs": {"other": {}}, "somebody": "older", "new": 1}

    apply.apply(state, {"event": "snapshot", "state": kept})

    assert state["jobs"] == {"other": {}}
    assert (state["somebody"], state["new"]) == ("theirs", 1)
    assert state["ticks"] == empty()["ticks"]


def test_a_snapshot_of_no_state_is_refused_and_changes_nothing() -> None:
    state = after(SEEN)

    with pytest.raises(ValueError, match="jobs"):
        apply.apply(state, {"event": "snapshot", "state": {"jobs": 7}})

    assert state == after(SEEN)


# The watermark


def test_an_answer_moves_the_watermark_to_its_slot() -> None:
    assert record(after(SEEN, BEGIN, end())).watermark == at("12:00")


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "timed_out", "interrupted"])
def test_an_end_that_is_no_answer_leaves_the_slot_due(outcome: str) -> None:
    state = after(SEEN, BEGIN, end(outcome, answered=False))

    assert record(state).watermark == at("10:00")


def test_a_schedule_changed_while_the_job_ran_is_not_set_back_by_the_end() -> None:
    edited = {**SEEN, "fingerprint": "g", "watermark": "2026-11-21T12:30:00Z"}

    state = after(SEEN, BEGIN, edited, end())

    assert record(state).watermark == at("12:30")


def test_a_retry_that_is_called_off_does_not_set_the_watermark_back() -> None:
    edited = {**SEEN, "watermark": "2026-11-21T12:30:00Z"}

    state = after(SEEN, BEGIN, end("failed"), edited, {**RUN, "event": "given_up"})

    assert record(state).watermark == at("12:30")
    assert record(after(SEEN, {**RUN, "event": "given_up"})).watermark == at("12:00")
    assert record(after({**RUN, "event": "given_up"})).watermark == at("12:00")


def test_a_retry_that_is_called_off_is_forgotten() -> None:
    state = after(SEEN, end("failed", answered=False, **AGAIN), {**RUN, "event": "given_up"})

    assert record(state).retry is None


def test_a_run_by_hand_moves_nothing() -> None:
    before = after(SEEN, {"event": "missed", "job": "backup", **stretch("11:00", 2)})

    by_hand: dict[str, Any] = {"slot": None}
    state = after(
        SEEN,
        {"event": "missed", "job": "backup", **stretch("11:00", 2)},
        BEGIN | by_hand,
        end(**by_hand),
    )

    assert record(state).watermark == record(before).watermark == at("11:00")
    assert record(state).coalesced == 2


def stretch(last: str, count: int) -> dict[str, Any]:
    return {"last": f"2026-11-21T{last}:00Z", "count": count}


# Runs under way


def test_the_end_of_one_run_does_not_close_another() -> None:
    # A tick that was taken for dead ends its run when the next tick has begun its own.
    state = after(SEEN, BEGIN, {**BEGIN, "run_id": "r2"}, end())

    opened = record(state).open
    assert opened is not None
    assert opened.run_id == "r2"
    assert record(after(SEEN, BEGIN, end())).open is None


def test_a_process_belongs_to_the_run_it_was_started_for() -> None:
    spawned = {"event": "spawned", "job": "backup", "pid": 7, "pid_started": 70}

    late = record(after(SEEN, {**BEGIN, "run_id": "r2"}, {**spawned, "run_id": "r1"})).open
    own = record(after(SEEN, BEGIN, {**spawned, "run_id": "r1"})).open

    assert record(after(SEEN, {**spawned, "run_id": "r1"})).runs == {}
    assert late is not None
    assert own is not None
    assert (late.pid, own.pid, own.pid_started) == (None, 7, 70)


def test_a_run_counts_from_when_it_began() -> None:
    opened = record(after(SEEN, BEGIN | {"timeout": 60.0})).open

    assert opened is not None
    assert (opened.started_at, opened.deadline_seconds) == (at("11:00"), 60.0)


def test_not_now_closes_the_run_and_keeps_the_slot_due() -> None:
    state = after(SEEN, BEGIN, {**RUN, "event": "deferred", "reason": "busy"})

    assert record(state).open is None
    assert record(state).watermark == at("10:00")
    assert state["jobs"]["backup"]["deferred"]["reason"] == "busy"
    twice = after(*[{**RUN, "event": "deferred", "reason": "busy"}] * 2)
    assert twice["jobs"]["backup"]["deferrals"] == 2
    assert (
        "deferred"
        not in after(SEEN, BEGIN, {**RUN, "event": "deferred", "reason": "busy"}, BEGIN, end())[
            "jobs"
        ]["backup"]
    )


# Counts


def interruptions(state: Any) -> Any:
    return state["jobs"]["backup"].get("interruptions", 0)


def test_interruptions_are_counted_until_the_slot_is_answered() -> None:
    cut_short = end("interrupted", answered=False)

    assert interruptions(after(SEEN, cut_short, cut_short)) == 2
    assert interruptions(after(SEEN, cut_short, cut_short, end())) == 0
    assert interruptions(after(SEEN, cut_short, end("interrupted", slot=None))) == 1
    assert interruptions(after(cut_short)) == 1
    assert interruptions(after(end("failed", answered=False))) == 0


def test_failures_in_a_row_are_those_since_the_last_success() -> None:
    failed = [end("failed"), end("timed_out"), end("interrupted", answered=False)]

    assert after(SEEN, *failed)["jobs"]["backup"]["failures"] == 2
    assert after(SEEN, *failed, end())["jobs"]["backup"]["failures"] == 0


def test_the_newest_slot_that_succeeded_stays_so_when_an_older_one_does() -> None:
    state = after(SEEN, end(), end(slot="2026-11-21T11:00:00Z"))

    assert record(state).succeeded_slot == at("12:00")


def test_gaps_are_kept_newest_last_and_not_for_ever() -> None:
    found = [{"event": "gap", "from": str(number), "to": "x", "cause": "y"} for number in range(60)]
    state = empty()
    for _ in range(2):
        for gap in found:
            apply.apply(state, gap)

    assert len(state["gaps"]) == gaps.KEPT
    assert state["gaps"][-1]["from"] == "59"


def test_an_event_nobody_knows_changes_nothing() -> None:
    assert after({"event": "teleported", "job": "x"}, {"job": "x"}) == empty()


# Slots that passed

SKIPPED = {"event": "skipped", "job": "backup", "slot": "2026-11-21T12:00:00Z", "reason": "late"}


def test_missed_slots_add_up_for_the_run_that_will_answer_for_them() -> None:
    cut_short = end("interrupted", answered=False)
    state = after(SEEN, cut_short, MISSED, {**MISSED, "last": "2026-11-21T13:00:00Z", "count": 1})

    found = record(state)
    assert (found.watermark, found.coalesced, interruptions(state)) == (at("13:00"), 4, 0)
    assert (record(after(MISSED)).coalesced, record(after(MISSED, end())).coalesced) == (3, 0)


def test_what_was_counted_to_a_limit_is_marked_as_such() -> None:
    exact, capped = after(MISSED), after({**MISSED, "capped": True})

    assert exact["tallies"] == {"2026-11-21T10": {"missed": 3}}
    assert capped["tallies"] == {"2026-11-21T10": {"missed": 3, "missed_capped": 1}}


def test_a_slot_that_is_skipped_has_its_answer() -> None:
    waits = {**RUN, "event": "deferred", "reason": "busy"}
    state = after(SEEN, MISSED, end("interrupted", answered=False), waits, SKIPPED)

    found = record(state)
    assert (found.watermark, found.coalesced, interruptions(state)) == (at("12:00"), 0, 0)
    entry = state["jobs"]["backup"]
    assert entry["last"] == {"slot": SKIPPED["slot"], "reason": "late", "outcome": "skipped"}
    assert "deferred" not in entry
    assert state["tallies"]["2026-11-21T14"] == {"skipped": 1}


@pytest.mark.parametrize(("slot", "again"), [("12:00", False), ("11:00", True)])
def test_a_skipped_slot_is_not_tried_again_and_another_is(slot: str, again: bool) -> None:
    failed = end("failed", answered=False, slot=f"2026-11-21T{slot}:00Z", **AGAIN)

    assert (record(after(SEEN, failed, SKIPPED)).retry is not None) == again


# Runs side by side


def test_runs_beside_each_other_end_each_for_itself() -> None:
    begun = [BEGIN, *({**BEGIN, "run_id": f"r{lane}", "lane": lane} for lane in (2, 3))]

    both = record(after(SEEN, *begun, end()))
    backup = record(after(SEEN, *begun, end(run_id="r2")))

    assert {lane: run.run_id for lane, run in both.runs.items()} == {2: "r2", 3: "r3"}
    assert {lane: run.run_id for lane, run in backup.runs.items()} == {0: "r1", 3: "r3"}
    assert "beside" not in after(SEEN, begun[1], end(run_id="r2"))["jobs"]["backup"]


def test_only_the_run_that_is_meant_is_told_to_stop() -> None:
    told = {"event": "told_to_stop", "job": "backup", "run_id": "r2", "reason": "a newer slot"}

    runs = record(after(BEGIN, {**BEGIN, "run_id": "r2", "lane": 1}, told)).runs

    assert runs[0].stop is None
    assert runs[1].stop is not None
    assert (runs[1].stop.at, runs[1].stop.reason) == (at("12:00"), "a newer slot")


# Retries and dead letters

AGAIN = {"retry_at": "2026-11-21T12:05:00Z"}


def test_a_failed_slot_waits_for_its_next_attempt_until_it_is_answered() -> None:
    failed = end("failed", answered=False, attempt=2, catch_up=True, missed=1, **AGAIN)

    retry = record(after(SEEN, failed)).retry

    how: Any = {"catch_up": True, "missed": 1, "run_id": "r1", "error": RUN.get("error", "")}
    assert retry == records.Retry(at("12:00"), 3, at("12:05"), **how)
    assert record(after(SEEN, failed, end("failed", answered=False))).retry == retry
    assert record(after(SEEN, failed, end("failed"))).retry is None
    assert record(after(SEEN, failed, SEEN)).retry is None


def test_a_failure_is_no_interruption_any_more() -> None:
    failed = end("failed", answered=False, **AGAIN)

    assert interruptions(after(end("interrupted", answered=False), failed)) == 0


def test_three_dead_letters_in_a_row_suspended_a_job_in_0_1_0() -> None:
    dead = end("failed", dead_letter=True, error="exit code 3", attempt=4)

    assert not record(after(dead, dead)).suspended
    assert record(after(dead, dead, dead)).suspended
    assert record(after(dead, dead, end("failed"), dead)).suspended
    assert not record(after(dead, dead, end(), dead)).suspended
    assert after(dead)["dead_letter"] == [
        {
            "job": "backup",
            "slot": "2026-11-21T12:00:00Z",
            "since": "2026-11-21T12:00:05Z",
            "attempts": 4,
            "error": "exit code 3",
        }
    ]


def test_enabling_ends_a_suspension_and_starts_its_count_anew_and_disabling_does_not() -> None:
    dead = end("failed", dead_letter=True)
    on = {"event": "enabled", "job": "backup", "enabled": True}

    assert record(after(dead, dead, dead, {**on, "enabled": False})).suspended
    assert not record(after(dead, dead, dead, on)).suspended
    assert not record(after(dead, dead, dead, on, dead, dead)).suspended


def test_a_dead_letter_is_dropped_by_its_slot_or_all_of_a_job_are() -> None:
    dead = [end("failed", dead_letter=True, slot=f"2026-11-21T{hour}:00:00Z") for hour in (11, 12)]
    others = end("failed", dead_letter=True, job="other")
    drop = {"event": "dead_letter_dropped", "job": "backup"}

    letters = after(*dead, others, {**drop, "slot": "2026-11-21T11:00:00Z"})["dead_letter"]
    every = after(*dead, others, drop)["dead_letter"]

    assert [(letter["job"], letter["slot"][11:13]) for letter in letters] == [
        ("backup", "12"),
        ("other", "12"),
    ]
    assert [letter["job"] for letter in every] == ["other"]
