"""What events leave to be kept: memory, mail, counts, boots and pauses. Pure, with literals."""

from scheduled import state as states
from tests.builders.events import MISSED, RUN, SEEN, after, end, record
from tests.builders.jobs import at

# What an end brings with it


def test_a_handlers_memory_is_kept_with_its_job_or_in_the_section_it_names() -> None:
    own = after(end(memory={"runs": 1}, section=""))
    seeds = after(end(memory={"notified_files": ["x"]}, section="memory_rollover"))

    assert states.memory(own, "backup", "") == {"runs": 1}
    assert seeds["memory_rollover"] == {"notified_files": ["x"]}
    assert "memory" not in seeds["jobs"]["backup"]
    assert states.memory(after(end(memory={"a": 1}), end(memory={})), "backup", "") == {}
    assert states.memory(after(end(memory={"a": 1}), end()), "backup", "") == {"a": 1}


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
    assert state["jobs"]["backup"]["counts"] == {"failed": 1, "succeeded": 2}


def test_durations_of_the_last_successes_are_kept() -> None:
    ends = [end(duration_seconds=float(number)) for number in range(14)]
    state = after(*ends, end("failed", duration_seconds=99.0), end(duration_seconds=None))

    assert state["jobs"]["backup"]["durations"] == [float(number) for number in range(2, 14)]


# Boots, clocks and pauses


def test_a_boot_is_the_anchor_of_the_jobs_that_it_makes_due() -> None:
    boot = {"event": "booted", "boot_id": "b", "started": "2026-11-21T11:30:00Z"}

    state = after(SEEN, {**boot, "jobs": ["backup", "new"]})

    assert state["boot"] == {"id": "b", "at": "2026-11-21T11:30:00Z"}
    assert [record(state).anchor, states.record(state, "new").anchor] == [at("11:30")] * 2


def test_a_watermark_in_a_future_that_was_an_error_comes_back() -> None:
    clamped = {"event": "clamped", "job": "backup", "watermark": "2026-11-21T09:00:00Z"}

    assert record(after(SEEN, clamped)).watermark == at("09:00")


def test_a_job_met_again_counts_from_there_and_was_first_seen_before() -> None:
    state = after(SEEN, MISSED, end("interrupted", answered=False), SEEN)

    found = record(state)
    assert (found.watermark, found.coalesced, found.interruptions) == (at("10:00"), 0, 0)
    assert state["jobs"]["backup"]["first_seen"] == "2026-11-21T10:00:00Z"


def test_a_pause_is_forgotten_a_day_after_its_end_and_one_without_an_end_never() -> None:
    pause = {"event": "paused", "reason": ""}
    ended = {**pause, "job": "a", "until": "2026-11-20T11:59:00Z"}
    later = {**pause, "job": "b", "until": "2026-11-20T12:00:00Z"}
    endless = {**pause, "job": "c", "until": None}

    state = states.pauses(after(ended, later, {**endless, "event": "paused"}))
    assert list(state) == ["a", "b", "c"]
    assert list(states.pauses(after(ended, later, endless, {"event": "tick"}))) == ["c"]
    assert list(states.pauses(after(later, endless, {"event": "tick"}))) == ["b", "c"]


def test_ticks_are_counted_and_the_first_and_last_are_known() -> None:
    ticks = after({"event": "tick"}, {"event": "tick"}, {"event": "tick"})["ticks"]

    assert (ticks["count"], ticks["first"], ticks["last"]) == (
        3,
        "2026-11-21T10:00:00Z",
        "2026-11-21T12:00:00Z",
    )
