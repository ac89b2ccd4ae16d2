"""What one measurement costs: seconds and peak memory of a process of its own."""

import math
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
ROOT = Path(__file__).parent.parent


class BenchError(Exception):
    """A measurement that cannot be made, or that did not measure what it was meant to."""


@dataclass(frozen=True)
class Cost:
    """The cost of something."""

    seconds: float
    peak: float
    """MiB."""


Measure = Callable[[], Cost]


def process(*words: str | Path, fails: bool = False) -> Cost:
    """Measure a whole process, from its start to its end, without its output.

    Raises BenchError if it ends with another exit code than 0, unless it normally `fails`.
    """
    return _launched(words, fails=fails)[0]


def work(function: str, *arguments: str | int | Path) -> Cost:
    """Measure the part of a process that counts: what `bench.work` times of `module:function`."""
    words = [sys.executable, "-m", "bench.work", function, *map(str, arguments)]
    cost, output = _launched(words)
    return Cost(float(output.split()[-1]), cost.peak)


def least(ours: Measure, theirs: Measure, blocks: int, turns: int) -> tuple[Cost, Cost]:
    """Measure both sides in turns: of each the least of the medians of several blocks.

    The median leaves out single hiccups, the least the blocks in which the machine was busy.
    """
    best = [Cost(math.inf, 0.0), Cost(math.inf, 0.0)]
    for _ in range(blocks):
        pairs = [(ours(), theirs()) for _ in range(turns)]
        for side, costs in enumerate(zip(*pairs, strict=True)):
            seconds = min(best[side].seconds, statistics.median(cost.seconds for cost in costs))
            peak = max(best[side].peak, *(cost.peak for cost in costs), 0.0)
            best[side] = Cost(seconds, peak)
    return best[0], best[1]


def found(program: str) -> str:
    """Return the path of a program. Raises BenchError if there is none."""
    path = shutil.which(program)
    if path is None:
        raise BenchError(f"{program}: not found in PATH, and it is what is compared with")
    return path


def _launched(words: Sequence[str | Path], *, fails: bool = False) -> tuple[Cost, str]:
    command = [sys.executable, "-I", "-S", LAUNCHER, *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, env=environ, text=True, check=False)
    said, _, measured = done.stderr.rpartition("\n")
    if done.returncode != 0:
        raise BenchError(f"{words[0]}: cannot be started: {done.stderr.strip()}")
    seconds, peak, status = measured.split()
    if status != "0" and not fails:
        raise BenchError(f"{' '.join(map(str, words))}: wait status {status}: {said.strip()}")
    return Cost(float(seconds), int(peak) / 1024), done.stdout
