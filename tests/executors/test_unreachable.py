"""An executor at which nothing can be started: how often that is tried, and who is told."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Job
from scheduled.state.document import empty
from scheduled.state.incident_entries import closed_incidents, open_incidents
from scheduled.state.store import Store
from scheduled.ticks import unreachable
from scheduled.timing.instants import minute_utc
from scheduled.views import answers, status
from scheduled.views.snapshot import Snapshot, observe
from tests.builders import ssh_server
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
    assert incident.last_error.startswith("nas: 2 jobs wait: ssh: connect to host 127.0.0.1 port 1")
    assert minute_utc(incident.since) == "2026-11-21 12:00 UTC"
    document = status.document(home.seen("13:01"))
    assert any("executor out of reach" in reason for reason in document["reasons"])
    home.comes()
    home.engine.run_at("13:02")

    assert open_incidents(home.engine.state) == {}
    assert [row["outcome"] for row in home.engine.rows].count("succeeded") == 2
    (closed,) = closed_incidents(home.engine.state)
    assert closed.end == "runs start there again, or none is due"


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


def put_off(since: str, at: str) -> Any:
    """What is remembered of a job that could not be started since then, and lately."""
    day = "2026-11-21T"
    return {"deferred": {"unstarted": True, "since": day + since, "at": day + at, "reason": "busy"}}


def test_a_busy_cluster_is_in_reach_and_a_resource_that_nobody_has_is_not(tmp_path: Path) -> None:
    jobs = [far("a"), far("b"), build("c", command="true", executor="nas", resources={"gpu": 2})]
    config = Engine(tmp_path, jobs, executors={"nas": {"kind": "dask"}}).config
    state = empty()
    waits = put_off("12:00:00Z", "13:01:00Z")
    begun: Any = {"run_id": "r", "slot": None, "started_at": "2026-11-21T12:30:00Z", "attempt": 1}
    state["jobs"].update({"a": waits, "b": {"open": begun}, "c": waits})

    found = unreachable.finding(state, config, {}, at("13:01"))
    assert found.since == at("12:00")
    assert found.text == "nas with 2 gpu: 1 job waits: busy"
    state["jobs"]["b"] = {}
    found = unreachable.finding(state, config, {}, at("13:01"))
    assert found.text == "nas: 1 job waits: busy\nnas with 2 gpu: 1 job waits: busy"
