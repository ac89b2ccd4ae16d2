"""Jobs that will not run any more by themselves: what is said of them, and which are listed."""

from collections.abc import Iterator
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import may_finish
from scheduled.planning.finished import Finish, Finished, finished, is_hidden
from scheduled.quick_classes import replace
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.views.format import counted
from scheduled.views.snapshot import Snapshot


def of(snapshot: Snapshot, job: Job) -> Finished | None:
    """Return since when a job is finished, and why; None if it is not."""
    if not may_finish(job):
        return None  # as of nearly every job
    last = snapshot.entry(job.id).get("last")
    ended = parse_utc(last.get("finished_at")) if isinstance(last, dict) else None
    return finished(job, snapshot.record(job.id), ended, snapshot.now)


def without_hidden(snapshot: Snapshot) -> tuple[Snapshot, list[str]]:
    """Return the snapshot without jobs that are finished for longer than `keep`, and these."""
    gone = [job.id for job in snapshot.jobs if is_hidden(job, of(snapshot, job), snapshot.now)]
    if not gone:
        return snapshot, gone
    hidden = {*gone}
    shown = tuple(job for job in snapshot.jobs if job.id not in hidden)
    return replace(snapshot, jobs=shown), gone


def not_listed(hidden: list[str]) -> str:
    """Return the line below a list that leaves out finished jobs."""
    are = "is" if len(hidden) == 1 else "are"
    return (
        f"{counted(len(hidden), 'finished job')} {are} not listed: `scheduled list --all` lists"
        " them, `scheduled config prune` removes them."
    )


def row(done: Finished | None) -> dict[str, Any] | None:
    """Return since when a job is finished, for `--json`; None if it is not."""
    return None if done is None else {"since": format_utc(done.since), "why": done.why.value}


def rows(snapshot: Snapshot, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the finished jobs that are still listed, or all, the last first, for `--json`."""
    found = [(job, of(snapshot, job)) for job in snapshot.jobs]
    listed = [
        {"job": job.id, **(row(done) or {})}
        for job, done in found
        if done is not None and (every or not is_hidden(job, done, snapshot.now))
    ]
    return sorted(listed, key=lambda each: (each["since"], each["job"]), reverse=True)


def sentences(snapshot: Snapshot, job: Job) -> Iterator[str]:
    """Yield that a job is finished, why, and what makes it go on."""
    done = of(snapshot, job)
    if done is None:
        return
    since = snapshot.time_and_distance(done.since)
    match done.why:
        case Finish.ONCE:
            yield f"finished since {since}: it runs once"
        case Finish.ENDS:
            yield f"finished since {since}: its `ends` is {job.ends.replace('T', ' ')}"
        case Finish.MAX_RUNS:
            yield (
                f"finished since {since}: it has had {counts(snapshot, job)} (max_runs);"
                f" `scheduled enable {job.id}` counts anew"
            )


def counts(snapshot: Snapshot, job: Job) -> str:
    """`3 of 5 runs`."""
    return f"{snapshot.record(job.id).run_count} of {counted(job.max_runs or 0, 'run')}"
