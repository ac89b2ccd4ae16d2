"""A sample of the random sequences; `make torture N=10000` checks as many as are wanted."""

from pathlib import Path

import pytest

from tests.builders import soak
from tests.torture.check import check
from tests.torture.operations import sequence

PARTS = 12


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.slow
def test_every_slot_has_one_outcome_whatever_happens(tmp_path: Path, part: int) -> None:
    for seed in range(part, PARTS * soak.count(9, 834), PARTS):
        assert (seed, check(sequence(seed), tmp_path)) == (seed, [])
