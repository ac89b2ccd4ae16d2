"""What events do to the state: pure, with literals."""

from typing import Any

import pytest

from scheduled import changes, shape
from scheduled import state as states
from tests.builders.jobs import at

RUN = {"job": "backup", "run_id": "r1", "slot": "2026-11-21T12:00:00Z", "attempt": 1}
SEEN = {
    "event": "seen",
    "job": "backup",
    "fingerprint": "f",
    "anchor": "2026-11-21T10:00:00Z",
    "watermark": "2026-11-21T10:00:00Z",
}


def after(*events: dict[str, Any]) -> states.State:
    """The state that these events lead to, each an hour after the one before."""
    state = shape.empty()
    for hour, event in enumerate(events, start=10):
        changes.apply(state, {"at": f"2026-11-21T{hour}:00:00Z", **event})
    return state


def end(outcome: str = "succeeded", **more: Any) -> dict[str, Any]:
    """The end of the run, which answers for its slot unless the test says otherwise."""
    ordinary = {"event": "end", "answered": True, "finished_at": "2026-11-21T12:00:05Z"}
    ordinary |= {"outcome": outcome, "error": "", "catch_up": False, "missed": 0}
    return {**RUN, **ordinary, **more}


BEGIN = {"event": "begin", **RUN}


def record(state: states.State) -> states.Record:
    return states.record(state, "backup")


# A snapshot


def test_a_snapshot_takes_the_place_of_all_that_is_ours_and_of_nothing_else() -> None:
    state = {**after(SEEN), "somebody": "theirs"}
    kept = {"version": 1, "jobs": {"other": {}}, "somebody": "older", "new": 1}

    changes.apply(state, {"event": "snapshot", "state": kept})

    assert state["jobs"] == {"other": {}}
    assert (state["somebody"], state["new"]) == ("theirs", 1)
    assert state["ticks"] == shape.empty()["ticks"]


def test_a_snapshot_of_no_state_is_refused_and_changes_nothing() -> None:
    state = after(SEEN)

    with pytest.raises(ValueError, match="jobs"):
        changes.apply(state, {"event": "snapshot", "state": {"jobs": 7}})

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
    assert (
        "deferred"
        not in after(SEEN, BEGIN, {**RUN, "event": "deferred", "reason": "busy"}, BEGIN, end())[
            "jobs"
        ]["backup"]
    )


# Counts


def test_interruptions_are_counted_until_the_slot_is_answered() -> None:
    cut_short = end("interrupted", answered=False)

    assert record(after(SEEN, cut_short, cut_short)).interruptions == 2
    assert record(after(SEEN, cut_short, cut_short, end())).interruptions == 0
    assert record(after(SEEN, cut_short, end("interrupted", slot=None))).interruptions == 1


def test_failures_in_a_row_are_those_since_the_last_success() -> None:
    failed = [end("failed"), end("timed_out"), end("interrupted", answered=False)]

    assert after(SEEN, *failed)["jobs"]["backup"]["failures"] == 2
    assert after(SEEN, *failed, end())["jobs"]["backup"]["failures"] == 0


def test_the_newest_slot_that_succeeded_stays_so_when_an_older_one_does() -> None:
    state = after(SEEN, end(), end(slot="2026-11-21T11:00:00Z"))

    assert record(state).succeeded_slot == at("12:00")


def test_gaps_are_kept_newest_last_and_not_for_ever() -> None:
    gaps = [{"event": "gap", "from": str(one), "to": "x", "cause": "y"} for one in range(14)]
    state = shape.empty()
    for _ in range(2):
        for gap in gaps:
            changes.apply(state, gap)

    assert len(state["gaps"]) == changes.KEPT_GAPS
    assert state["gaps"][-1]["from"] == "13"


def test_an_event_nobody_knows_changes_nothing() -> None:
    assert after({"event": "teleported", "job": "x"}, {"job": "x"}) == shape.empty()
