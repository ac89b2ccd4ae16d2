"""What events leave to be kept: memory, mail, counts, boots and pauses. Pure, with literals."""

from typing import Any

import pytest

from scheduled.state import apply, job_entry, records
from tests.builders.events import BEGIN, MISSED, RUN, SEEN, after, end, record
from tests.builders.jobs import at

# What an end brings with it


def test_a_handlers_memory_is_kept_with_its_job_or_in_the_section_it_names() -> None:
    own = after(end(memory={"runs": 1}, section=""))
    seeds = after(end(memory={"notified_files": ["x"]}, section="memory_rollover"))

    assert records.handler_memory(own, "backup", "") == {"runs": 1}
    assert seeds["memory_rollover"] == {"notified_files": ["x"]}
    assert "memory" not in seeds["jobs"]["backup"]
    assert records.handler_memory(after(end(memory={"a": 1}), end(memory={})), "backup", "") == {}
    assert records.handler_memory(after(end(memory={"a": 1}), end()), "backup", "") == {"a": 1}


def test_messages_wait_until_they_are_delivered() -> None:
    sent = end(outgoing=[{"id": "a"}, {"id": "b"}])
    problem = {"event": "undelivered", "id": "b", "problem": "locked", "retry_at": "later"}

    state = after(sent, problem, problem, {"event": "delivered", "ids": ["a"]})

    told = {"failures": 2, "problem": "locked", "retry_at": "later"}
    assert state["outbox"] == [{"id": "b", **told}]


def test_the_last_run_is_remembered_without_what_is_kept_elsewhere() -> None:
    last = after(end(memory={"a": 1}, outgoing=[], result={"x": 1}, reason="r"))["jobs"]["backup"]

    assert last["last"]["reason"] == "r"
    assert last["last"]["slot"] == RUN["slot"]
    assert last["last"].keys().isdisjoint({"memory", "outgoing", "result", "job", "event", "at"})


def test_outcomes_are_counted_by_hour_for_two_days() -> None:
    old = {**end("failed"), "at": "2026-11-18T10:30:00Z"}
    state = after(old, end(), end())

    assert state["tallies"] == {
        "2026-11-21T11": {"succeeded": 1},
        "2026-11-21T12": {"succeeded": 1},
    }
    assert after(old)["tallies"] == {"2026-11-18T10": {"failed": 1}}
    two_days_before = {**old, "at": "2026-11-19T11:59:00Z"}
    assert len(after(two_days_before, end())["tallies"]) == 1
    assert len(after({**old, "at": "2026-11-19T12:00:00Z"}, end())["tallies"]) == 2
    assert state["jobs"]["backup"]["counts"] == {"failed": 1, "succeeded": 2}


def test_the_last_success_is_known_to_us_and_under_the_seeds_key() -> None:
    noted = {"seed_key": "hourly", "local_time": "2026-11-21T13:00:00"}
    later = {"finished_at": "2026-11-21T13:00:00Z"}

    well, badly = after(end(**noted)), after(end(**noted), end("failed", **noted, **later))

    assert well["last_run"]["hourly"] == "2026-11-21T13:00:00"
    assert record(well).last_success == record(badly).last_success == at("12:00:05")
    assert after(end("failed", **noted))["last_run"]["hourly"] is None
    assert record(well).succeeded_slot == at("12:00")


def test_durations_of_the_last_successes_are_kept() -> None:
    ends = [end(duration_seconds=float(number)) for number in range(14)]
    state = after(*ends, end("failed", duration_seconds=99.0), end(duration_seconds=None))

    assert state["jobs"]["backup"]["durations"] == [float(number) for number in range(2, 14)]


# Boots, clocks and pauses


def test_a_boot_is_the_anchor_of_the_jobs_that_it_makes_due() -> None:
    boot = {"event": "booted", "boot_id": "b", "started": "2026-11-21T11:30:00Z"}

    state = after(SEEN, {**boot, "jobs": ["backup", "new"]})

    assert state["boot"] == {"id": "b", "at": "2026-11-21T11:30:00Z"}
    assert [record(state).anchor, records.job_memory(state, "new").anchor] == [at("11:30")] * 2


