"""A power cut at any moment of a command: nothing unreadable, lost, or run twice unmarked."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.builders import needs, soak
from tests.powercut.disk import Disk
from tests.powercut.recording import record
from tests.torture import rules
from tests.torture.operations import Advance, Configure, JobPlan, Operation, Ticks
from tests.torture.process import preload
from tests.torture.world import Exit, Moment, World

EACH_MINUTE = JobPlan("ok", "* * * * *", "latest", 0)
KNOWN: list[Operation] = [Configure("a", EACH_MINUTE), Ticks((None,))]
SCENES: dict[str, tuple[Sequence[Operation], tuple[str, ...]]] = {
    "the first tick": ([Configure("a", EACH_MINUTE)], ("run",)),
    "a run that succeeds": ([*KNOWN, Advance(180)], ("run",)),
    "a run that fails and is retried": (
        [Configure("a", JobPlan("fails", "*/5 * * * *", "latest", 1)), *KNOWN[1:], Advance(300)],
        ("run",),
    ),
    "two runs at once": (
        [*KNOWN[:1], Configure("b", EACH_MINUTE), *KNOWN[1:], Advance(60)],
        ("run",),
    ),
    "all of an outage": (
        [Configure("a", JobPlan("ok", "0 * * * *", "all", 0)), *KNOWN[1:], Advance(3 * 3600)],
        ("run",),
    ),
    "the first tick of a day": ([*KNOWN, Advance(12 * 3600)], ("run",)),
    "after a tick that was killed": ([*KNOWN, Advance(60), Ticks((60,)), Advance(60)], ("run",)),
    "an edit": ([*KNOWN, Configure("a", None), Advance(60)], ("run",)),
    "a tick with nothing to do": ([*KNOWN, Advance(20)], ("run",)),
    "a pause": ([*KNOWN, Advance(60)], ("pause", "a", "--for", "1h")),
    "a rebuilt state": ([*KNOWN, Advance(60), Ticks((None,))], ("state", "rebuild")),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.slow
def test_no_power_cut_loses_or_repeats_a_run(tmp_path: Path, scene: str) -> None:
    needs.programs("strace")
    operations, words = SCENES[scene]
    folder = tmp_path / "home"
    folder.mkdir()
    preload()
    world = World(folder)
    for operation in operations:
        world.happen(operation)
    disk = Disk(folder)
    disk.steps = record(folder, world.now, *words)
    cuts = list(disk.cuts())
    chosen = random.Random(scene).sample(cuts, min(soak.count(3, len(cuts)), len(cuts)))

    for cut in chosen:
        disk.make(cut)
        after = World(folder)
        after.jobs, after.now = dict(world.jobs), world.now
        after.moments = [*world.moments, _interrupted(world, words)]
        after.settle()
        settled_from = len(world.moments) + 2
        wrong = rules.problems(after, settled_from, power_cut=True, damaged=disk.damages(cut))
        assert (cut, wrong) == (cut, [])


def _interrupted(world: World, words: tuple[str, ...]) -> Moment:
    """Return the moment of a tick, or of a command, of which nothing is known."""
    return Moment(Ticks((0,)), world.now, dict(world.jobs), (Exit(words, -9, ""),))
