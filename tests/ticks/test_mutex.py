"""Jobs with the same mutex never run at the same time: real ticks, side by side and killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Job, Overlap
from scheduled.planning import mutexes
from scheduled.quick_classes import replace
from scheduled.system import locks, processes
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import now_and_next
from tests.builders import soak
from tests.builders.beside import running_since_noon, ticking, wait_for
from tests.builders.configuration import complaint, the_job
from tests.builders.engine import Engine, outcomes
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at, job
from tests.builders.looks import Home

ALONE = "mkdir busy || echo clash >> clashes; echo {} >> ran; sleep 0.02; rmdir busy"
"""Notes it if another run of this command goes on."""
UNTIL_GO = "echo $SCHEDULED_SLOT >> out; while [ ! -e go ]; do sleep 0.02; done"


def alone(id_: str, *names: str, **fields: Any) -> Job:
    """A job at 13:00 that has `busy` for itself, if nobody else with its mutexes runs."""
    ordinary = {"schedule": "0 13 * * *", "command": ALONE.format(id_)}
    return job(id=id_, mutex=names or ("x",), **{**ordinary, **fields})


def holder(**fields: Any) -> Job:
    """A job that runs from noon on until somebody makes the file `go`."""
    return job(id="holder", schedule="0 12 * * *", command=UNTIL_GO, mutex=("x",), **fields)


def test_e8_in_one_tick_they_follow_each_other_and_others_run_beside_them(tmp_path: Path) -> None:
    waits = "while [ ! -e ran ] || [ $(wc -l < ran) -lt 2 ]; do sleep 0.02; done; echo c >> ran"
    beside = job(id="c", schedule="0 13 * * *", command=waits)
    engine = Engine(tmp_path, [alone("a"), alone("b"), beside], max_concurrent=2)
    engine.run_at("12:30")

    report = engine.run_at("13:00")

    assert engine.lines("clashes") == []
    assert engine.lines("ran") == ["a", "b", "c"]  # the place that a waiting run leaves free
    assert report.carried == 0


def test_e8_many_in_one_tick_share_keepers_and_never_a_mutex(tmp_path: Path) -> None:
    jobs = [alone(f"job{number}", "x", f"own{number}") for number in range(12)]
    engine = Engine(tmp_path, jobs, max_concurrent=12)
    engine.run_at("12:30")

    engine.run_at("13:00")

    assert engine.lines("clashes") == []
    assert sorted(engine.lines("ran")) == sorted(each.id for each in jobs)


def test_e8_a_run_waits_for_that_of_another_tick_and_stays_due(tmp_path: Path) -> None:
    engine = Engine(
        tmp_path, [holder(), alone("b"), job(id="c", schedule="0 13 * * *", command="true")]
    )
    with running_since_noon(engine):
        engine.run_at("12:30")
        report = engine.run_at("13:00")
        assert ("b", "waits for the mutex x, which holder has") in report.not_started
        assert [row["job"] for row in report.rows] == ["c"]
    engine.run_at("13:01")

    assert engine.lines("clashes") == []
    assert outcomes([row for row in engine.rows if row["job"] == "b"]) == [("13:00", "succeeded")]


def test_e8_it_starts_in_the_same_tick_once_the_mutex_is_free(tmp_path: Path) -> None:
    lasting = "while [ ! -e ran ]; do sleep 0.02; done"
    engine = Engine(
        tmp_path,
        [holder(), alone("b"), job(id="c", schedule="0 13 * * *", command=lasting)],
    )
    with running_since_noon(engine, finish=False), ticking(engine, "13:00") as tick:
        wait_for(lambda: "deferred" in engine.state["jobs"]["b"])
        (engine.folder / "go").touch()
        tick.join(60)

        assert engine.lines("ran") == ["b"]


@pytest.mark.parametrize("overlap", Overlap)
def test_e8_a_run_whose_tick_is_killed_keeps_the_mutex_until_it_ends(
    tmp_path: Path, overlap: Overlap
) -> None:
    engine = Engine(tmp_path, [holder(), alone("b", overlap=overlap)])
    with running_since_noon(engine, finish=False) as tick:
        assert tick.pid is not None
        os.kill(tick.pid, signal.SIGKILL)
        tick.join()
        engine.run_at("13:00")
        assert engine.lines("ran") == []
    wait_for(lambda: is_free(engine, "x"))
    engine.run_at("13:01")

    assert engine.lines("ran") == ["b"]
    assert engine.lines() == ["2026-11-21T12:00:00Z"]


def test_e8_a_run_that_lives_on_without_its_keeper_keeps_the_mutex_until_it_ends(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [holder(), alone("b")])
    with running_since_noon(engine, finish=False) as tick:
        wait_for(lambda: "keeper" in engine.state["jobs"]["holder"]["open"])
        run = engine.state["jobs"]["holder"]["open"]
        assert tick.pid is not None
        os.kill(tick.pid, signal.SIGKILL)
        os.kill(run["keeper"], signal.SIGKILL)
        tick.join()
        wait_for(lambda: is_free(engine, "x"))

        held = engine.run_at("13:00")
        by_hand = engine.run_at("13:00", only=("b",), by_hand=True)

        assert engine.lines("ran") == []
        for report in (held, by_hand):
            assert ("b", "waits for the mutex x, which holder has") in report.not_started
        assert is_free(engine, "x")
    wait_for(lambda: not processes.is_alive(run["pid"], run["pid_started"]))
    engine.run_at("13:01")

    assert engine.lines("ran") == ["b"]


@pytest.mark.parametrize("change", ["removed", "renamed", "without"])
def test_e8_a_run_has_the_mutexes_that_its_job_had_when_it_started(
    tmp_path: Path, change: str
) -> None:
    waits = alone("b")
    engine = Engine(tmp_path, [holder(), waits])
    with running_since_noon(engine):
        now = {"removed": [], "renamed": [replace(holder(), id="other")]}
        engine.jobs = (*now.get(change, [replace(holder(), mutex=())]), waits)
        engine.run_at("12:30")
        report = engine.run_at("13:00")

        assert ("b", "waits for the mutex x, which holder has") in report.not_started


def is_free(engine: Engine, name: str) -> bool:
    lock = locks.take_mutex(engine.state_dir, name)
    if lock is not None:
        lock.release()
    return lock is not None


def test_e8_a_run_has_all_of_its_mutexes_or_none(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [alone("b", "z", "y", "x"), alone("c", "y")])
    engine.run_at("12:30")
    held = locks.take_mutex(engine.state_dir, "z")
    assert held is not None

    report = engine.run_at("13:00")

    assert report.not_started == [("b", "waits for the mutex z, which another tick has")]
    assert [is_free(engine, name) for name in "xy"] == [True, True]
    assert engine.lines("ran") == ["c"]
    held.release()


def test_e8_a_job_that_follows_one_that_waits_does_not_hold_the_tick_up(tmp_path: Path) -> None:
    after = job(id="c", schedule="0 13 * * *", command="echo c >> ran", after=("b",))
    engine = Engine(tmp_path, [alone("b", "z"), after])
    engine.run_at("12:30")
    held = locks.take_mutex(engine.state_dir, "z")
    assert held is not None

    with ticking(engine, "13:00") as tick:
        tick.join(30)
        is_over = not tick.is_alive()
        held.release()
    engine.run_at("13:01")

    assert is_over
    assert engine.lines("ran") == ["b", "c"]


def test_e8_runs_of_one_job_that_may_overlap_follow_each_other(tmp_path: Path) -> None:
    engine = Engine(
        tmp_path,
        [job(id="holder", command=UNTIL_GO, mutex=("x",), overlap=Overlap.ALLOW)],
    )
    with running_since_noon(engine):
        assert engine.run_at("13:00").not_started == [
            ("holder", "waits for the mutex x, which holder has")
        ]


@pytest.mark.parametrize("command", [["trigger", "b"], ["run", "--only", "b", "--force"]])
def test_e8_by_hand_it_does_not_run_beside_the_holder(home: Home, command: list[str]) -> None:
    with held_at_home(home):
        said = home.call(*command, now=at("12:10"))

        assert not (home.folder / "ran").exists()
    if command[0] == "trigger":
        assert (said.code, "waits for the mutex x, which holder has" in said.err) == (75, True)


@pytest.fixture
def home(root: Path) -> Home:
    return Home(root)


def held_at_home(home: Home) -> "_Held":
    hold = f"  holder: {{schedule: '0 12 * * *', command: '{UNTIL_GO}', mutex: x}}\n"
    b = f"  b: {{schedule: '10 12 * * *', command: '{ALONE.format('b')}', mutex: [x, y]}}\n"
    home.configure(f"{WITHOUT_SWEEPS}{hold}{b}")
    home.call("run", now=at("11:00"))
    return _Held(home)


class _Held:
    def __init__(self, home: Home) -> None:
        self._home = home

    def __enter__(self) -> None:
        self._child = os.fork()
        if self._child == 0:
            self._home.call("run", now=at("12:00"))
            os._exit(0)
        wait_for((self._home.folder / "out").exists)

    def __exit__(self, *_: object) -> None:
        (self._home.folder / "go").touch()
        os.waitpid(self._child, 0)


def test_e8_all_views_name_the_job_that_has_it(home: Home) -> None:
    with held_at_home(home):
        home.call("run", now=at("12:10"))
        why = home.call("why", "b", now=at("12:11")).out
        listed = home.call("list", now=at("12:11")).out
        status = home.call("status", now=at("12:11")).out
        rows = json.loads(home.call("list", "--json", now=at("12:11")).out)["jobs"]
        waiting = json.loads(home.call("status", "--json", now=at("12:11")).out)["waiting"]
        upcoming = home.call("next", now=at("12:11")).out
        dry = home.call("run", "--dry-run", now=at("12:11")).out
        session = home.session(at("12:11"))
        page = now_and_next.model(Facts(session.config, session.store, session.snapshot()))
    after = home.call("why", "b", now=at("12:12")).out

    assert "it waits for the mutex x, which holder has since 12:00" in why
    assert "waits for holder" in listed
    assert "waits for holder" in status
    assert {row["id"]: row["waits_for"] for row in rows}["b"] == {
        "mutex": "x",
        "held_by": ["holder"],
        "executor": None,
    }
    assert waiting == [{"job": "b", "mutex": "x", "held_by": ["holder"], "executor": None}]
    assert "nothing holds it back any more" in after
    assert "waits for the mutex x, which holder has since 12:00" in " ".join(upcoming.split())
    assert "waits for the mutex x, which holder has" in " ".join(dry.split())
    assert [(each.job, each.why.split(" since")[0]) for each in page.waiting] == [
        ("b", "waits for the mutex x, which holder has")
    ]
    assert {each.job: each.is_waiting for each in page.upcoming} == {"b": True, "holder": False}
    assert "mutex" in home.call("show", "b").out


def test_e8_who_excludes_whom() -> None:
    a, b, c = (job(id=id_, mutex=names) for id_, names in (("a", "xy"), ("b", "yz"), ("c", "w")))

    assert mutexes.excludes(a, [c, b])
    assert not mutexes.excludes(a, [a, c])


@pytest.mark.parametrize("value", ["''", "[]", "../x", "a b", "-x", "[x, [y]]", "true", "{a: b}"])
def test_e8_what_is_no_name_is_refused(root: Path, value: str) -> None:
    said = complaint(root, f"{{schedule: daily, command: x, mutex: {value}}}")

    assert said.startswith("one.mutex: ")


def test_e8_a_name_is_enough_and_none_is_none(root: Path) -> None:
    keys = "schedule: daily, command: x"

    assert the_job(root, f"{{{keys}, mutex: db}}").mutex == ("db",)
    assert the_job(root, f"{{{keys}, mutex: [db, 7, db]}}").mutex == ("db", "7")
    assert the_job(root, f"{{{keys}, mutex: none}}").mutex == ()


TICK = """
import sys
from pathlib import Path
from tests.ticks.test_mutex import engine_of
engine_of(Path(sys.argv[1])).run_at(sys.argv[2])
"""


def engine_of(folder: Path) -> Engine:
    names = (("x",), ("y", "x"), ("z", "y"), ("x", "z"))
    command = """
        for name in {}; do mkdir busy-$name || echo clash >> clashes; done
        echo {} >> ran; sleep 0.0{}
        for name in {}; do rmdir busy-$name; done
    """
    jobs = [
        job(
            id=f"job{number}",
            schedule="* * * * *",
            command=command.format(" ".join(held), number, number * 2, " ".join(held)),
            mutex=held,
        )
        for number, held in enumerate(names)
    ]
    return Engine(folder, jobs, max_concurrent=3)


def test_e8_eight_ticks_at_once_and_kills_never_make_two_holders_and_nothing_hangs(
    tmp_path: Path,
) -> None:
    engine = engine_of(tmp_path)
    engine.run_at("11:59")
    chance = random.Random(8)

    for minute in range(soak.count(6, 60)):
        ticks = [*_started(tmp_path, f"12:{minute:02}", 8)]
        for tick in chance.sample(ticks, 3):
            time.sleep(chance.random() * 0.2)
            tick.kill()
        for tick in ticks:
            tick.wait(120)
    wait_for(lambda: all(is_free(engine, name) for name in "xyz"))
    ran = len(engine.lines("ran"))
    engine.run_at("13:30")

    assert engine.lines("clashes") == []
    assert sorted(engine.lines("ran")[ran:]) == ["0", "1", "2", "3"]  # none is stuck


def _started(folder: Path, when: str, count: int) -> Iterator[subprocess.Popen[bytes]]:
    for _ in range(count):
        command = [sys.executable, "-c", TICK, str(folder), when]
        yield subprocess.Popen(command, stdout=subprocess.DEVNULL)
