"""The runs that are due and have not started: what each waits for."""

from collections.abc import Iterable
from typing import Any

from scheduled.jobs.model import Job
from scheduled.planning.decision import Verdict
from scheduled.timing.instants import format_utc
from scheduled.timing.timezones import zone_info
from scheduled.views import pending
from scheduled.views.snapshot import Snapshot


def rows(snapshot: Snapshot, jobs: Iterable[Job], *, explain: bool = False) -> list[dict[str, Any]]:
    """Return the due run of each job that has one, the oldest first, as JSON has it.

    `explain` adds to each what a tick would do about it, in sentences.
    """
    found = [row for job in jobs if (row := _row(snapshot, job, explain=explain)) is not None]
    return sorted(found, key=lambda row: (row["slot"], row["job"]))


def _row(snapshot: Snapshot, job: Job, *, explain: bool) -> dict[str, Any] | None:
    decision = snapshot.decision(job)
    if decision.verdict is not Verdict.RUN or decision.slot is None or snapshot.runs(decision):
        return None
    row = {
        "job": job.id,
        "slot": format_utc(decision.slot),
        "local": decision.slot.astimezone(zone_info(job.timezone)).isoformat(),
        "note": next(pending.obstacles(snapshot, job, decision), "").removeprefix("it "),
    }
    if not explain:
        return row
    return row | {"explain": [*pending.sentences(snapshot, job, decision.slot, decision)]}
