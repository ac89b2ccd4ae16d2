"""Sequences that once failed, in their shortest form."""

from pathlib import Path

import pytest

from tests.torture import rules
from tests.torture.check import check
from tests.torture.operations import Advance, Command, Configure, JobPlan, Operation, Ticks
from tests.torture.world import World

pytestmark = pytest.mark.slow

TWO_DAYS = 2 * 86400
TICK = Ticks((None,))
FOUND: dict[str, list[Operation]] = {
    "a job is disabled while it catches up on all slots": [
        Configure("c", JobPlan("ok", "0 * * * *", "all", 1)),
        TICK,
        Advance(TWO_DAYS),
        TICK,
        Command(("disable", "c")),
    ],
    "a slot is put off, and its time is still to come": [
        Configure("c", JobPlan("busy", "*/15 * * * *", "latest", 2)),
        TICK,
        Advance(900),
        TICK,
        Advance(-TWO_DAYS),
    ],
    "the clock is set back a little after a tick that was killed": [
        Configure("d", JobPlan("ok", "*/5 * * * *", "latest", 2)),
        Ticks((51,)),
        Advance(-600),
        TICK,
        Advance(300),
    ],
    "ticks under a clock that is ahead are all killed": [
        Configure("a", JobPlan("ok", "*/5 * * * *", "latest", 0)),
        TICK,
        Advance(TWO_DAYS),
        Ticks((110,)),
        Advance(-TWO_DAYS),
        TICK,
    ],
    "a command makes a job known, and the clock is set back a little": [
        Configure("c", JobPlan("fails", "*/5 * * * *", "latest", 0)),
        Command(("trigger", "c")),
        Advance(-2400),
        TICK,
        Advance(300),
    ],
    "a job is disabled while the clock is ahead, and before that set back a little": [
        Configure("a", JobPlan("ok", "* * * * *", "skip", 0)),
        TICK,
        Command(("disable", "a")),
        Advance(-600 + TWO_DAYS),
        TICK,
        Advance(-TWO_DAYS),
        Command(("enable", "a")),
        TICK,
        Advance(300),
    ],
    "a job is disabled with a slot put off, and another put off whose time is to come": [
        Configure("a", JobPlan("busy", "*/5 * * * *", "latest", 0)),
        TICK,
        Advance(300),
        TICK,
        Advance(-TWO_DAYS),
        TICK,
        Advance(7200),
        TICK,
        Command(("disable", "a")),
    ],
    "a job is cancelled while it is deferred": [
        Configure("a", JobPlan("busy", "* * * * *", "skip", 2)),
        Command(("defer", "a", "--until", "20m")),
        TICK,
        Advance(300),
        TICK,
        Command(("cancel", "a")),
    ],
    "a job is deferred, and its slot is still to come": [
        Configure("b", JobPlan("fails", "*/15 * * * *", "skip", 0)),
        Advance(-30),
        TICK,
        Command(("defer", "b", "--until", "20m")),
        Advance(61),
        TICK,
        Advance(-TWO_DAYS),
    ],
    "a job is deferred, and the clock is corrected twice": [
        Configure("c", JobPlan("fails", "* * * * *", "skip", 1)),
        Command(("defer", "c", "--until", "20m")),
        Advance(-TWO_DAYS),
        TICK,
        Advance(-TWO_DAYS),
        TICK,
        Advance(61),
    ],
    "a tick by hand makes a job known, and the clock is set back a little": [
        Configure("d", JobPlan("ok", "*/15 * * * *", "skip", 1)),
        Command(("run",)),
        Advance(-600),
        TICK,
        Advance(7200),
    ],
    "a run by hand makes all jobs known, and the clock is set back a little": [
        Configure("b", JobPlan("ok", "0 * * * *", "latest", 0)),
        TICK,
        Configure("c", JobPlan("ok", "*/5 * * * *", "latest", 0)),
        Command(("trigger", "b")),
        Advance(-30),
        TICK,
        Advance(60),
    ],
    "two retries wait for their times behind a clock that was set back": [
        Configure("a", JobPlan("fails", "0 * * * *", "skip", 2)),
        TICK,
        Advance(7200),
        TICK,
        Advance(-4500),
    ],
    "a retry is called off by an edit after the clock was set back": [
        Configure("a", JobPlan("fails", "0 * * * *", "latest", 2)),
        TICK,
        Advance(3600),
        TICK,
        Advance(-2400),
        Configure("a", JobPlan("fails", "*/5 * * * *", "latest", 2)),
        TICK,
    ],
    "a job is edited after the clock was set back behind a slot that was put off": [
        Configure("a", JobPlan("busy", "* * * * *", "latest", 1)),
        TICK,
        Advance(300),
        TICK,
        Advance(-600),
        Configure("a", JobPlan("busy", "0 * * * *", "latest", 0)),
    ],
    "a job is edited after the clock was set back by days behind a slot that was put off": [
        Configure("a", JobPlan("busy", "*/5 * * * *", "latest", 1)),
        TICK,
        Advance(300),
        TICK,
        Configure("a", JobPlan("ok", "0 * * * *", "latest", 1)),
        Advance(-TWO_DAYS),
        TICK,
        Advance(TWO_DAYS),
    ],
    "a job is edited after the clock was set back behind slots that passed while it was deferred": [
        Configure("b", JobPlan("fails", "* * * * *", "skip", 2)),
        TICK,
        Command(("defer", "b", "--until", "20m")),
        Advance(90),
        TICK,
        Advance(-2400),
        Configure("b", JobPlan("busy", "*/15 * * * *", "latest", 2)),
    ],
    "a retry is tried in a wrong past and again shortly before its slot": [
        Configure("a", JobPlan("fails", "*/5 * * * *", "latest", 2)),
        TICK,
        Advance(1800),
        TICK,
        Advance(-TWO_DAYS - 2400),
        TICK,
        Advance(TWO_DAYS),
    ],
    "a retry waits while the clock was set back by more than an hour": [
        Configure("c", JobPlan("fails", "* * * * *", "skip", 2)),
        TICK,
        Advance(300),
        TICK,
        Advance(-4800),
    ],
    "the tick that finds the clock corrected is killed, and the clock set back again": [
        Configure("c", JobPlan("flaky", "*/15 * * * *", "latest", 1)),
        Advance(300),
        TICK,
        Advance(-TWO_DAYS),
        Ticks((76,), kill_jobs=True),
        Advance(-2400),
        TICK,
        Advance(300),
    ],
    "a job is edited after a tick that was killed, and the clock set back": [
        Configure("a", JobPlan("ok", "*/15 * * * *", "skip", 2)),
        TICK,
        Advance(1800),
        Ticks((107,)),
        Advance(-2400),
        TICK,
        Configure("a", JobPlan("ok", "*/5 * * * *", "latest", 2)),
        Advance(61),
        TICK,
        Advance(7200),
        TICK,
    ],
    "a job comes back with another schedule after the clock was set back": [
        Configure("a", JobPlan("fails", "*/5 * * * *", "skip", 2)),
        TICK,
        Configure("a", None),
        Advance(TWO_DAYS),
        TICK,
        Configure("a", JobPlan("slow", "* * * * *", "skip", 0)),
        Advance(-2400),
        TICK,
        Advance(1800),
    ],
    "a job is new after the clock was set back, and edited at once": [
        TICK,
        Advance(-2400),
        Configure("c", JobPlan("flaky", "0 * * * *", "latest", 0)),
        Advance(90),
        TICK,
        Configure("c", JobPlan("busy", "* * * * *", "latest", 1)),
        Advance(20),
        TICK,
        Advance(20),
    ],
    "the only tick under a clock that is days behind is killed before it notes anything": [
        Configure("c", JobPlan("flaky", "*/15 * * * *", "latest", 2)),
        TICK,
        Advance(-2400 - TWO_DAYS),
        Ticks((14,)),
        Advance(TWO_DAYS),
        TICK,
        Advance(7200),
    ],
}


@pytest.mark.parametrize("what", FOUND)
def test_a_sequence_that_once_failed_holds(tmp_path: Path, what: str) -> None:
    assert check(FOUND[what], tmp_path) == []


def test_a_slot_that_is_still_to_come_has_an_outcome_if_a_run_of_it_has_ended(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    sequence: list[Operation] = [
        Configure("b", JobPlan("fails", "* * * * *", "latest", 1)),
        TICK,
        Advance(61),
        TICK,
        Advance(-TWO_DAYS),
    ]
    for operation in sequence:
        world.happen(operation)
    world.settle()
    assert rules.problems(world, len(sequence) + 1) == []

    for journal in (tmp_path / "state" / "journal").iterdir():
        lines = [
            line
            for line in journal.read_text().splitlines()
            if '"slot":"2027-06-01T12:01:00Z"' not in line or '"answered":true' not in line
        ]
        journal.write_text("\n".join(lines) + "\n")

    assert "lost: b 2027-06-01 12:01:00+00:00" in rules.problems(world, len(sequence) + 1)
