"""Where nothing can be started the scheduled time stays due, and nothing is recorded as failed."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduled.runs import keeper
from scheduled.ticks.report import Exit
from tests.builders.asked import lines
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job


@contextmanager
def no_file(engine: Engine, _: pytest.MonkeyPatch) -> Iterator[None]:
    """No output can be created: there is a file where its directory should be."""
    folder = engine.state_dir / "runs" / "backup"
    folder.parent.mkdir()
    folder.touch()
    yield
    folder.unlink()


@contextmanager
def no_descriptor(_: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Not one more file can be opened when the keeper is to be started."""
    start, before = keeper.start, resource.getrlimit(resource.RLIMIT_NOFILE)

    def start_with_none(order: keeper.Order) -> keeper.Kept:
        lowest = os.open("/", os.O_RDONLY)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
        try:
            return start(order)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    with monkeypatch.context() as patched:
        patched.setattr(keeper, "start", start_with_none)
        yield


@contextmanager
def no_process(_: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process can be forked."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", _failing(errno.EAGAIN))
        yield


@contextmanager
def no_second_process(_: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A keeper can be forked, and its job cannot."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_spawn", _failing(errno.ENOMEM))
        yield


def _failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


SHORTAGES = [no_file, no_descriptor, no_process, no_second_process]


@pytest.mark.parametrize("shortage", SHORTAGES)
def test_h10_what_could_not_be_started_stays_due_and_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shortage: Any
) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out")])
    engine.run_at("11:30")

    with shortage(engine, monkeypatch):
        report = engine.run_at("12:00")
    engine.run_at("12:01")

    assert report.exit_code == Exit.TEMPORARY
    (warning,) = report.warnings
    assert warning.startswith("backup: ")
    assert [reason for name, reason in report.not_started if name == "backup"] != []
    assert outcomes(engine.rows) == [("12:00", None), ("12:00", "succeeded")]
    assert [row["attempt"] for row in engine.rows] == [1, 1]
    assert engine.lines() == ["x"]


@pytest.mark.parametrize("shortage", SHORTAGES)
def test_h10_nothing_stays_open_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shortage: Any
) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out")])
    engine.run_at("11:30")
    before = os.listdir("/proc/self/fd")

    with shortage(engine, monkeypatch):
        engine.run_at("12:00")

    assert os.listdir("/proc/self/fd") == before


def test_h10_what_could_not_be_started_is_not_said_by_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:30")

    with no_process(engine, monkeypatch):
        engine.run_at("12:00")

    answer = "\n".join(lines(engine, "12:00:30"))
    assert "it could not be started: no process can be started: " in answer
    assert "the job said not now" not in answer


def test_h10_what_the_job_itself_lacks_is_its_failure(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=("/no/such/program",))])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert (report.exit_code, outcomes(engine.rows)) == (Exit.FAILED, [("12:00", "failed")])
