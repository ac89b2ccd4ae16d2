"""Findings about several things at once: how these are listed, and when there is more to tell."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from scheduled.planning.incidents import Finding, Sign
from scheduled.state.incident_entries import Incident

NAMED = 9
"""So many of them are named: state, journal and messages repeat them."""

Known = Mapping[str, Incident]
"""The open incidents, by case."""


def listed(lines: Sequence[str], how_to_see_more: str = "") -> str:
    """Return the text of an incident about several things; of many it names the first."""
    more = [f"and {len(lines) - NAMED} more{how_to_see_more}"] if len(lines) > NAMED else []
    return "\n".join((*lines[:NAMED], *more))


def compared(
    finding: Finding, known: Known, subjects: Callable[[Iterable[str]], set[str]]
) -> Finding:
    """Return a finding as worse if one of its subjects is not among those that were told.

    Where only the first of many are named, that cannot be seen.
    """
    if finding.case not in known or finding.sign is not Sign.LASTS:
        return finding
    before, lines = known[finding.case].last_error.splitlines(), finding.text.splitlines()
    is_whole = max(len(before), len(lines)) <= NAMED
    is_worse = is_whole and subjects(lines) - subjects(before)
    return finding._replace(sign=Sign.WORSE) if is_worse else finding


def before_colon(lines: Iterable[str]) -> set[str]:
    """Return the subjects of lines that begin with them."""
    return {line.partition(": ")[0] for line in lines}
