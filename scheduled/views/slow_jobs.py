"""How long jobs usually take, and which of them take far longer now.

AICO's health calls a scheduler degraded when it is slow and leaves open what that is; here it is
three times as long as usual, and by so much that a person would notice. A job that stays slow
is no longer a finding after some nine runs: that is how long it usually takes then.
"""

from collections.abc import Iterator

from scheduled.planning.durations import is_far_longer, usual
from scheduled.views.format import taken
from scheduled.views.snapshot import Snapshot

NEWEST = 3
"""One slow run may be chance."""


def slow(snapshot: Snapshot) -> Iterator[str]:
    """Yield a sentence for each job that runs for far longer than usual, or has become slow."""
    for job in snapshot.jobs:
        durations = snapshot.entry(job.id).get("durations") or []
        is_running = job.id in snapshot.running
        runs = snapshot.record(job.id).runs.values() if is_running else ()
        if started := [run.started_at for run in runs]:
            elapsed = (snapshot.now - min(started)).total_seconds()
            if is_far_longer(elapsed, durations):
                yield f"{job.id} has been running for {taken(elapsed)}{_usual(durations)}"
        elif is_far_longer(min(durations[-NEWEST:], default=0.0), durations[:-NEWEST]):
            least = taken(min(durations[-NEWEST:]))
            before = _usual(durations[:-NEWEST])
            yield f"{job.id} has become slow: its last {NEWEST} runs took {least} or more{before}"


def _usual(durations: list[float]) -> str:
    return f", usually {taken(usual(durations))}"