def test_a_watermark_in_a_future_that_was_an_error_comes_back() -> None:
    clamped = {"event": "clamped", "job": "backup", "watermark": "2026-11-21T09:00:00Z"}

    assert record(after(SEEN, clamped)).watermark == at("09:00")


CLAMPED: dict[str, Any] = {
    "event": "clamped",
    "job": "backup",
    "seq": 5,
    "at": "2026-11-21T07:00:00Z",
    "watermark": "2026-11-21T07:00:00Z",
}
"""The clock was five hours ahead when the slot of RUN, 12:00, was claimed."""
AGAIN: dict[str, Any] = {"slot": RUN["slot"], "seq": 6, "at": "2026-11-21T11:00:00Z"}
FAILED = end("failed", answered=False, retry_at="2026-11-21T12:01:00Z", seq=4)


@pytest.mark.parametrize(
    "ends",
    [
        [FAILED, CLAMPED, end("failed", attempt=2, **AGAIN)],
        [FAILED, CLAMPED, {**BEGIN, **AGAIN}, end(attempt=2, **AGAIN)],
        [FAILED, CLAMPED, {**BEGIN, **AGAIN}, {**FAILED, **AGAIN}, end("failed", **AGAIN)],
        [FAILED, CLAMPED, {"event": "given_up", "job": "backup", **AGAIN}],
        [CLAMPED, end(**AGAIN)],
        [
            {**SEEN, "at": CLAMPED["at"], "watermark": CLAMPED["watermark"]},
            end(**AGAIN),
        ],
    ],
    ids=["retried", "retried by a run", "retried twice", "given up", "run for hours", "edited"],
)
def test_a_slot_that_a_clock_ahead_claimed_moves_no_watermark_before_it_comes(
    ends: list[dict[str, Any]],
) -> None:
    state = after(SEEN, BEGIN, *ends)

    assert state["jobs"]["backup"]["watermark"] == "2026-11-21T07:00:00Z"


def test_a_slot_that_a_clock_ahead_claimed_moves_the_watermark_once_it_has_come() -> None:
    later = {**AGAIN, "at": "2026-11-21T12:00:30Z"}

    given_up = after(SEEN, BEGIN, FAILED, CLAMPED, {"event": "given_up", "job": "backup", **later})
    retried = after(SEEN, BEGIN, FAILED, CLAMPED, {**BEGIN, **later}, end(attempt=2, **later))

    ended = after(SEEN, BEGIN, CLAMPED, end(**later))

    for state in (given_up, retried, ended):
        assert state["jobs"]["backup"]["watermark"] == RUN["slot"]


def test_a_job_met_again_counts_from_there_and_was_first_seen_before() -> None:
    state = after(SEEN, MISSED, end("interrupted", answered=False), SEEN)

    found = record(state)
    assert (found.watermark, found.coalesced, found.retry) == (at("10:00"), 0, None)
    assert state["jobs"]["backup"]["first_seen"] == "2026-11-21T10:00:00Z"


def test_a_pause_is_forgotten_a_day_after_its_end_and_one_without_an_end_never() -> None:
    pause = {"event": "paused", "reason": ""}
    ended = {**pause, "job": "a", "until": "2026-11-20T11:59:00Z"}
    later = {**pause, "job": "b", "until": "2026-11-20T12:00:00Z"}
    endless = {**pause, "job": "c", "until": None}

    state = records.pauses(after(ended, later, {**endless, "event": "paused"}))
    assert list(state) == ["a", "b", "c"]
    assert list(records.pauses(after(ended, later, endless, {"event": "tick"}))) == ["c"]
    assert list(records.pauses(after(later, endless, {"event": "tick"}))) == ["b", "c"]


