"""Ticks that are killed or stopped: what becomes of the pings of their runs, and of their own."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import OnInterrupted
from scheduled.state import heartbeat, records
from scheduled.state.heartbeat import Heartbeat
from scheduled.ticks import tick
from scheduled.ticks.context import TickContext
from scheduled.views.events import STARTUP, named
from tests.builders import ping_server
from tests.builders.beside import wait_for
from tests.builders.engine import Engine
from tests.builders.jobs import RARELY, at, job
from tests.builders.killed import wait_for_the_end_of
from tests.builders.ping_server import PingServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PingServer]:
    with ping_server.running(tmp_path / "server") as running:
        yield running


def started(engine: Engine, when: str) -> subprocess.Popen[bytes]:
    """Start a tick in a process of its own."""
    code = (
        "import os, pickle, sys\n"
        "from scheduled.ticks import tick\n"
        "config, now = pickle.load(sys.stdin.buffer)\n"
        "tick.run(config, now, environ={'PATH': os.environ['PATH']})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((engine.config, at(when))))
    process.stdin.close()
    return process


@pytest.mark.slow
def test_the_next_tick_tells_how_a_run_ended_whose_tick_was_killed(
    tmp_path: Path, server: PingServer
) -> None:
    command = "while ! test -e go; do sleep 0.02; done; exit 4"
    engine = Engine(tmp_path, [job("backup", command=command, ping={"url": server.url()})])
    engine.settings["ping"] = {"url": server.url(1)}
    engine.run_at("11:30")
    process = started(engine, "12:00")
    assert server.waited(1) == ["start"]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert server.kinds(1) == ["success"]  # that of 11:30: the killed tick's is missing

    (tmp_path / "go").touch()
    wait_for(lambda: any(engine.state_dir.glob("runs/backup/*.exit")))
    report = engine.run_at("12:05")

    assert server.kinds() == ["start", "4"]
    assert len({ping["rid"] for ping in server.pings()}) == 1
    assert [row["outcome"] for row in report.ran] == ["failed"]
    assert server.kinds(1) == ["success", "success"]


@pytest.mark.slow
@pytest.mark.parametrize("boundary", ["before", "after"])
def test_a_tick_that_is_killed_as_it_records_an_end_loses_no_ping(
    tmp_path: Path, server: PingServer, monkeypatch: pytest.MonkeyPatch, boundary: str
) -> None:
    ping = {"url": server.url()}
    engine = Engine(tmp_path, [job("backup", command="exit 3", ping=ping, schedule="0 12 * * *")])
    engine.run_at("11:30")
    write = TickContext.write_end

    def killed(*arguments: Any, **options: Any) -> None:
        if boundary == "after":
            write(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        monkeypatch.setattr(TickContext, "write_end", killed)
        try:
            engine.run_at("12:00")
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    engine.run_at("12:01")

    ends = {"before": ["3", "3"], "after": ["3"]}[boundary]  # twice rather than never
    assert sorted(server.waited(1 + len(ends))) == [*ends, "start"]  # of two ticks at once
    assert len({told["rid"] for told in server.pings()}) == 1
    assert [row["outcome"] for row in engine.rows if row["run_id"]] == ["failed"]


def test_a_killed_tick_does_not_tell_that_it_is_alive_and_the_next_says_since_when(
    tmp_path: Path, server: PingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        heartbeat,
        "read_clocks",
        lambda now: Heartbeat(now.timestamp(), now.timestamp(), now.timestamp(), "boot"),
    )
    engine = Engine(tmp_path, [job("backup", RARELY)], ping={"url": server.url()})
    engine.run_at("11:59")
    pid = os.fork()
    if pid == 0:
        killed: Any = lambda _tick: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
        monkeypatch.setattr(tick.Tick, "deliver", killed)
        try:
            engine.run_at("12:00")
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    report = engine.run_at("12:30")

    assert server.kinds() == ["success", "success"]
    [gap] = [event for event in engine.events if event["event"] == "gap"]
    assert (gap["from"], gap["to"]) == ("2026-11-21T12:00:00Z", "2026-11-21T12:30:00Z")
    assert [change.incident.kind for change in report.incidents] == ["no_ticks"]
    told = [data for event in engine.events for data in named(event)]
    starts = [data["at"] for data in told if data["event"] == STARTUP]
    assert starts == ["2026-11-21T11:59:00Z", "2026-11-21T12:30:00Z"]


@pytest.mark.slow
def test_a_run_that_was_killed_with_its_tick_is_told_as_failed(
    tmp_path: Path, server: PingServer
) -> None:
    ping = {"url": server.url()}
    kept = job("backup", command="sleep 60", ping=ping, on_interrupted=OnInterrupted.SKIP)
    engine = Engine(tmp_path, [kept])
    engine.run_at("11:30")
    process = started(engine, "12:00")
    assert server.waited(1) == ["start"]
    [run] = records.job_memory(engine.state, "backup").runs.values()
    assert run.pid is not None
    assert run.keeper is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pid in (run.keeper, run.pid):
        os.kill(pid, signal.SIGKILL)
    wait_for_the_end_of(run.pid)
    report = engine.run_at("12:05")

    assert server.kinds() == ["start", "fail"]
    assert [row["outcome"] for row in report.told] == ["interrupted"]


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "kind"), [("rerun", "log"), ("skip", "fail")])
def test_a_run_that_is_stopped_with_its_tick_is_told_as_failed_unless_it_runs_again(
    tmp_path: Path, server: PingServer, policy: str, kind: str
) -> None:
    fields: dict[str, Any] = {
        "ping": {"url": server.url()},
        "on_interrupted": OnInterrupted(policy),
    }
    engine = Engine(tmp_path, [job("backup", command="sleep 60", **fields)])
    engine.run_at("11:30")
    process = started(engine, "12:00")
    assert server.waited(1) == ["start"]

    process.send_signal(signal.SIGTERM)
    process.wait()

    assert server.kinds() == ["start", kind]
    assert server.pings()[1]["body"].startswith("interrupted: ")


@pytest.mark.slow
def test_what_sends_pings_holds_no_lock(tmp_path: Path, server: PingServer) -> None:
    server.be("hang")
    ping = {"url": server.url(), "timeout": 30.0}
    engine = Engine(tmp_path, [job("backup", schedule="* * * * *", ping=ping)])
    engine.run_at("11:30")
    process = started(engine, "11:31")
    wait_for(lambda: any(row["outcome"] == "succeeded" for row in engine.rows))
    process.send_signal(signal.SIGKILL)
    process.wait()

    engine.jobs = (job("backup", schedule="* * * * *"),)
    report = engine.run_at("11:32")

    assert [row["outcome"] for row in report.ran] == ["succeeded"]
