"""Stable choices: always the same for one machine and job, and spread."""

import subprocess
import sys
from collections import Counter

from scheduled.timing import hashed


def test_the_same_seed_draws_the_same_number_in_any_process() -> None:
    script = (
        "from scheduled.timing import hashed\n"
        "print(hashed.stable_choice('machine job', 'minute', 60))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }

    assert outputs == {f"{hashed.stable_choice('machine job', 'minute', 60)}\n"}
    assert (
        hashed.stable_choice("machine job", "minute", 60) == 8
    )  # for what is in people's state files


def test_many_seeds_spread_over_all_there_is() -> None:
    counts = Counter(
        hashed.stable_choice(f"machine job{number}", "minute", 60) for number in range(6000)
    )

    assert len(counts) == 60
    assert max(counts.values()) < 2 * min(counts.values())


def test_purposes_of_one_seed_are_drawn_apart() -> None:
    pairs = {
        (
            hashed.stable_choice(f"job{number}", "minute", 24),
            hashed.stable_choice(f"job{number}", "hour", 24),
        )
        for number in range(500)
    }

    assert len(pairs) > 250
