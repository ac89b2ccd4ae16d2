"""The file in which a keeper writes how its run ended."""

import os
from pathlib import Path

import pytest

from scheduled.runs import exit_file
from scheduled.runs.exit_file import ExitStatus
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.kept import begun, exit_path


@pytest.mark.parametrize(
    "status",
    [
        ExitStatus(0, 1.5, 0.25, 10_000_000),
        ExitStatus(-9, 0.0, None, None, is_stopped=True),
        ExitStatus(None, failure="no such file", is_shortage=True),
    ],
)
def test_a6_a_file_is_read_as_it_was_written_or_not_at_all(status: ExitStatus) -> None:
    data = exit_file.encode(status)

    assert exit_file.decode(data) == status
    assert [exit_file.decode(data[:length]) for length in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\0" * 100,
        b"null\n",
        b"[]\n",
        b"{}\n",
        b'{"exit_code": "0", "duration_seconds": 1, "cpu_seconds": 1, "max_rss_bytes": 1}\n',
        b'{"exit_code": true, "duration_seconds": 1, "cpu_seconds": 1, "max_rss_bytes": 1}\n',
        b'{"exit_code": 0, "duration_seconds": -1, "cpu_seconds": 1, "max_rss_bytes": 1}\n',
        b'{"exit_code": 0, "duration_seconds": NaN, "cpu_seconds": 1, "max_rss_bytes": 1}\n',
        b'{"exit_code": null, "duration_seconds": 1, "cpu_seconds": 1, "max_rss_bytes": 1}\n',
        b"[" * 50_000 + b"\n",
    ],
)
def test_a6_what_no_keeper_wrote_is_no_exit_file_and_stops_no_tick(
    tmp_path: Path, content: bytes
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *begun(engine))
    exit_path(engine).write_bytes(content)

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a6_nothing_but_a_plain_file_is_read(tmp_path: Path, kind: str) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")
    engine.record("12:00", *begun(engine))
    if kind == "pipe":
        os.mkfifo(exit_path(engine))
    else:
        (tmp_path / "elsewhere").write_bytes(exit_file.encode(ExitStatus(0)))
        exit_path(engine).symlink_to(tmp_path / "elsewhere")

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]


def test_a6_a_tick_that_lives_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exit_file, "write", full)
    engine = Engine(tmp_path, [job(command="exit 3")])
    engine.run_at("11:30")

    assert [row["error"] for row in engine.run_at("12:00").failed] == ["exit code 3"]
