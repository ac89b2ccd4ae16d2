"""SIGKILL, at every boundary of the journal and at any moment: nothing is lost, nothing doubles.

What must hold afterwards, whatever happened: the state loads; every slot has exactly one final
answer; and where a slot ran more than once, each run but the last is on record as interrupted.
"""

import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp
from scheduled.state.journal import Event, Journal, Line
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.timing.instants import format_utc
from tests.builders import soak
from tests.builders.beside import wait_for
from tests.builders.engine import Engine
from tests.builders.jobs import at, job

KILLS = soak.count(60, 200)
# O_APPEND and one short write: lines of several runs do not mix.
NOTE = "echo $SCHEDULED_JOB $SCHEDULED_SLOT >> out"
JOBS = (
    job("each", schedule="* * * * *", command=NOTE, catch_up=CatchUp.ALL),
    job("newest", schedule="* * * * *", command=NOTE),
)


@pytest.mark.parametrize("moment", ["before", "torn", "after", "after the checkpoint"])
@pytest.mark.slow
def test_killed_at_every_boundary_of_the_journal(tmp_path: Path, moment: str) -> None:
    boundary = 0
    killed = True
    while killed:
        folder = tmp_path / str(boundary)
        folder.mkdir()
        engine = Engine(folder, JOBS)
        engine.run_at("12:00:30")

        killed = _killed(lambda e=engine, b=boundary: _tick_dying_at(e, b, moment))  # type: ignore[misc]

        _settle(engine, "12:03:10")
        _check(engine, slots=["12:01", "12:02", "12:03"])
        boundary += 1
    assert boundary > 2 if moment == "after the checkpoint" else boundary > 8


@pytest.mark.slow
def test_killed_again_and_again_at_any_moment(tmp_path: Path) -> None:
    engine = Engine(tmp_path, JOBS)
    engine.run_at("00:00:30")
    chance = random.Random(20261121)
    start = at("00:01:05")
    kills = ticks = 0
    while kills < KILLS:
        now = format_utc(start + timedelta(minutes=ticks // 3, seconds=5 * (ticks % 3)))[:-1]
        kills += _killed(lambda now=now: engine.run_at(now), after=chance.uniform(0.0, 0.12))  # type: ignore[misc]
        ticks += 1
        Store(engine.state_dir).load()

    minutes = ticks // 3 + 2
    end = start + timedelta(minutes=minutes)
    _settle(engine, format_utc(end)[:-1])
    slots = [format_utc(at("00:01") + timedelta(minutes=m))[11:16] for m in range(minutes + 1)]
    _check(engine, slots=slots)


def _tick_dying_at(engine: Engine, boundary: int, moment: str) -> None:
    """A tick that kills itself at the given append (or replacement) of its own files."""
    count = 0
    append, checkpoint = Journal.append, Store.checkpoint

    def counted_append(self: Journal, name: str, events: list[Event], **options: Any) -> list[Line]:
        nonlocal count
        mine, count = count == boundary, count + 1
        if mine and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if mine and moment == "torn":
            with open(self.folder / name, "ab") as stream:
                stream.write(b'{"event":"end","job":"each","outco')
            os.kill(os.getpid(), signal.SIGKILL)
        own = append(self, name, events, **options)
        if mine and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return own

    def dying_checkpoint(self: Store, now: object) -> object:
        result = checkpoint(self, now)  # type: ignore[arg-type]
        if boundary < 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Journal.append = counted_append  # type: ignore[method-assign, assignment]
    if moment == "after the checkpoint":
        Store.checkpoint = dying_checkpoint  # type: ignore[method-assign, assignment]
    engine.run_at("12:03:10")


def _killed(action: Callable[[], object], after: float | None = None) -> bool:
    """Whether a child that does `action` was killed: by itself, or by us after so many seconds."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "it failed"
    return os.WIFSIGNALED(status)


def _settle(engine: Engine, when: str) -> None:
    """Undisturbed ticks until nothing is owed; what outlived its tick is given time to end."""
    for _ in range(600):
        report = engine.run_at(when)
        if not report.ran and not report.not_started:
            return
        time.sleep(0.02 if report.not_started else 0)
    raise AssertionError("it does not settle")


def _check(engine: Engine, *, slots: list[str]) -> None:
    answers: Counter[tuple[str, str]] = Counter()
    interrupted: Counter[tuple[str, str]] = Counter()
    for row in engine.rows:
        assert row["outcome"] is not None, row
        assert row["slot"] is not None, row
        key = (row["job"], row["slot"])
        if row["outcome"] == "interrupted":
            interrupted[key] += 1
        elif row["outcome"] == "missed":
            for slot in _stretch(row["slot"], row["missed"]):
                answers[row["job"], slot] += 1
        else:
            answers[key] += 1
    dead = {(event["job"], event["slot"]) for event in engine.events if event.get("dead_letter")}
    wanted = [(name, f"2026-11-21T{slot}:00Z") for name in ("each", "newest") for slot in slots]
    for key in wanted:
        given_up = key in dead
        assert answers[key] + given_up == 1, (key, answers[key], interrupted[key])
    started = Counter(tuple(line.split(" ", 1)) for line in engine.lines())
    for (name, slot), times in started.items():
        assert times <= interrupted[name, slot] + 1, (name, slot, times)


def _stretch(last: str, count: int) -> list[str]:
    newest = at(last.removesuffix("Z"))
    return [format_utc(newest - timedelta(minutes=back)) for back in range(count)]


@pytest.mark.slow
def test_a6_no_run_is_repeated_though_its_tick_was_killed_at_any_moment(tmp_path: Path) -> None:
    each = job(
        "each",
        schedule="* * * * *",
        command=f"echo $SCHEDULED_SLOT >> begun; sleep 0.02; {NOTE}",
        catch_up=CatchUp.ALL,
    )
    engine = Engine(tmp_path, [each])
    engine.run_at("00:00:30")
    chance = random.Random(20261128)
    kills, outlived, minute = soak.count(20, 1000), 0, 1
    start = time.monotonic()
    engine.run_at("00:01:05")
    within = 2 * (time.monotonic() - start)  # of this machine, as busy as it is
    while outlived < kills:
        minute += 1
        when = format_utc(at("00:00:05") + timedelta(minutes=minute))[:-1]
        if minute % 20 == 0:  # now and then one ends, or the journal to read grows ever longer
            engine.run_at(when)
            continue
        before = len(engine.lines("begun"))
        if _killed(lambda when=when: engine.run_at(when), after=chance.uniform(0.0, within)):  # type: ignore[misc]
            wait_for(lambda: not locks.is_running(engine.state_dir, "each"))
            outlived += len(engine.lines("begun")) > before
        Store(engine.state_dir).load()

    _settle(engine, format_utc(at("00:00:50") + timedelta(minutes=minute))[:-1])

    begun = Counter(engine.lines("begun"))
    # A slot whose tick was killed three times before it had started the run is a dead letter.
    dead = {event["slot"] for event in engine.events if event.get("dead_letter")}
    assert sorted({*begun, *dead}) == [
        format_utc(at("00:00") + timedelta(minutes=number)) for number in range(1, minute + 1)
    ]
    assert set(begun.values()) == {1}
    assert dead.isdisjoint(begun)
    ends = Counter(row["slot"] for row in engine.rows if row["outcome"] == "succeeded")
    assert ends == begun
