"""One row of the result: two costs and what is to be thought of their ratio."""

from dataclasses import dataclass
from typing import Any

from bench.cost import Cost, Measure, least

MORE_MEMORY = 1.2
"""Times the peak of version 0.1.0 that a row may need."""
EARLIER_PEAKS = {
    "idle tick by cron, few jobs": 8.4,
    "idle tick by script, few jobs": 10.9,
    "idle tick by cron, many jobs": 8.4,
    "idle tick by script, many jobs": 10.9,
    "idle tick by cron, job files": 10.7,
    "tick with one due command job, pass": 25.8,
    "tick with one due command job, imports": 25.8,
    "tick with one due handler job": 26.4,
    "tick with many due command jobs": 39.1,
    "job files cold": 61.9,
    "job files cached": 55.3,
    "planning": 45.0,
    "memory_rollover cold": 51.7,
    "memory_rollover warm": 50.9,
    "health cold": 67.5,
    "health warm": 69.7,
    "logs of a month, cold": 23.7,
    "logs of a month, warm": 21.7,
    "logs of one hour, cold": 34.8,
    "logs of one hour, warm": 35.8,
}
"""MiB that version 0.1.0 needed for a row, measured on 2026-11-29; where it has that row."""


@dataclass(frozen=True)
class Row:
    """A comparison of this program with another one, or with a floor."""

    name: str
    what: str
    ours: Cost
    against: str
    theirs: Cost
    target: float | None = None
    """The most that the ratio should be; None where it only informs."""
    earlier_peak: float | None = None
    """MiB that version 0.1.0 needed; None where that is not compared."""

    @property
    def ratio(self) -> float:
        """How many times the other side's cost this one's is."""
        return self.ours.seconds / self.theirs.seconds

    @property
    def verdict(self) -> str:
        """`met`, `missed by` the difference of the ratios, or nothing without a target.

        And whether it needs more memory than it may.
        """
        verdicts = []
        if self.target is not None:
            over = self.ratio - self.target
            verdicts.append("met" if over <= 0 else f"missed by {over:.2f}x")
        if self.earlier_peak is not None and self.ours.peak > MORE_MEMORY * self.earlier_peak:
            verdicts.append(f"peak missed, {self.ours.peak / self.earlier_peak:.2f}x of 0.1.0's")
        return "; ".join(verdicts)

    def document(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return {
            "name": self.name,
            "what": self.what,
            "ours_ms": round(self.ours.seconds * 1e3, 4),
            "against": self.against,
            "theirs_ms": round(self.theirs.seconds * 1e3, 4),
            "ratio": round(self.ratio, 4),
            "target": self.target,
            "verdict": self.verdict,
            "peak_mib": round(self.ours.peak, 1),
            "theirs_peak_mib": round(self.theirs.peak, 1),
            "earlier_peak_mib": self.earlier_peak,
        }


@dataclass(frozen=True)
class Effort:
    """How much is measured: the data in full, or just enough to see that it all works."""

    quick: bool = False

    def of(self, full: int, quick: int) -> int:
        """Return the one number or the other."""
        return quick if self.quick else full

    def row(
        self,
        name: str,
        what: str,
        ours: Measure,
        against: str,
        theirs: Measure,
        *,
        target: float | None = None,
        turns: int = 1,
        blocks: int = 5,
    ) -> Row:
        """Measure both sides, `turns` times a block, and return it as a row."""
        blocks, turns = self.of(blocks, 1), self.of(turns, 1)
        mine, others = least(ours, theirs, blocks, turns)
        return Row(name, what, mine, against, others, target, EARLIER_PEAKS.get(name))
