"""One sequence from its operations to what is wrong."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.torture import rules
from tests.torture.operations import Operation
from tests.torture.process import preload
from tests.torture.world import World


def check(operations: Sequence[Operation], within: Path) -> list[str]:
    """Carry out a sequence in a new folder inside `within`; return what does not hold."""
    preload()
    folder = Path(tempfile.mkdtemp(dir=within))
    try:
        world = World(folder)
        for operation in operations:
            world.happen(operation)
        settled_from = len(world.moments) + 1
        world.settle()
        return rules.problems(world, settled_from)
    finally:
        shutil.rmtree(folder)
