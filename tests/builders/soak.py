"""Counts that are a sample in the suite and whole under `make soak`.

A test that repeats something, or lets hypothesis make examples, takes its number from here:

    @settings(max_examples=soak.count(100, 5000))
    def test_no_crontab_breaks_the_importer(...)

    for seed in range(soak.count(20, 1000)):

`make soak` sets SCHEDULED_TEST_SOAK=1; only this module reads it. What is no test (a script with
counts of its own) is a step in .ci/run, which knows by the word `whole` that it is run for it.
"""

import os

SOAK = os.environ.get("SCHEDULED_TEST_SOAK") == "1"
"""Whether the tests are run in their long form, which may take hours."""


def count(sample: int, whole: int) -> int:
    """Return how often a test repeats something: `whole` under `make soak`, else `sample`."""
    return whole if SOAK else sample


def some(first: str, *others: str) -> tuple[str, ...]:
    """Return the cases of a test that takes minutes: all under `make soak`, else the first."""
    return (first, *others) if SOAK else (first,)
