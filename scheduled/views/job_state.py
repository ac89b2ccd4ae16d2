"""What is special about a job now, in a word or two: for the table of `list` and `status`."""

from rich.text import Text

from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.planning.finished import Finish
from scheduled.views import finished_jobs, jobs
from scheduled.views.snapshot import Snapshot

STYLES = {
    "package gone": "red",
    "suspended": "red",
    "failed": "red",
    "paused": "yellow",
    "cancelled": "yellow",
    "retrying": "yellow",
    "deferred": "yellow",
    "skips one": "yellow",
    "waiting": "yellow",
    "running": "cyan",
}


_WAITS = "waits for "


def styled(words: str) -> Text:
    """Return the words in their colour."""
    style = "yellow" if words.startswith(_WAITS) else STYLES.get(words, "")
    return Text(words, style)


def state(snapshot: Snapshot, job: Job) -> str:
    """Return what keeps a job from running at its times, or makes it run at others; '' if nothing.

    The gravest counts.
    """
    memory = snapshot.record(job.id)
    if memory.cancelled is not None:
        return "cancelled"
    if memory.suspended:
        return "suspended"
    if job.id in snapshot.running:
        return "running"
    if not decide.is_enabled(job, memory):
        return "inactive" if job.source in (builtin.INACTIVE, builtin.ON_REQUEST) else "disabled"
    if memory.pause is not None and memory.pause.covers(snapshot.now):
        return "paused"
    word = jobs.status(job, memory, snapshot.entry(job.id))
    if word in ("COMPLETE", "FAILED", "CANCELLED"):
        return {"COMPLETE": "done", "FAILED": "failed", "CANCELLED": "skipped"}[word]
    done = finished_jobs.of(snapshot, job)
    if done is not None and decide.is_enabled(job, memory):
        return "ended" if done.why is Finish.ENDS else "done"
    return _waits(snapshot, job)


def _waits(snapshot: Snapshot, job: Job) -> str:
    """Return what a job that is at work waits for, or will leave out; '' if nothing."""
    memory = snapshot.record(job.id)
    if memory.deferral is not None:
        return "deferred"
    if memory.retry is not None:
        return "retrying"
    if snapshot.blocker(job) is not None:
        return "waiting"
    if (held := snapshot.mutex(job)) is not None:
        return f"{_WAITS}{' or '.join(held[1])}"
    if snapshot.lack_of_place(job):
        return f"{_WAITS}{job.executor}"
    return "skips one" if memory.skip is not None and memory.skip > snapshot.now else ""
