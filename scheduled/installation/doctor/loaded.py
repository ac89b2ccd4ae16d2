"""Configuration and state, as they were read."""

from collections.abc import Iterator

from scheduled.installation.doctor.facts import Facts
from scheduled.installation.doctor.finding import Finding, error, warning


def configuration(facts: Facts) -> Iterator[Finding]:
    """Whether the configuration could be read as a whole."""
    remedy = f"{facts.command} config validate"
    yield from (error(problem, remedy) for problem in facts.problems)
    yield from (warning(sentence, remedy) for sentence in facts.warnings)


def state(facts: Facts) -> Iterator[Finding]:
    """Whether state and journal are whole."""
    yield from (error(damage, f"{facts.command} state check") for damage in facts.damages)
