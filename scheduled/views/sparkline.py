"""The last runs of a job in a few characters: how each ended, and how long it took.

A success is a bar: as high as ever if it took as long as usual, twice the time is two steps more.
Everything else has the sign of its outcome, so no colour is needed to see it.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import median

from rich.text import Text

from scheduled.jobs.model import Outcome
from scheduled.state.history import Row
from scheduled.views import signs

RUNS = 12
"""So many runs are shown, the last ones."""
USUAL = 2
"""The bar of a run that took as long as usual."""
SHORT = 1.0
"""Seconds. What takes less differs by chance."""


def sparkline(rows: Sequence[Row]) -> Text:
    """Return a character for each of the last runs, oldest first."""
    rows = rows[-RUNS:]
    usual = _usual(rows)
    line = Text()
    for row in rows:
        line.append(_sign(row, usual), signs.STYLES.get(row["outcome"] or "", ""))
    return line


def legend(many: Iterable[Sequence[Row]]) -> str:
    """Return what the characters mean that were used; empty if none was."""
    outcomes = {row["outcome"] for rows in many for row in rows[-RUNS:]}
    if not outcomes:
        return ""
    words = [f"{signs.BARS[USUAL]} took as long as usual"] if Outcome.SUCCEEDED in outcomes else []
    by_sign: dict[str, list[str]] = {}
    for outcome in Outcome:
        if outcome in outcomes and outcome is not Outcome.SUCCEEDED:
            by_sign.setdefault(signs.SIGNS[outcome], []).append(outcome.value.replace("_", " "))
    words += [f"{sign} {' or '.join(names)}" for sign, names in by_sign.items()]
    return f"runs, oldest first: {', '.join(words)}"


def _usual(rows: Iterable[Row]) -> float:
    took = [
        row["duration_seconds"]
        for row in rows
        if row["outcome"] == Outcome.SUCCEEDED and row["duration_seconds"] is not None
    ]
    return max(median(took), SHORT) if took else SHORT


def _sign(row: Row, usual: float) -> str:
    if row["outcome"] != Outcome.SUCCEEDED:
        return signs.SIGNS.get(row["outcome"] or "", "?")
    share = max(row["duration_seconds"] or 0.0, SHORT) / usual
    return signs.BARS[min(len(signs.BARS) - 1, max(0, USUAL + round(2 * math.log2(share))))]
