"""What a tick that has nothing to print does not do for that."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.command import BARE, options
from tests.builders.idle import full_ticks
from tests.builders.installed import WITHOUT_SWEEPS, configure

pytestmark = pytest.mark.slow

COUNTING = """\
import sys

def note(event, details):
    if event == "open" and str(details[0]).endswith("/scheduled_state.json"):
        print(details[0], file=sys.stderr)

sys.addaudithook(note)
from scheduled.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("job", ['a: {schedule: "0 0 1 1 *", command: "true", first_run: now}', ""])
def test_a_tick_reads_the_state_once(tmp_path: Path, job: str) -> None:
    configure(tmp_path, f"{WITHOUT_SWEEPS}  {job}\n")
    command = [sys.executable, "-X", "utf8", "-c", COUNTING, *options(tmp_path), "run"]
    subprocess.run(command, check=True, capture_output=True, env=BARE)
    (tmp_path / "scheduled.yaml").touch()

    done = subprocess.run(command, check=True, capture_output=True, text=True, env=BARE)

    assert (full_ticks(tmp_path), len(done.stderr.splitlines())) == (2, 1), done.stderr