def test_ticks_are_counted_and_the_first_and_last_are_known() -> None:
    ticks = after({"event": "tick"}, {"event": "tick"}, {"event": "tick"})["ticks"]

    assert (ticks["count"], ticks["first"], ticks["last"]) == (
        3,
        "2026-11-21T10:00:00Z",
        "2026-11-21T12:00:00Z",
    )


# What somebody said


def test_a_deferral_is_over_when_a_slot_as_late_as_its_end_has_its_answer() -> None:
    put_off = {"event": "deferral", "job": "backup", "reason": "travelling"}
    put_off |= {"until": "2026-11-21T12:00:00Z"}
    gone = {**RUN, "event": "given_up"}

    def is_put_off(*events: dict[str, Any]) -> bool:
        return "deferral" in after(SEEN, put_off, *events)["jobs"]["backup"]

    assert is_put_off()
    assert is_put_off(end(slot="2026-11-21T11:59:00Z"))
    assert is_put_off({**gone, "slot": "2026-11-21T11:59:00Z"})
    assert not is_put_off(end())
    assert not is_put_off(gone)
    assert not is_put_off({**put_off, "until": None})
    assert not is_put_off({"event": "cancelled", "job": "backup", "reason": ""})


def test_deferrals_are_counted_and_the_last_are_told() -> None:
    put_off = {"event": "deferral", "job": "backup"}
    events = [{**put_off, "until": f"until {n}", "reason": f"{n}"} for n in range(3)]
    entry = after(*events, {**put_off, "until": None})["jobs"]["backup"]

    assert entry["deferral_count"] == 3
    assert entry["deferral_history"][-1] == {
        "deferred_at": "2026-11-21T12:00:00Z",
        "deferred_until": "until 2",
        "reason": "2",
    }
    state = after(*events)
    for _ in range(30):
        apply.apply(state, {"at": "x", **events[0]})
    assert len(state["jobs"]["backup"]["deferral_history"]) == job_entry.KEPT_DEFERRALS


def test_deferrals_that_another_program_counted_are_taken_over() -> None:
    put_off = {"event": "deferral", "job": "backup", "until": "later", "reason": ""}
    told = {"event": "deferrals_told", "job": "backup", "count": 2, "history": [{"reason": "a"}]}

    assert after(told)["jobs"]["backup"] == {
        "deferral_count": 2,
        "deferral_history": [{"reason": "a"}],
    }
    assert after(put_off, told)["jobs"]["backup"]["deferral_count"] == 3


def test_what_is_cancelled_is_not_tried_again_until_it_is_enabled() -> None:
    again = end("failed", answered=False, retry_at="2026-11-21T12:05:00Z")
    cancelled = {"event": "cancelled", "job": "backup", "reason": "done with it"}
    state = after(again, cancelled)

    assert state["jobs"]["backup"]["cancelled"] == {
        "at": "2026-11-21T11:00:00Z",
        "reason": "done with it",
    }
    assert record(state).retry is None
    on = {"event": "enabled", "job": "backup", "enabled": True}
    assert "cancelled" not in after(cancelled, on)["jobs"]["backup"]
    assert "cancelled" in after(cancelled, {**on, "enabled": False})["jobs"]["backup"]
    assert [record(after({**on, "enabled": value})).enabled for value in (True, False)] == [
        True,
        False,
    ]


def test_a_pause_ends_when_somebody_says_so_and_one_that_is_not_there_does_not() -> None:
    pause = {"event": "paused", "job": "backup", "until": None, "reason": "holiday"}
    resume = {"event": "resumed", "job": "backup", "until": "2026-11-21T11:00:00Z"}

    ended = record(after(pause, resume)).pause

    assert ended == records.Pause(at("10:00"), at("11:00"), "holiday")
    assert after(resume)["paused"] == {}


def test_a_slot_to_leave_out_is_remembered() -> None:
    skip = {"event": "skip", "job": "backup", "slot": "2026-11-21T12:00:00Z"}

    assert record(after(skip)).skip == at("12:00")
