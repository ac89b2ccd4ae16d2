"""Whether jobs whose ids permit them little are held to that."""

from collections.abc import Iterator

from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, advised, error, warning


def limits(facts: Facts) -> Iterator[Finding]:
    """Whether there are jobs that run without their limits, or cannot run with them."""
    for job in facts.unlimited:
        yield warning(
            f"{job} runs without limits, as it did before there were permissions; its next change"
            " ends that, and so does `permissions: {}` in the configuration",
            f"{facts.command} show {job}",
        )
    for job, reason in facts.refused:
        yield error(f"{job}: {reason}", advised(reason, f"{facts.command} why {job}"))
