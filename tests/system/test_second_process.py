"""Half of the work in a second process: the result is the same, and nothing is left of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scheduled.system import second_process
from tests.builders.people import wait_for


def has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


@pytest.mark.parametrize(("processors", "expected"), [({3}, False), ({0, 1}, True)])
def test_it_is_of_use_where_we_may_use_two_processors(
    monkeypatch: pytest.MonkeyPatch, processors: set[int], expected: bool
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: processors)

    assert second_process.is_of_use() is expected


def test_each_process_does_its_half() -> None:
    mine, theirs = second_process.both(
        lambda: [os.getpid(), [1.5, None]], lambda: [os.getpid(), {"é\ud800": [1 << 70, -0.0]}]
    )

    assert mine == [os.getpid(), [1.5, None]]
    assert theirs[1] == {"é\ud800": [1 << 70, -0.0]}
    assert theirs[0] != os.getpid()
    assert not has_children()


@pytest.mark.parametrize("end", ["killed", "raised", "not to be handed over"])
def test_what_the_second_process_does_not_finish_is_done_here(end: str) -> None:
    parent = os.getpid()

    def second() -> list[object]:
        if os.getpid() != parent:
            if end == "killed":
                os.kill(os.getpid(), signal.SIGTERM)
            if end == "raised":
                raise RuntimeError
            return [object()]
        return ["done here"]

    assert second_process.both(list, second) == ([], ["done here"])
    assert not has_children()


def test_without_room_for_a_process_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", full)

    assert second_process.both(os.getpid, os.getpid) == (os.getpid(), os.getpid())


def test_an_error_is_raised_as_without_it_and_ends_the_second_process() -> None:
    def wrong() -> int:
        raise ValueError("wrong")

    def endless() -> int:
        time.sleep(60)
        return 0

    for first, second in ((wrong, endless), (os.getpid, wrong)):
        with pytest.raises(ValueError, match="wrong"):
            second_process.both(first, second)
        assert not has_children()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_process_that_needs_it(tmp_path: Path, number: int) -> None:
    told = tmp_path / "pid"
    script = f"""
import os, time
from scheduled.system import second_process
def second():
    with open({str(told)!r} + "~", "w") as stream:
        stream.write(str(os.getpid()))
    os.rename({str(told)!r} + "~", {str(told)!r})
    time.sleep(60)
second_process.both(lambda: time.sleep(60), second)
"""
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        assert wait_for(told.exists)
        os.kill(process.pid, number)

    assert wait_for(lambda: is_gone(int(told.read_text())))


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return True
    return state == "Z"  # ended, and waits for init to take note of it
