"""`status` and `run --verbose` name the pings that fail, and nothing shows a URL."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduled.cli.main import main
from scheduled.ticks import tick
from tests.builders import ping_server
from tests.builders.configuration import written
from tests.builders.engine import Engine
from tests.builders.jobs import RARELY, at, job
from tests.builders.ping_server import PingServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PingServer]:
    with ping_server.running(tmp_path / "server") as running:
        yield running


def test_status_and_run_verbose_name_what_fails_and_nothing_shows_the_url(
    root: Path, server: PingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.be("500")
    written(
        root,
        f"ping: {server.url(1)}\njobs:\n  backup:\n    schedule: every 1m\n    first_run: now\n"
        f"    command: 'true'\n    ping: {{url: {server.url()}, start: false}}\n",
    )

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["--root", str(root), "--state-dir", str(root / "state"), *words])
        return (code, *capsys.readouterr())

    code, out, err = call("run", "--verbose")
    assert (code, err) == (0, "")
    assert "ping of backup: http://127.0.0.1" in out
    assert "ping of the tick: http://127.0.0.1" in out

    assert "pings fail: the tick (http" in call("status")[1]
    document = json.loads(call("status", "--json")[1])
    assert [row["job"] for row in document["pings"]] == [None, "backup"]
    assert all([*row] == ["job", "since", "at", "count", "reason"] for row in document["pings"])
    said = [
        call(*words)[1]
        for words in (
            ("status", "--json"),
            ("show", "backup"),
            ("show", "backup", "--json"),
            ("config", "show"),
            ("config", "show", "--json"),
            ("history", "--json"),
            ("list", "--json"),
        )
    ]
    assert [text for text in said if ping_server.CHECKS[0] in text] == []
    assert [text for text in said if ping_server.CHECKS[1] in text] == []


def test_with_a_ping_for_the_ticks_a_full_one_comes_every_ten_minutes(
    tmp_path: Path, server: PingServer
) -> None:
    engine = Engine(tmp_path, [job("rare", RARELY)], ping={"url": server.url()})
    tick.run(engine.config, at("12:00"), environ={}, arguments=["run"])
    hint = (engine.state_dir / "next-due").read_text()

    assert str(int(at("12:10").timestamp())) in hint
