"""What a tick makes of the files that the proxy of a run elsewhere has left behind."""

import errno
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from scheduled.jobs.model import Outcome
from scheduled.runs.executors import answer, ending_elsewhere, lease
from scheduled.runs.executors.answer import Answer
from scheduled.runs.exit_file import ExitStatus

WHERE = {"executor": "nas", "host": "there"}
KILLED = ExitStatus(-signal.SIGKILL)
FACTS = {"duration": timedelta(seconds=1)}
FULL = ExitStatus(ending_elsewhere.NO_ROOM + errno.ENOSPC)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "run.log"


def nothing(_output: Path) -> None:
    """It was killed before it could write anything."""


def reserved(output: Path) -> None:
    answer.reserve(answer.path_of(output))


def begun(output: Path) -> None:
    reserved(output)
    lease.begin(lease.path_of(output), lease.Lease.begun(30.0, 8.0, WHERE))


def damaged(output: Path) -> None:
    begun(output)
    lease.path_of(output).write_text('{"seconds": 45')


def half_answered(output: Path) -> None:
    begun(output)
    answer.path_of(output).write_text('{"exit_code": 0}')


def answered(output: Path) -> None:
    reserved(output)
    answer.write(answer.path_of(output), Answer(3, where=WHERE))


@pytest.mark.parametrize(
    ("leave", "status", "expected"),
    [
        (nothing, ExitStatus(None, failure="nothing was started"), None),
        (nothing, KILLED, Answer(not_now=ending_elsewhere.NEVER_SENT)),
        (reserved, KILLED, Answer(not_now=ending_elsewhere.NEVER_SENT)),
        (nothing, FULL, Answer(not_now=f"FOLDER: {os.strerror(errno.ENOSPC).lower()}")),
        (reserved, ExitStatus(1), Answer(failure="its proxy failed with exit code 1;", where={})),
        (begun, ExitStatus(1), Answer(failure="its proxy failed with exit code 1;", where=WHERE)),
        (begun, KILLED, Answer(lost=ending_elsewhere.KILLED, where=WHERE)),
        (damaged, KILLED, Answer(lost=ending_elsewhere.KILLED, where={})),
        (half_answered, KILLED, Answer(lost=ending_elsewhere.KILLED, where=WHERE)),
        (answered, ExitStatus(0), Answer(3, where=WHERE)),
        (answered, KILLED, Answer(3, where=WHERE)),
    ],
)
def test_what_is_left_says_what_became_of_a_run(
    output: Path, leave: Callable[[Path], None], status: ExitStatus, expected: Answer | None
) -> None:
    leave(output)

    found = ending_elsewhere.answer(output, status)

    if found is not None and found.failure:
        found = found._replace(failure=found.failure.partition(" its output")[0])
    if expected is not None and expected.not_now.startswith("FOLDER"):
        expected = Answer(not_now=expected.not_now.replace("FOLDER", str(output.parent)))
    assert found == expected


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"seconds": Infinity, "where": {}, "beat": 1, "boot_id": ""}']
)
def test_a_damaged_lease_lasts_as_long_as_any_and_no_longer(output: Path, text: str) -> None:
    begun(output)
    path = lease.path_of(output)
    path.write_text(text)
    assert lease.LONGEST_SECONDS - 60 < lease.seconds_left(path) <= lease.LONGEST_SECONDS

    written = path.stat().st_mtime - lease.LONGEST_SECONDS
    os.utime(path, (written, written))
    assert lease.seconds_left(path) == 0
    path.unlink()
    assert lease.read(path) is None


@pytest.mark.parametrize("stop", ["", "timeout", "cancelled"])
def test_a_run_that_somebody_stopped_is_neither_lost_nor_put_off(stop: str) -> None:
    off = ending_elsewhere.judge(Answer(not_now="no worker"), stop, 5, FACTS)
    lost = ending_elsewhere.judge(Answer(lost="the connection was lost"), stop, 5, FACTS)

    assert (off is None) == (stop == "cancelled")  # a timeout may pass before anything started
    if off is not None:
        assert (off.outcome, off.not_now, off.is_unstarted) == (Outcome.SKIPPED, True, True)
        why = "its `timeout` of 5 s was over before it was connected" if stop else "no worker"
        assert off.reason == why
    assert (lost is None) == bool(stop)
    if lost is not None:
        assert (lost.outcome, lost.error) == (Outcome.INTERRUPTED, "the connection was lost")
    assert ending_elsewhere.judge(Answer(0), stop, 5, FACTS) is None
