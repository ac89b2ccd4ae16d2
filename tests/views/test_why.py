"""`why`: every state a slot can be in has its words. The states are made by real ticks."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, FirstRun, Job, Overlap
from tests.builders.asked import asked, is_said, lines
from tests.builders.beside import UNTIL_GO, running_since_noon
from tests.builders.engine import Engine
from tests.builders.jobs import job

BASE = job("base", command="exit 1")
FAILING = job(command="exit 1", max_retries=1, retry_delay=120.0)
SUSPENDING = replace(FAILING, suspend_after=3)
IN_BERLIN = job(schedule="30 2 * * *", timezone="Europe/Berlin")
DISABLED = {"event": "enabled", "job": "backup", "enabled": False}
PAUSED = {"event": "paused", "job": "backup", "until": "2026-11-21T14:30:00Z", "reason": "moving"}
LEFT_OUT = {"event": "skip", "job": "backup", "slot": "2026-11-21T12:00:00Z"}


@dataclass(frozen=True)
class Story:
    """Ticks, then something somebody said, then a question, and what it is answered with."""

    jobs: tuple[Job, ...]
    ticks: str
    """When ticks came; the first one sees the jobs."""
    asked: str
    """When the question is asked, and after `about`, about which time if not that one."""
    answer: str
    because: str
    """A sentence among those that a person reads, but for when it happened."""
    said: dict[str, Any] | None = None


def story(
    job_: Job, ticks: str, asked: str, answer: str, because: str, said: dict[str, Any] | None = None
) -> Story:
    return Story((job_, BASE), ticks, asked, answer, because, said)


STORIES = {
    "not due": story(
        job(),
        "11:30",
        "11:45",
        "not scheduled",
        "no tick knew the job then: it was seen for the first time at 2026-11-21 11:30+00:00",
    ),
    "not due yet": story(
        job(), "11:30", "11:45 about 15:00", "not scheduled", "its time has not come"
    ),
    "never seen": story(
        job(),
        "",
        "11:45",
        "not scheduled",
        "no tick has seen the job yet: its schedule applies from the first one on",
    ),
    "never seen, and at once": story(
        job(first_run=FirstRun.NOW),
        "",
        "11:45",
        "not scheduled",
        "no tick has seen the job yet: the first one runs it at once (first_run: now)",
    ),
    "paused": story(
        job(),
        "11:30 12:01",
        "12:02",
        "skipped",
        "skipped: paused until 2026-11-21 14:30 UTC: moving",
        said=PAUSED,
    ),
    "paused, before a tick": story(
        job(),
        "11:30",
        "12:00:30",
        "due",
        "the next tick skips it: paused until 2026-11-21 14:30 UTC: moving",
        said=PAUSED,
    ),
    "skipped by user": story(
        job(),
        "11:30",
        "12:00:30",
        "due",
        "the next tick skips it: skipped by user",
        said=LEFT_OUT,
    ),
    "disabled": story(
        job(),
        "11:30",
        "12:00:30",
        "due",
        "disabled; `scheduled enable backup` ends that",
        said=DISABLED,
    ),
    "deferred by load": story(
        job(min_free_disk=10**17),
        "11:30 12:00",
        "12:00:30",
        "due",
        r"a guard prevents it: .* free .*min_free_disk is .*; each tick asks again",
    ),
    "only_if said no": story(
        job(only_if="exit 1"),
        "11:30 12:00",
        "12:00:30",
        "skipped",
        "skipped: only_if said no (exit code 1)",
    ),
    "only_if said not now": story(
        job(only_if="exit 75"),
        "11:30 12:00",
        "12:00:30",
        "due",
        "a guard prevents it: only_if said not now (exit code 75); each tick asks again",
    ),
    "not now": story(
        job(command="exit 75"),
        "11:30 12:00",
        "12:00:30",
        "due",
        "the job said not now: exit code 75; each tick asks again",
    ),
    "too late": story(
        job(max_lateness=60.0),
        "11:30 12:30",
        "12:31",
        "skipped",
        "skipped: too late: 1800 s, at most 60 s",
    ),
    "waiting for another job": story(
        job(after=("base",)),
        "11:30 12:00",
        "12:00:30",
        "due",
        "it waits for base to succeed (after); it failed last, 2026-11-21 12:00+00:00",
    ),
    "retry pending": story(
        FAILING,
        "11:30 12:00",
        "12:01",
        "failed",
        "attempt 2 of 2 is due at 2026-11-21 12:02+00:00",
    ),
    "retry due": story(
        FAILING,
        "11:30 12:00",
        "12:05",
        "failed",
        "nothing holds it back: the next tick runs it",
    ),
    "retry called off": story(
        FAILING,
        "11:30 12:00",
        "13:00:30",
        "due",
        "the next tick cancels the retry of the run scheduled for 2026-11-21 12:00+00:00: "
        "a newer run is due",
    ),
    "dead letter": story(
        FAILING,
        "11:30 12:00 12:03",
        "12:04",
        "failed",
        "its retries are used up; `scheduled dead-letter retry backup` tries once more",
    ),
    "suspended": story(
        SUSPENDING,
        "11:30 12:00 12:03 13:00 13:03 14:00 14:03",
        "15:00",
        "due",
        "suspended after as many dead letters in a row as suspend_after says; `scheduled enable`",
    ),
    "suspended by this slot": story(
        SUSPENDING,
        "11:30 12:00 12:03 13:00 13:03 14:00 14:03",
        "14:10",
        "failed",
        "suspended after as many dead letters in a row as suspend_after says; `scheduled enable`",
    ),
    "DST gap": story(
        IN_BERLIN,
        "2026-03-28T12:00 2026-03-29T01:00:30",
        "2026-03-29T06:00",
        "succeeded",
        "clock change: moved: 02:30 does not exist that day",
    ),
    "covered": story(
        job(),
        "08:30 12:10",
        "12:30 about 10:15",
        "missed",
        "covered by the run scheduled for 2026-11-21 12:00+00:00",
    ),
    "about to be covered": story(
        job(),
        "08:30",
        "12:05 about 10:15",
        "due",
        "covered by the newer run scheduled for 2026-11-21 12:00+00:00",
    ),
    "behind older slots": story(
        job(catch_up=CatchUp.ALL),
        "08:30",
        "12:05",
        "due",
        "the older run scheduled for 2026-11-21 09:00+00:00 comes first",
    ),
    "outside the window": story(
        job(window="21:00-06:00"),
        "11:30 12:00",
        "12:00:30",
        "due",
        "outside its window 21:00-06:00",
    ),
    "nobody came": story(
        job(),
        "11:30",
        "12:30",
        "due",
        "no tick has come since 2026-11-21 11:30+00:00",
    ),
    "no reason at all": story(
        job(),
        "11:30 11:59",
        "12:00:30",
        "due",
        "nothing holds it back: the next tick runs it",
    ),
}


@pytest.mark.parametrize("told", STORIES.values(), ids=STORIES)
def test_each_state_of_a_slot_has_its_sentence(tmp_path: Path, told: Story) -> None:
    engine = Engine(tmp_path, told.jobs)
    first, *later = told.ticks.split() or [""]
    if first:
        engine.run_at(first)
    if told.said:
        engine.record("11:40", told.said)
    for when in later:
        engine.run_at(when)

    heading, *sentences = lines(engine, *told.asked.split(" about "))

    assert heading.endswith(f": {told.answer}.")
    assert any(is_said(told.because, sentence) for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("policy", "consequence"),
    [
        (Overlap.QUEUE, "this run waits for its end"),
        (Overlap.SKIP, "the next tick skips this run"),
        (Overlap.REPLACE, "the next tick stops it and starts this run"),
        (Overlap.ALLOW, "the next tick starts this run beside it"),
    ],
)
def test_a_slot_of_a_job_that_is_locked_says_by_which_run_and_what_follows(
    tmp_path: Path, policy: Overlap, consequence: str
) -> None:
    long = job(command=f"echo >> out; {UNTIL_GO}", overlap=policy, timeout=7200.0)
    engine = Engine(tmp_path, [long])
    with running_since_noon(engine):
        own = lines(engine, "12:01")
        later = lines(engine, "13:00:30")

    assert own[0] == "backup: the run scheduled for 2026-11-21 12:00+00:00: running."
    assert any(is_said("it has been running since 2026-11-21 12:00", sentence) for sentence in own)
    assert later[0] == "backup: the run scheduled for 2026-11-21 13:00+00:00: due."
    assert "the run scheduled for 2026-11-21 12:00+00:00, started at" in later[1]
    assert later[1].endswith(f"goes on: {consequence} (overlap: {policy})")
    assert "holds it back" not in "".join(later)


def test_a_slot_that_was_skipped_because_the_job_still_ran_says_so(tmp_path: Path) -> None:
    command = f"echo >> out; {UNTIL_GO}"
    engine = Engine(tmp_path, [job(command=command, overlap=Overlap.SKIP, timeout=7200.0)])
    with running_since_noon(engine):
        engine.run_at("13:00")

    heading, sentence, _ = lines(engine, "13:10")

    assert heading.endswith("13:00+00:00: skipped.")
    assert is_said("skipped: still running when it came due; overlap is skip", sentence)


def test_a_retry_that_is_called_off_does_not_come_first(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [FAILING])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    _, sentence, *_ = lines(engine, "13:00:30")

    assert is_said("the next tick cancels the retry", sentence)


def test_a_run_is_told_with_its_attempts(tmp_path: Path) -> None:
    flaky = job(command="test $SCHEDULED_ATTEMPT = 2", max_retries=2, retry_delay=0.1)
    engine = Engine(tmp_path, [flaky])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    shown = asked(engine, "12:10")

    assert (shown["slot"], shown["answer"]) == ("2026-11-21T12:00:00Z", "succeeded")
    assert [reason.split(",")[0] for reason in shown["reasons"]] == ["attempt 2", "attempt 1"]
    assert "failed: exit code 1" in shown["reasons"][1]


def test_each_slot_of_an_outage_is_missed_with_its_cause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    for when in ("08:30", "12:10"):
        engine.run_at(when)

    answers = [asked(engine, "12:30", f"{hour:02}:30")["answer"] for hour in range(9, 13)]

    assert answers == ["missed", "missed", "missed", "succeeded"]
    assert "missed: clock set forward" in asked(engine, "12:30", "10:15")["reasons"][0]


def test_a4_each_slot_that_only_if_was_asked_about_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(only_if="case $SCHEDULED_SLOT in *T10*) ;; *) exit 1 ;; esac")])
    for when in ("08:30", "12:10"):
        engine.run_at(when)

    answers = [asked(engine, "12:30", f"{hour:02}:30") for hour in range(9, 13)]

    assert [shown["answer"] for shown in answers] == ["missed", "succeeded", "skipped", "skipped"]
    assert "as catch-up, covers 1 missed run" in answers[1]["reasons"][0]
    assert answers[0]["reasons"][-1] == "covered by the run scheduled for 2026-11-21 10:00+00:00"
    assert answers[3]["reasons"][0].startswith("skipped: only_if said no (exit code 1)")


def test_a_slot_from_before_an_edit_of_the_schedule_does_not_count(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.jobs = (job(schedule="10 * * * *"),)

    before = lines(engine, "12:20")
    engine.run_at("12:20")
    after = lines(engine, "12:21")

    assert is_said("its schedule has changed: the new one applies from the", before[1])
    assert is_said("the job has had this schedule since 2026-11-21 12:20+00:00", after[1])


def test_a_slot_older_than_the_history_is_not_taken_for_due(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    for when in ("11:30", "12:00", "13:00"):
        engine.run_at(when)

    shown = asked(engine, "13:30", "12:10", kept="12:30")

    assert shown["answer"] == "unknown"


def test_before_its_first_slot_there_is_none(tmp_path: Path) -> None:
    once = job(schedule="at:2027-01-15T10:00:00Z")
    engine = Engine(tmp_path, [once])
    engine.run_at("11:30")

    shown = asked(engine, "12:00")

    assert (shown["slot"], shown["answer"]) == (None, "none")
    assert shown["next"] == "2027-01-15T10:00:00Z"
