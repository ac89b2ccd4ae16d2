"""Runs and ticks tell a server of Healthchecks; whatever it does, no job notices."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import failed_pings
from tests.builders import ping_server
from tests.builders.engine import Engine
from tests.builders.jobs import job
from tests.builders.ping_server import PingServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PingServer]:
    with ping_server.running(tmp_path / "server") as running:
        yield running


def ticked(tmp_path: Path, command: str, ping: dict[str, Any], **fields: Any) -> Engine:
    """Run a job once, at 12:00."""
    engine = Engine(tmp_path, [job("backup", command=command, ping=ping, **fields)])
    engine.run_at("11:30")
    engine.run_at("12:00")
    return engine


def failing(engine: Engine) -> list[tuple[str | None, str]]:
    return [(row["job"], row["reason"]) for row in failed_pings.load(engine.state_dir)]


def test_start_and_success_of_a_run_share_an_id(tmp_path: Path, server: PingServer) -> None:
    engine = ticked(tmp_path, "echo done", {"url": server.url()})

    start, success = server.pings()
    assert (start["kind"], success["kind"]) == ("start", "success")
    assert start["rid"] == success["rid"] != ""
    assert (start["body"], success["body"]) == ("", "done\n")
    assert success["agent"].startswith("scheduled/")
    assert failing(engine) == []
    engine.run_at("13:00")
    assert server.pings()[-1]["rid"] != start["rid"]


@pytest.mark.parametrize(
    ("command", "fields", "kind", "body"),
    [
        ("echo no; exit 3", {}, "3", "failed: exit code 3\nno\n"),
        ("exit 255", {}, "255", "failed: exit code 255"),
        ("echo fine; exit 3", {"success_codes": (3,)}, "success", "fine\n"),
        ("kill -9 $$", {}, "fail", "failed: "),
        ("echo slow; sleep 60", {"timeout": 0.5}, "fail", "timed out after "),
        ("exit 3", {"max_retries": 1, "retry_delay": 600.0}, "log", "failed: exit code 3; next"),
        ("exit 75", {}, "log", "not now: exit code 75"),
    ],
)
def test_the_end_of_a_run_is_told(
    tmp_path: Path, server: PingServer, command: str, fields: Any, kind: str, body: str
) -> None:
    ticked(tmp_path, command, {"url": server.url()}, **fields)

    assert server.kinds() == ["start", kind]
    assert server.pings()[1]["body"].startswith(body)


def test_a_program_that_does_not_exist_was_not_started(tmp_path: Path, server: PingServer) -> None:
    ticked(tmp_path, ("no-such-program",), {"url": server.url()})  # type: ignore[arg-type]

    assert [kind for kind in server.kinds() if kind == "start"] == []
    assert len(server.kinds()) == 1


def test_start_and_body_can_be_left_out_and_a_query_stays(
    tmp_path: Path, server: PingServer
) -> None:
    settings = {"url": f"{server.url()}/?create=1", "start": False, "body": None}
    ticked(tmp_path, "echo a; exit 1", settings)

    [ping] = server.pings()
    assert (ping["kind"], ping["body"]) == ("1", "")
    assert ping["query"].startswith("create=1&rid=")


def test_the_body_is_the_end_of_the_output_without_secrets(
    tmp_path: Path, server: PingServer
) -> None:
    secret = {"MY_TOKEN": "s3cr3t-token"}
    command = (
        "head -c 300000 /dev/zero | tr '\\0' 'x'; printf '\\377\\0';"
        f" echo $MY_TOKEN {server.url()}; echo the end; exit 2"
    )
    ticked(tmp_path, command, {"url": server.url()}, env=secret, max_output=1024 * 1024)

    ping = server.pings()[1]
    assert 99_000 < ping["size"] <= 100_000
    assert ping["body"].startswith("failed: exit code 2\nxxx")
    assert ping["body"].endswith("the end\n")
    assert "s3cr3t" not in ping["body"]
    assert ping_server.CHECKS[0] not in ping["body"]


def test_a_limit_of_the_body_holds(tmp_path: Path, server: PingServer) -> None:
    ticked(tmp_path, "seq 9999; exit 2", {"url": server.url(), "body": 1024})

    ping = server.pings()[1]
    assert ping["size"] <= 1024
    assert ping["body"].endswith("9998\n9999\n")


@pytest.mark.slow
def test_several_jobs_at_once_tell_their_own_checks(tmp_path: Path, server: PingServer) -> None:
    jobs = [job(f"job{n}", command=f"exit {n}", ping={"url": server.url(n)}) for n in range(1, 9)]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:30")
    engine.run_at("12:00")

    assert [server.kinds(n) for n in range(1, 9)] == [["start", str(n)] for n in range(1, 9)]
    assert len({ping["rid"] for n in range(1, 9) for ping in server.pings(n)}) == 8


@pytest.mark.slow
def test_where_threads_run_out_checks_share_one(
    tmp_path: Path, server: PingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def start_two(thread: threading.Thread) -> None:
        if threading.active_count() > 2:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    jobs = [job(f"job{n}", command=f"exit {n}", ping={"url": server.url(n)}) for n in range(1, 9)]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:30")
    engine.run_at("12:00")

    assert [server.kinds(n) for n in range(1, 9)] == [["start", str(n)] for n in range(1, 9)]
    assert failing(engine) == []


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("cut", "the connection was closed without an answer"),
        ("500", "answers 500 Internal Server Error"),
        ("OK (not found)", "answers OK (not found)"),
        ("OK (rate limited)", "answers OK (rate limited)"),
        ("hang", "no answer within 1 s"),
        ("gone", "refused"),
    ],
)
def test_what_a_server_does_is_noted_and_changes_no_run(
    tmp_path: Path, server: PingServer, mode: str, reason: str
) -> None:
    server.stop() if mode == "gone" else server.be(mode)
    limit = 1.0 if mode == "hang" else 60.0
    engine = ticked(tmp_path, "echo done", {"url": server.url(), "timeout": limit})

    [row] = [row for row in engine.rows if row["run_id"]]
    assert (row["outcome"], row["error"]) == ("succeeded", None)
    [(name, why)] = failing(engine)
    assert name == "backup"
    assert reason in why
    assert ping_server.CHECKS[0] not in json.dumps(failed_pings.load(engine.state_dir))


def test_a_ping_is_answered_by_its_code_however_slow_the_rest_is(
    tmp_path: Path, server: PingServer
) -> None:
    server.be("drip")
    engine = ticked(tmp_path, "true", {"url": server.url(), "timeout": 5})

    assert server.kinds() == ["start", "success"]
    assert failing(engine) == []


@pytest.mark.slow
def test_a_failed_ping_is_forgotten_once_one_is_answered(
    tmp_path: Path, server: PingServer
) -> None:
    server.be("500")
    engine = ticked(tmp_path, "true", {"url": server.url()})
    report = engine.run_at("13:00")
    [row] = failed_pings.load(engine.state_dir)
    assert row["count"] == 4
    assert datetime.fromisoformat(row["since"]) < datetime.fromisoformat(row["at"])
    assert all(note.startswith("ping of backup: http://127.0.0.1:") for note in report.notes)
    assert (report.exit_code, report.warnings) == (0, [])

    server.be("ok")
    assert engine.run_at("14:00").notes == []

    assert failing(engine) == []
    assert not (engine.state_dir / failed_pings.NOTE).exists()
    assert server.kinds() == ["start", "success"]  # none of the earlier ones is sent again


def test_a_url_that_does_not_exist_is_refused(tmp_path: Path, server: PingServer) -> None:
    engine = ticked(tmp_path, "true", {"url": f"http://127.0.0.1:{server.port}/secret-path"})

    [(_, why)] = failing(engine)
    assert why.endswith("/***: answers 404 Not Found")


def test_a_file_with_the_url_that_is_missing_is_named(tmp_path: Path) -> None:
    engine = ticked(tmp_path, "true", {"url_file": "nothing.ping"})

    [(_, why)] = failing(engine)
    assert why.startswith("url_file: ")
    assert "nothing.ping" in why


def test_the_url_may_come_from_a_file(tmp_path: Path, server: PingServer) -> None:
    (tmp_path / "backup.ping").write_text(server.url() + "\n")
    (tmp_path / "backup.ping").chmod(0o600)
    ticked(tmp_path, "true", {"url_file": "backup.ping"})

    assert server.kinds() == ["start", "success"]


def test_a_server_that_hangs_at_the_start_of_one_job_keeps_no_other_from_being_told(
    tmp_path: Path, server: PingServer
) -> None:
    server.be("hang at start")
    slow = job("slow", ping={"url": server.url(0), "timeout": 1.0})
    quick = job("quick", ping={"url": server.url(1), "start": False})
    engine = Engine(tmp_path, [slow, quick])
    engine.run_at("11:30")
    report = engine.run_at("12:00")

    assert {row["outcome"] for row in report.ran} == {"succeeded"}
    assert server.kinds(1) == ["success"]
    assert "ping of slow: no answer within 1 s" in report.notes


# ---------------------------------------------------------------- the tick itself


def test_each_full_tick_that_cron_calls_tells_its_check(tmp_path: Path, server: PingServer) -> None:
    jobs = [job("backup", command="exit 1")]
    engine = Engine(tmp_path, jobs, ping={"url": server.url()})
    engine.run_at("11:30")
    assert engine.run_at("12:00").exit_code == 1

    assert server.kinds() == ["success", "success"]
    assert server.pings()[1]["body"] == "1 ran, exit code 1"
    assert server.pings()[1]["rid"] == ""
    engine.run_at("12:01", only=("backup",), by_hand=True)
    assert len(server.pings()) == 2


def test_a_tick_with_a_broken_configuration_tells_that(tmp_path: Path, server: PingServer) -> None:
    engine = Engine(tmp_path, [job()], ping={"url": server.url()})
    engine.problems = ("scheduled.yaml:3: jobs.x: wrong",)
    engine.run_at("11:30")

    assert server.kinds() == ["2"]
