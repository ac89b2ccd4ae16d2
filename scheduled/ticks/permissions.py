"""What a tick records about permissions: who is refused, and who goes on as before them.

Loaded only where a job has a level, or the configuration has problems.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduled.jobs import permissions
from scheduled.jobs.model import NOT_PERMITTED, Job
from scheduled.jobs.permissions import Permissions
from scheduled.planning.decide import REMOVED
from scheduled.runs import circumstances, confine
from scheduled.state import permission_events as events
from scheduled.state.document import JobEntry, State
from scheduled.state.journal import Event
from scheduled.timing.instants import parse_utc

AGAIN = timedelta(days=1)
"""How often it is recorded that a job is refused that stays in the configuration."""
AS_BEFORE = "not confined: it was known before there were permissions"


def changes(
    jobs: Iterable[Job], problems: Iterable[str], state: State, given: Permissions | None
) -> list[Event]:
    """Return the events of jobs that are refused, that run as before, or do not any more."""
    found: list[Event] = []
    for job in jobs:
        found += _of_known(job, state, given)
    return [*found, *(events.refused(*refusal) for refusal in _refusals(problems, state))]


def runs_as_before(job: Job, state: State, given: Permissions | None) -> bool:
    """Return whether the runs of a job have no limits, as it was known before there were any."""
    entry = state["jobs"].get(job.id, {})
    if given is not None or not _is_unchecked(entry):
        return False
    return entry.get("as_before", circumstances.definition(job)) == circumstances.definition(job)


def _is_unchecked(entry: JobEntry) -> bool:
    """Return whether a job is on record, and was not checked when it was put there."""
    return not entry.get("checked") and entry.get("fingerprint") not in (None, "", REMOVED)


def _of_known(job: Job, state: State, given: Permissions | None) -> list[Event]:
    """Return the event of a job that is on record, and was not checked when it was put there."""
    entry = state["jobs"].get(job.id, {})
    if not _is_unchecked(entry):
        return []
    if given is not None:
        return [events.confined(job.id, "permissions are configured")]
    definition, known = circumstances.definition(job), entry.get("as_before")
    if known is None:
        return [events.runs_as_before(job.id, definition)]
    return [] if known == definition else [events.confined(job.id, "it was updated")]


def _refusals(problems: Iterable[str], state: State) -> list[tuple[str, str]]:
    """Return the jobs that are refused for the first time, or still after a day, with reasons."""
    last = parse_utc(state["ticks"].get("last"))
    found = dict(filter(None, map(refusal_in, problems)))
    return [(job, why) for job, why in found.items() if not _is_noted(job, why, state, last)]


def refusal_in(problem: str) -> tuple[str, str] | None:
    """Return the job that a problem of the configuration refuses, and the problem."""
    found = re.search(rf'(?:^|: ){NOT_PERMITTED}"([A-Za-z0-9._-]+)"', problem)
    return (found[1], problem) if found else None


def _is_noted(job: str, reason: str, state: State, now: datetime | None) -> bool:
    noted = state["jobs"].get(job, {}).get("refused")
    at = parse_utc(noted.get("at")) if noted else None
    if not noted or noted.get("reason") != reason or at is None:
        return False
    return now is None or now < at + AGAIN


def at_start(job: Job, state: State, given: Permissions | None) -> tuple[str, bool]:
    """Return what a run may do, in words for the record, and whether it runs as before."""
    if runs_as_before(job, state, given):
        return f"{job.level}, {AS_BEFORE}", True
    limits = confine.effective_limits(job, given)
    return f"{job.level}: {permissions.in_words(limits)}", False
