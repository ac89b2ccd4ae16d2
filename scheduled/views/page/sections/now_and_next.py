"""What runs now, what does not run by choice, and the next run of each job."""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta

from scheduled.jobs.model import Job
from scheduled.planning.durations import usual
from scheduled.quick_classes import NamedTuple
from scheduled.state.records import ALL_JOBS
from scheduled.timing import window
from scheduled.timing.instants import parse_utc
from scheduled.views import due_runs, wording
from scheduled.views.page.facts import Facts

SHOWN = 12
"""More are there when asked for, ..."""
LATER = 500
"""... and so many at most."""
NAMED = 100
"""Of the jobs that do not run by choice, so many are named."""


class Running(NamedTuple):
    """A run in progress."""

    job: str
    since: datetime
    by_hand: bool
    elapsed: float
    usual: float | None
    """How many seconds it usually takes; None if that is not known."""
    end: datetime | None
    """When it ends if it takes as long as usual; None if it has taken longer already."""
    where: str = ""
    """On which other machine; empty for this one."""


class Held(NamedTuple):
    """A job, or all of them, that does not run by choice."""

    job: str
    """Empty: all jobs."""
    state: str
    until: datetime | None = None
    reason: str = ""


class Waiting(NamedTuple):
    """A job with a run that is due, and what it waits for."""

    job: str
    why: str


class Upcoming(NamedTuple):
    """The next run of a job."""

    job: str
    at: datetime
    usual: float | None
    is_waiting: bool = False


class NowAndNext(NamedTuple):
    """All of it."""

    running: tuple[Running, ...]
    waiting: tuple[Waiting, ...]
    held: tuple[Held, ...]
    disabled: tuple[str, ...]
    upcoming: tuple[Upcoming, ...]
    later: tuple[Upcoming, ...]
    left_out: int = 0
    """How many more there are."""
    not_named: int = 0
    """How many more do not run by choice."""
    not_shown: int = 0
    """How many more wait."""


def model(facts: Facts) -> NowAndNext:
    """Return what runs, what does not, and what comes."""
    waiting = [*_waiting(facts)]
    names = {each.job for each in waiting}
    upcoming = sorted(_upcoming(facts, names), key=lambda each: (each.at, each.job))
    held = [*_held(facts)]
    disabled = [job.id for job in facts.jobs if _is_disabled(facts, job)]
    return NowAndNext(
        tuple(_running(facts)),
        tuple(waiting[:SHOWN]),
        tuple(held[:NAMED]),
        tuple(disabled[:NAMED]),
        tuple(upcoming[:SHOWN]),
        tuple(upcoming[SHOWN : SHOWN + LATER]),
        len(upcoming[SHOWN + LATER :]),
        len(held[NAMED:]) + len(disabled[NAMED:]),
        len(waiting[SHOWN:]),
    )


def usual_seconds(facts: Facts, job: str) -> float | None:
    """Return how long a job usually takes; None if it has never succeeded."""
    durations = facts.snapshot.entry(job).get("durations") or []
    return usual(durations) if durations else None


def _running(facts: Facts) -> Iterator[Running]:
    for row in facts.status["running"]:
        since = parse_utc(row["since"])
        if since is None:
            continue
        elapsed = max((facts.now - since).total_seconds(), 0.0)
        seconds = usual_seconds(facts, row["job"])
        end = since + timedelta(seconds=seconds) if seconds and seconds > elapsed else None
        where = facts.cut(wording.where(row["where"])) if row["where"] else ""
        yield Running(row["job"], since, row["slot"] is None, elapsed, seconds, end, where)


def _waiting(facts: Facts) -> Iterator[Waiting]:
    due = (job for job in facts.jobs if job.id not in facts.snapshot.running)
    for row in due_runs.rows(facts.snapshot.on_screen(), due):
        if row["note"]:
            yield Waiting(row["job"], facts.cut(row["note"]))


def _held(facts: Facts) -> Iterator[Held]:
    for name, entry in facts.status["paused"].items():
        job = "" if name == ALL_JOBS else name
        yield Held(job, "paused", parse_utc(entry["until"]), facts.cut(entry["reason"] or ""))
    for job in facts.jobs:
        memory = facts.snapshot.record(job.id)
        if memory.suspended:
            yield Held(job.id, "suspended after too many failures")
        elif memory.cancelled is not None:
            yield Held(job.id, "cancelled", reason=facts.cut(memory.cancelled))
        elif facts.is_enabled(job):
            yield from _delayed(facts, job)


def _delayed(facts: Facts, job: Job) -> Iterator[Held]:
    """Yield what keeps a job that is enabled from running when its schedule says."""
    memory = facts.snapshot.record(job.id)
    if memory.deferral is not None:
        yield Held(
            job.id, "deferred", memory.deferral.until, facts.cut(memory.deferral.reason or "")
        )
    if memory.skip is not None and memory.skip > facts.now:
        yield Held(job.id, "skips one run", reason=facts.moment(memory.skip))
    if job.window and window.next_opening(job.window, job.timezone, facts.now) is not None:
        yield Held(job.id, f"outside its window {job.window}")


def _is_disabled(facts: Facts, job: Job) -> bool:
    memory = facts.snapshot.record(job.id)
    return not (facts.is_enabled(job) or memory.suspended or memory.cancelled is not None)


def _upcoming(facts: Facts, waiting: Container[str]) -> Iterator[Upcoming]:
    for job in facts.jobs:
        at = facts.snapshot.next_run(job)
        if at is not None:
            yield Upcoming(job.id, at, usual_seconds(facts, job.id), job.id in waiting)
