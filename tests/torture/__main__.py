"""Check random sequences: `python -m tests.torture [--count 10000] [--seed 1]`.

Sequences have the numbers from SEED on. One that fails is shortened and printed; with
`--count 1 --seed NUMBER` it can be seen again.
"""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.torture.check import check
from tests.torture.operations import sequence
from tests.torture.shrink import shrink


def main() -> int:
    """Check as many sequences as are wanted; 1 if any fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.count)
    failed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, (seed, wrong) in enumerate(
            zip(seeds, pool.map(problems_of, seeds), strict=True), 1
        ):
            if wrong:
                failed += 1
                print(f"\r\033[Ksequence {seed}:" if sys.stdout.isatty() else f"sequence {seed}:")
                print("\n".join(f"  {line}" for line in wrong), flush=True)
            if sys.stdout.isatty():
                print(f"\r{number} of {asked.count}, {failed} failed ", end="", flush=True)
    print(f"\r{asked.count} sequences, {failed} failed")
    return 1 if failed else 0


def problems_of(seed: int) -> list[str]:
    """Return what is wrong with a sequence and its shortest form; nothing if nothing is."""
    operations = sequence(seed)
    with tempfile.TemporaryDirectory(prefix="scheduled-torture-") as folder:
        wrong = check(operations, Path(folder))
        if not wrong:
            return []
        shortest = shrink(operations, lambda left: bool(check(left, Path(folder))))
    return [*wrong[:5], "shortest:", *map(str, shortest)]


if __name__ == "__main__":
    sys.exit(main())
