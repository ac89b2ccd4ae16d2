"""What is on record of the permissions of a job, for `why`."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from scheduled.jobs.model import NOT_PERMITTED
from scheduled.timing.instants import parse_utc
from scheduled.views.snapshot import Snapshot

REFUSED = "refused"
"""The answer of `why` about a job that is not permitted."""
KINDS = frozenset(("begin", "permission"))
"""The events that say something about it."""


def sentences(
    snapshot: Snapshot, events: Iterable[Mapping[str, Any]], runs: Container[object]
) -> Iterator[str]:
    """Yield what the checks of a job came to, newest first: those of `runs`, and of the job."""
    for event in events:
        run = event.get("run_id")
        if run is not None and run not in runs:
            continue
        when = _recorded(event, snapshot)
        if event.get("event") == "begin":
            if event.get("permission"):
                yield f"run {run} was permitted to start, {event['permission']}{when}"
        elif event.get("verdict") == "refused":
            what = f"run {run}" if run else "the job"
            yield f"{what} was refused: {event.get('reason')}{when}"
        elif event.get("verdict") == "as_before":
            yield f"not confined by permissions yet: {event.get('reason')}{when}"
        elif event.get("verdict") == "confined":
            yield f"confined from then on: {event.get('reason')}{when}"


def refused(snapshot: Snapshot, job: str, events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `why --json` says about a job that the configuration refuses."""
    return {
        "job": job,
        "at": None,
        "slot": None,
        "answer": REFUSED,
        "reasons": [*sentences(snapshot, events, ())],
        "next": None,
    }


def problem_of(job: str, problems: Iterable[str]) -> str:
    """Return the problem of the configuration that refuses a job; '' if none does."""
    mark = f': {NOT_PERMITTED}"{job}"'
    return next((problem for problem in problems if mark in problem), "")


def _recorded(event: Mapping[str, Any], snapshot: Snapshot) -> str:
    at = parse_utc(event.get("at"))
    return f", recorded {snapshot.time_and_distance(at)}" if at is not None else ""
