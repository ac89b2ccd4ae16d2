"""The shifted clock that the tests themselves can be run under."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders import needs

pytestmark = pytest.mark.slow

DAY = 24 * 60 * 60
LOOK = """\
import json, os, subprocess, sys, threading, time
path = sys.argv[1]
open(path, "w").close()
facts = {"now": time.time(), "made": os.stat(path).st_mtime}
begun = time.monotonic()
time.sleep(0.2)
threading.Event().wait(0.2)
facts["waited"] = time.monotonic() - begun
facts["monotonic"] = time.monotonic()
facts["boottime"] = time.clock_gettime(time.CLOCK_BOOTTIME)
os.utime(path)
facts["touched"] = os.stat(path).st_mtime
os.utime(path, ns=(1, 1_700_000_000_123_456_789))
facts["set"] = os.stat(path).st_mtime_ns
look = ["stat", "--format=%Y", path]
facts["set for others"] = int(subprocess.run(look, capture_output=True, env={}).stdout)
facts["child"] = int(subprocess.run(["env", "-i", "date", "+%s"], capture_output=True).stdout)
print(json.dumps(facts))
"""


@pytest.mark.parametrize(("shift", "days"), [("+400d", 400), ("-259200s", -3)])
def test_clock_and_file_times_are_shifted_and_durations_are_not(
    tmp_path: Path, shift: str, days: int
) -> None:
    now = time.time() + days * DAY

    facts = under(shift, sys.executable, "-c", LOOK, str(tmp_path / "file"))

    assert now <= facts["now"] <= facts["touched"] <= now + DAY
    assert int(now) <= facts["child"] <= now + DAY
    assert now - 1 <= facts["made"] <= now + DAY
    assert (facts["set"], facts["set for others"]) == (1_700_000_000_123_456_789, 1_700_000_000)
    assert facts["waited"] >= 0.4
    assert facts["monotonic"] <= time.monotonic()
    assert facts["boottime"] <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_the_clock_can_begin_at_an_instant() -> None:
    began = under("2026-12-31T23:59:58", "date", "-u", "+%s")

    assert 1_798_761_598 - 1 <= began < 1_798_761_598 + DAY


def test_the_exit_code_is_that_of_the_command() -> None:
    assert clock("+1d", "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize("words", [[], ["+1d"], ["tomorrow", "date"]])
def test_what_cannot_be_understood_is_refused(words: list[str]) -> None:
    assert clock(*words).returncode == 2


def under(shift: str, *command: str) -> Any:
    answer = clock(shift, *command)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def clock(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tests.clock`."""
    needs.libfaketime()
    needs.programs("cc")
    return subprocess.run(
        [sys.executable, "-m", "tests.clock", *words],
        cwd=needs.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
