"""Checks of the machines besides this one on which jobs run."""

import shlex
from collections.abc import Iterator

from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, error, warning

CLOCKS_APART = 60.0
"""Seconds; more make times in the output of jobs hard to compare."""


def answering(facts: Facts) -> Iterator[Finding]:
    """Whether each executor answers, and has the time and the versions of this machine."""
    for found in facts.executors:
        remedy = f"{facts.command} executors {shlex.quote(found.name)}"
        ahead = found.clock_ahead
        if found.problem:
            yield error(f"{found.name}: {found.problem}; its jobs wait until it answers", remedy)
        elif ahead is not None and abs(ahead) > CLOCKS_APART:
            way = "ahead of" if ahead > 0 else "behind"
            yield warning(f"{found.name}: its clock is {abs(ahead):.0f} s {way} this one", remedy)
        yield from (warning(f"{found.name}: {each}", remedy) for each in found.remarks)
