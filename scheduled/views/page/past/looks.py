"""How runs look, and how slots do that had none. Pure.

A look is an outcome, divided where a picture tells more: a success that came late, and slots that
nothing ran for because somebody wanted it so. All pictures and all words for them use these.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from scheduled.jobs.model import Outcome
from scheduled.state.history import Row


class Look(StrEnum):
    """How a run or a slot looks; also the class and the shape of its marks."""

    OK = "ok"
    LATE = "late"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    MISSED = "missed"
    HELD = "held"
    SKIPPED = "skipped"


ALL = tuple(Look)
"""In the order in which they are counted wherever they are."""
WORDS: Mapping[Look, str] = {
    Look.OK: "on time",
    Look.LATE: "late or after retries",
    Look.FAILED: "failed",
    Look.TIMED_OUT: "timed out",
    Look.INTERRUPTED: "interrupted",
    Look.MISSED: "missed",
    Look.HELD: "missed by choice",
    Look.SKIPPED: "skipped",
}
SUCCESSES = (Look.OK, Look.LATE)
TROUBLES = (Look.FAILED, Look.TIMED_OUT, Look.INTERRUPTED)
"""What ran and did not succeed."""
RUNS = (*SUCCESSES, *TROUBLES)
UNMET = (Look.MISSED, Look.HELD)
"""The slots that nothing ran for; `stats` counts them as missed."""
BY_CHOICE = (
    *("outside its window ", "paused", "deferred", "held back: ", "put off "),
    *("disabled", "removed "),
)
"""How the causes begin of slots that were missed because somebody wanted it so."""


def of(row: Row) -> Look:
    """Return how a row with an outcome looks."""
    match row["outcome"]:
        case Outcome.SUCCEEDED:
            return Look.LATE if row["catch_up"] or row["attempt"] > 1 else Look.OK
        case Outcome.MISSED:
            return Look.HELD if (row["reason"] or "").startswith(BY_CHOICE) else Look.MISSED
        case word:
            return Look(word or "")


def total(counts: Sequence[int], looks: Sequence[Look] = ALL) -> int:
    """Return how many of these looks were counted; `counts` stand in the order of ALL."""
    return sum(counts[ALL.index(look)] for look in looks)


def words(counts: Sequence[int]) -> str:
    """Return counts in words: `23 on time, 1 failed`; `nothing was due` for none."""
    parts = [f"{count:,} {WORDS[look]}" for look, count in zip(ALL, counts, strict=True) if count]
    return ", ".join(parts) or "nothing was due"
