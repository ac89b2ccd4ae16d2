"""A run whose tick was killed, and whose job starts later than all ticks to come."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from tests.torture import rules
from tests.torture.operations import Advance, Configure, JobPlan, Ticks
from tests.torture.process import preload
from tests.torture.world import World

SECONDS = 3.0


@pytest.mark.slow
def test_the_ticks_that_settle_a_sequence_wait_for_it(tmp_path: Path) -> None:
    preload()
    world = World(tmp_path)
    for operation in (
        Configure("a", JobPlan("ok", "* * * * *", "latest", 0)),
        Ticks((None,)),
        Advance(60),
        Ticks((None,)),
    ):
        world.happen(operation)
    lock = tmp_path / "state" / "locks" / "a.lock"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        def end() -> None:
            time.sleep(SECONDS)
            fcntl.flock(held, fcntl.LOCK_UN)

        ending = threading.Thread(target=end)
        ending.start()
        world.happen(Advance(60))
        world.happen(Ticks((None,)))
        settled_from = len(world.moments) + 1
        world.settle()
        ending.join()

    assert rules.problems(world, settled_from) == []
