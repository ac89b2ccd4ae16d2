"""A clock that is two days back for one tick, while a run goes on that it has begun before."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders.beside import wait_for
from tests.torture.operations import Advance, Configure, JobPlan, Ticks
from tests.torture.process import preload
from tests.torture.world import SCRIPT, World

WAITING = SCRIPT.replace("sleep 0.1", "while [ ! -e go ]; do sleep 0.05; done")


@pytest.mark.slow
def test_a_run_that_goes_on_meanwhile_is_not_repeated(tmp_path: Path) -> None:
    preload()
    world = World(tmp_path)
    (tmp_path / "job.sh").write_text(WAITING)
    for operation in (
        Configure("a", JobPlan("slow", "*/15 * * * *", "latest", 0)),
        Ticks((None,)),
        Advance(900),
    ):
        world.happen(operation)
    tick, right = world._start(("run",)), world.now
    wait_for(lambda: bool(world.ran))

    world.now = right - timedelta(days=2)
    world.happen(Ticks((None,)))
    world.now = right + timedelta(minutes=1)
    world.happen(Ticks((None,)))
    (tmp_path / "go").touch()
    assert world._wait(tick, ("run",)).code == 0
    for minutes in (2, 3):
        world.now = right + timedelta(minutes=minutes)
        world.happen(Ticks((None,)))

    assert [words[0] for words in world.ran] == ["start", "end"]
    missed = [event for event in world.events if event["event"] == "missed"]
    assert [(event["last"], event["cause"]) for event in missed] == [
        ("2027-06-01T12:00:00Z", "still running")
    ]
