"""What no stamp of a configuration file shows makes a tick a full one all the same."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduled import idle
from tests.builders.command import state_dir
from tests.builders.idle import full_ticks, idle_tick
from tests.builders.installed import configure

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("sign", ["BRANCH_REGISTRY.json", "AIPASS_REGISTRY.json", "AI_CENTRAL"])
def test_an_ecosystem_that_appears_is_noticed(tmp_path: Path, sign: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    idle_tick(home)
    idle_tick(home)
    before = full_ticks(home)

    if sign.endswith(".json"):
        (home / sign).write_text('{"branches": []}')
    else:
        (home / sign).mkdir()
    idle_tick(home)

    assert (before, full_ticks(home)) == (1, 2)


def test_a_job_file_that_is_refused_is_looked_at_again_within_minutes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "jobs").mkdir(parents=True)
    configure(home, "jobs: {}\n")
    job = home / "jobs" / "rare.yaml"
    job.write_text('id: rare\nschedule: "0 0 29 2 *"\ncommand: "true"\n')
    job.chmod(0o666)
    an_hour_ago = datetime.now(UTC).timestamp() - 3600
    for path in (home / "scheduled.yaml", job.parent, job):
        os.utime(path, (an_hour_ago, an_hour_ago))

    assert idle_tick(home) == 2

    hint = (state_dir(home) / idle.HINT).read_text().split("\n")
    assert float(hint[2]) - datetime.now(UTC).timestamp() < 11 * 60
