"""Programs with a time limit: how they end, and that nothing of them is left."""

import os
from pathlib import Path

import pytest

from scheduled.system import bounded
from scheduled.system.bounded import Ended, NotStartedError
from tests.builders import people

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def shell(script: str, seconds: float = 60) -> tuple[Ended, bytes]:
    pieces: list[bytes] = []
    ended = bounded.run(["/bin/sh", "-c", script], ENVIRONMENT, seconds, pieces.append)
    return ended, b"".join(pieces)


def test_what_it_prints_is_handed_over_and_its_complaints_are_kept_apart() -> None:
    assert shell("echo out; echo wrong >&2; exit 3") == (Ended(3, b"wrong\n"), b"out\n")


def test_of_long_complaints_the_end_is_kept() -> None:
    ended, _ = shell("yes complaint | head -c 100000 >&2; echo last >&2")

    assert len(ended.complaint) <= bounded.LONGEST_COMPLAINT
    assert ended.complaint.endswith(b"last\n")


def test_a_signal_is_told() -> None:
    assert shell("kill -9 $$")[0].code == -9


@pytest.mark.parametrize(
    "script",
    [
        "sleep 1000 & echo $! > {file}; wait",
        "setsid sleep 1000 & echo $! > {file}; wait",
        "exec >&- 2>&-; sleep 1000 & echo $! > {file}; wait",
        "trap '' TERM INT HUP; sleep 1000 & echo $! > {file}; while :; do wait; done",
    ],
)
def test_what_takes_too_long_is_ended_with_all_it_started(tmp_path: Path, script: str) -> None:
    file = tmp_path / "pid"

    ended, _ = shell(script.format(file=file), seconds=1)

    assert ended.code is None
    child = file.read_text().strip()
    assert people.wait_for(lambda: not os.path.exists(f"/proc/{child}/exe"))


def test_it_gets_no_environment_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s3cret")

    _, printed = shell("env")

    assert b"s3cret" not in printed
    assert b"PATH=/usr/bin:/bin\n" in printed


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotStartedError, match="no such file"):
        bounded.run(["/nowhere/at/all"], ENVIRONMENT, 1, print)
