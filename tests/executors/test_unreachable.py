"""An executor at which nothing can be started: how often that is tried, and who is told."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import AttemptResult, CatchUp, Job, Outcome
from scheduled.quick_classes import replace
from scheduled.state import events, records
from scheduled.state.incident_entries import closed_incidents, open_incidents
from scheduled.state.store import Store
from scheduled.ticks.places import FailedStarts
from scheduled.timing.instants import minute_utc
from scheduled.views import answers, status
from scheduled.views.snapshot import Snapshot, observe
from tests.builders import ssh_server
from tests.builders.beside import ticking, wait_for
from tests.builders.engine import Engine
from tests.builders.jobs import at
from tests.builders.jobs import job as build
from tests.builders.ssh_server import SshServer

pytestmark = pytest.mark.slow
NOBODY = "Host nas\n  HostName 127.0.0.1\n  Port 1\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server.running(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


class Far:
    """An installation whose jobs run on a host that comes and goes."""

    def __init__(self, folder: Path, server: SshServer, *jobs: Job, most: int = 2) -> None:
        self._config, self._server = folder / "ssh_config", server
        nas = server.executor(ssh_config=str(self._config), max_concurrent=most)
        settings = {**nas, "lease": 30.0, "connect_timeout": 10.0}
        self.engine = Engine(folder, jobs, executors={"nas": settings}, tick_interval=600.0)
        self.goes()

    def ticks(self, hour: int, *minutes: int) -> None:
        for minute in minutes:
            self.engine.run_at(f"{hour}:{minute:02}")

    def goes(self) -> None:
        self._write(NOBODY)

    def comes(self) -> None:
        self._write(self._server.config.read_text())

    def _write(self, text: str) -> None:
        self._config.write_text(text)
        self._config.chmod(0o600)

    def seen(self, when: str) -> Snapshot:
        engine = self.engine
        return observe(engine.config, engine.state, at(when), UTC)


def far(name: str, schedule: str = "* * * * *") -> Job:
    return build(name, schedule=schedule, command="true", executor="nas")


def test_after_an_hour_somebody_is_told_and_so_of_its_end(
    tmp_path: Path, server: SshServer
) -> None:
    home = Far(tmp_path, server, far("a"), far("b"))
    home.ticks(11, 59)
    home.ticks(12, *range(0, 60, 10))
    assert open_incidents(home.engine.state) == {}
    home.ticks(13, 1)

    (incident,) = open_incidents(home.engine.state).values()
    assert incident.kind == "unreachable"
    assert incident.last_error.startswith("nas: ssh: connect to host 127.0.0.1 port 1")
    assert minute_utc(incident.since) == "2026-11-21 12:00 UTC"
    document = status.document(home.seen("13:01"))
    assert any("executor out of reach" in reason for reason in document["reasons"])
    home.comes()
    home.engine.run_at("13:02")

    assert open_incidents(home.engine.state) == {}
    assert [row["outcome"] for row in home.engine.rows].count("succeeded") == 2
    (closed,) = closed_incidents(home.engine.state)
    assert closed.end == "runs start there again, or no job is to run there"


def test_nobody_is_told_where_something_has_started_meanwhile(
    tmp_path: Path, server: SshServer
) -> None:
    home = Far(tmp_path, server, far("a"), far("b", "0 * * * *"))
    home.ticks(11, 59)
    home.ticks(12, 0, 10, 20)
    home.comes()
    home.ticks(12, 30)
    home.goes()
    home.ticks(12, 31, 41, 51)
    home.ticks(13, 0, 10, 20, 30)

    assert open_incidents(home.engine.state) == {}
    home.ticks(13, 32)
    (incident,) = open_incidents(home.engine.state).values()
    assert minute_utc(incident.since) == "2026-11-21 12:31 UTC"


def test_nobody_is_told_for_the_time_in_which_the_machine_slept(
    tmp_path: Path, server: SshServer
) -> None:
    home = Far(tmp_path, server, far("a"))
    home.ticks(11, 59)
    home.ticks(12, 0, 10)
    home.ticks(14, 0, 10)

    assert len(home.engine.state["gaps"]) == 1
    assert open_incidents(home.engine.state) == {}


def test_a_job_that_is_not_to_run_keeps_no_incident_open(tmp_path: Path, server: SshServer) -> None:
    home = Far(tmp_path, server, far("a"))
    home.ticks(11, 59)
    home.ticks(12, *range(0, 60, 10))
    home.ticks(13, 1)
    assert len(open_incidents(home.engine.state)) == 1
    home.engine.settings["executors"] = {}
    home.engine.jobs = ()
    home.engine.run_at("13:02")

    assert open_incidents(home.engine.state) == {}


def test_a_tick_tries_it_as_often_as_it_has_places_and_says_so_of_the_rest(
    tmp_path: Path, server: SshServer
) -> None:
    home = Far(tmp_path, server, *map(far, "abcdefgh"), most=1)
    home.engine.run_at("11:59")
    report = home.engine.run_at("12:00")

    assert len([each for each in report.not_started if "takes no run now" in each[1]]) == 7
    (_, why) = report.not_started[-1]
    assert why.startswith("executor nas takes no run now: ssh: connect to host 127.0.0.1 port 1")
    shown, engine = home.seen("12:00:30"), home.engine
    store = Store(engine.state_dir).load()
    tried, waits = (
        " ".join(answers.why(engine.config, store, shown, each, at("12:00:30"))["reasons"])
        for each in "ab"
    )
    assert "it could not be started: ssh: connect to host" in tried
    assert "it waits for a place at the executor nas, which takes no run now: ssh" in waits
    document = status.document(shown)
    assert document["overdue"] == []
    assert {row["job"] for row in document["waiting"]} == {*"bcdefgh"}
    home.comes()
    home.engine.run_at("12:02")

    assert [row["outcome"] for row in home.engine.rows].count("succeeded") == 8


@pytest.mark.parametrize("what", ["pause", "sleep", "trigger", "skip"])
def test_what_does_not_bring_it_back_ends_no_incident(
    tmp_path: Path, server: SshServer, what: str
) -> None:
    catch_up = CatchUp.SKIP if what == "skip" else CatchUp.LATEST
    jobs = [replace(far(name), catch_up=catch_up) for name in "ab"]
    home = Far(tmp_path, server, *jobs, most=1)
    home.ticks(11, 59)
    home.ticks(12, *range(0, 60, 10))
    home.ticks(13, 1)
    (incident,) = open_incidents(home.engine.state).values()
    if what == "pause":
        home.engine.record("13:02", events.job_paused("a", None, "mine"))
    elif what == "trigger":
        home.engine.run_at("13:02", only=("a",), by_hand=True, slotless=True)
    home.ticks(15 if what == "sleep" else 13, 3)

    (still,) = open_incidents(home.engine.state).values()
    assert (still.id, still.kind) == (incident.id, "unreachable")


def test_a_job_that_moves_takes_no_blame_along(tmp_path: Path, server: SshServer) -> None:
    home = Far(tmp_path, server, far("a"))
    home.ticks(11, 59)
    home.ticks(12, *range(0, 60, 10))
    home.ticks(13, 1)
    executors = home.engine.settings["executors"]
    home.engine.settings["executors"] = {"new": executors["nas"]}
    home.engine.jobs = (replace(far("a"), executor="new"),)
    home.ticks(13, 2)

    assert open_incidents(home.engine.state) == {}
    assert set(home.engine.state["unreached"]) == {"nas", "new"}


def test_a_job_with_a_short_timeout_keeps_no_others_away(tmp_path: Path, server: SshServer) -> None:
    home = Far(tmp_path, server, replace(far("a"), timeout=0.01), far("b"), most=1)
    home.comes()
    home.ticks(11, 59)
    home.ticks(12, 0)

    assert {row["job"]: row["outcome"] for row in home.engine.rows}["b"] == "succeeded"
    assert "unreached" not in home.engine.state


def test_a_shortage_of_this_machine_is_none_of_the_executor() -> None:
    starts = FailedStarts({"nas": {"max_concurrent": 1}})
    here, there = result(is_shortage=True), result(is_unreached=True, is_unstarted=True)

    starts.note(far("a"), here)
    starts.note(replace(far("g"), resources={"gpu": 2}), there)
    assert not starts.are_enough(far("b"))
    starts.note(far("a"), there)
    assert starts.are_enough(far("b"))
    starts.note(far("a"), result())
    assert not starts.are_enough(far("b"))


def result(**fields: Any) -> AttemptResult:
    return AttemptResult(Outcome.SKIPPED, timedelta(seconds=1), **fields)


def test_each_place_is_named_and_a_run_that_has_begun_is_a_sign_of_life(tmp_path: Path) -> None:
    jobs = [far("a", "0 0 1 1 *"), replace(far("c", "0 0 1 1 *"), resources={"gpu": 2})]
    nas = {"kind": "ssh", "host": "nas", "max_concurrent": 1}
    engine = Engine(tmp_path, jobs, executors={"nas": nas})
    for when in ("12:00", "13:01"):
        for each in jobs:
            unreached: Any = {"event": "deferred", "job": each.id, "unreached": each.place}
            engine.record(when, {**unreached, "slot": None, "reason": "busy"})
    engine.run_at("13:02")

    (incident,) = open_incidents(engine.state).values()
    assert incident.last_error == "nas: busy\nnas with 2 gpu: busy"
    ended: Any = {"event": "end", "job": "a", "run_id": "r", "outcome": "failed"}
    engine.record("13:03", {**ended, "reached": "nas", "slot": None, "answered": False})
    engine.run_at("13:04")
    assert set(engine.state["unreached"]) == {"nas with 2 gpu"}


def test_a_retry_without_a_place_does_not_keep_a_tick_waiting(
    tmp_path: Path, server: SshServer
) -> None:
    """The place is taken by a run of another tick, and the tick has learned that meanwhile."""
    until = f"until [ -e {tmp_path}/%s ]; do sleep 0.1; done"
    failing = replace(far("a", "0 * * * *"), command="exit 1", max_retries=1, retry_delay=30.0)
    there = replace(far("b", "5 * * * *"), command=until % "there")
    home = Far(tmp_path, server, failing, there, build("c", command=until % "here"), most=1)
    home.comes()
    home.ticks(11, 59)
    with ticking(home.engine, "12:00") as first:
        wait_for(lambda: "a" in [row["job"] for row in home.engine.rows if row["outcome"]])
        with ticking(home.engine, "12:05"):
            wait_for(lambda: "b" in dict(records.active_runs(home.engine.state)))
            (tmp_path / "here").touch()
            first.join(60)
            assert first.exitcode == 0
            (tmp_path / "there").touch()
    home.ticks(12, 6)

    assert [row["outcome"] for row in home.engine.rows if row["job"] == "a"] == ["failed", "failed"]
