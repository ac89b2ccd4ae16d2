"""How long jobs usually take, and which of them take far longer now.

*Usually* is the median of the durations in which a job last succeeded; the state keeps a dozen.
AICO's health calls a scheduler degraded when it is slow and leaves open what that is; here it is
three times as long as usual, and by so much that a person would notice. A job that stays slow
is no longer a finding after some nine runs: that is how long it usually takes then.
"""

from collections.abc import Iterator

from scheduled.views.format import taken
from scheduled.views.snapshot import Snapshot

FACTOR = 3
NOTICED = 10.0
"""Seconds beyond the usual that nobody minds."""
ENOUGH = 5
"""Fewer durations than this do not show what is usual."""
NEWEST = 3
"""One slow run may be chance."""


def slow(snapshot: Snapshot) -> Iterator[str]:
    """Yield a sentence for each job that runs for far longer than usual, or has become slow."""
    for job in snapshot.jobs:
        durations = snapshot.entry(job.id).get("durations") or []
        started = [run.started_at for run in snapshot.record(job.id).runs.values()]
        if job.id in snapshot.running and started:
            elapsed = (snapshot.now - min(started)).total_seconds()
            if _is_slow(elapsed, durations):
                yield f"{job.id} has been running for {taken(elapsed)}{_usual(durations)}"
        elif _is_slow(min(durations[-NEWEST:], default=0.0), durations[:-NEWEST]):
            least = taken(min(durations[-NEWEST:]))
            usual = _usual(durations[:-NEWEST])
            yield f"{job.id} has become slow: its last {NEWEST} runs took {least} or more{usual}"


def _is_slow(seconds: float, before: list[float]) -> bool:
    if len(before) < ENOUGH:
        return False
    usual = _median(before)
    return seconds > FACTOR * usual and seconds > usual + NOTICED


def _usual(durations: list[float]) -> str:
    return f", usually {taken(_median(durations))}"


def _median(durations: list[float]) -> float:
    from statistics import median

    return median(durations)
