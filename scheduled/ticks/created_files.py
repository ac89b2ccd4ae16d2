"""The file of a job that runs once, with `delete_after_success`: deleted when that has succeeded.

The end of the run is on disk by then, and so is that the file is deleted, before it is; a tick that
is killed in between leaves that to the next one. Nothing else of a configuration is ever changed by
a tick.
"""

from collections.abc import Iterable

from scheduled.config import created_files
from scheduled.errors import ScheduledError
from scheduled.jobs.model import Job
from scheduled.planning import finished, registration
from scheduled.state import created_events
from scheduled.ticks.context import TickContext
from scheduled.ticks.report import Report

SUCCEEDED = "delete_after_success: its only run has succeeded"


def delete(jobs: Iterable[Job], tick: TickContext, report: Report) -> None:
    """Delete the files of jobs whose only run has succeeded. What cannot be deleted is told."""
    for job in jobs:
        if job.delete_after_success and _has_succeeded(job, tick):
            try:
                _delete(job, tick, report)
            except ScheduledError as error:
                report.warnings.append(f"{job.id}: {error}")


def _has_succeeded(job: Job, tick: TickContext) -> bool:
    """Return whether the only run of a job is over, and never failed for good."""
    memory, entry = tick.memory(job.id), tick.store.state["jobs"].get(job.id, {})
    if not entry.get("created") or entry.get("failures") or memory.runs:
        return False
    if any(letter.get("job") == job.id for letter in tick.store.state["dead_letter"]):
        return False
    if not finished.is_over(job, memory) or any(
        job.id in other.after for other in tick.jobs.values()
    ):
        return False
    return memory.succeeded_slot is not None and memory.succeeded_slot == memory.watermark


def _delete(job: Job, tick: TickContext, report: Report) -> None:
    store = tick.store
    created = store.state["jobs"][job.id].get("created") or {}
    if created_files.problem(created):
        return  # somebody has changed it: it is theirs; `config prune` asks
    with store.locked():
        store.write(tick.clock(), created_events.file_deleted(job.id, **created, reason=SUCCEEDED))
        if reason := created_files.delete(created):
            report.warnings.append(f"{job.id}: its file is to be deleted and was not: {reason}")
            store.write(tick.clock(), created_events.file_kept(job.id, created["file"], reason))
        else:
            store.write(tick.clock(), *registration.unregister(job.id, store.state, tick.slots))
