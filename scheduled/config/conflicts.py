"""Conflicts between jobs of different files: ids used twice, jobs that wait forever.

Each file is right by itself; only all of them together show what is wrong.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scheduled.errors import did_you_mean
from scheduled.jobs import builtin
from scheduled.jobs.model import NOT_PERMITTED, Job
from scheduled.system.text import excerpt

BUILTIN_IDS = frozenset(job.id for job in builtin.JOBS)


def duplicate_ids(
    claims: Iterable[tuple[str, str]], taken: Mapping[str, str], key: str
) -> Iterator[tuple[str, list[str]]]:
    """Yield each id that is used twice, with a sentence for every place that cannot have it.

    `claims` are ids with the places that use them; `taken` says of further ids why they are not
    available. Of several places none gets the id: which one was meant cannot be known. `key` is
    the key that holds the id in the file.
    """
    claims = [*claims]
    ids = {id_ for id_, _ in claims}
    if len(ids) == len(claims) and ids.isdisjoint(taken):
        return
    places_of: dict[str, list[str]] = {}
    for id_, place in claims:
        places_of.setdefault(id_, []).append(place)
    for id_, places in places_of.items():
        reason = taken.get(id_, "")
        losers = places
        if not reason and len(places) > 1:
            reason = f"is already used by {places[0]}; neither of them runs"
            losers = places[1:]
        if reason:
            refused = NOT_PERMITTED if id_ in BUILTIN_IDS else ""
            name = f'{refused}"{excerpt(id_, 100)}"'
            yield id_, [f"{place}: {key}: {name} {reason}" for place in losers]


def own_jobs(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that are not built-in: those that limits count."""
    return [job for job in jobs if job.id not in BUILTIN_IDS]


def startable(
    jobs: tuple[Job, ...], offered: tuple[Job, ...]
) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """Return the jobs whose `after` can be fulfilled, and sentences about the others."""
    # This takes all jobs: a job file may wait for a job of the configuration.
    problems = dependency_problems((*jobs, *offered)) if any(job.after for job in jobs) else {}
    places = {job.id: job.source.removeprefix("built-in, ") for job in jobs}
    sentences = tuple(f"{places[id_]}: {sentence}" for id_, sentence in problems.items())
    return tuple(job for job in jobs if job.id not in problems), sentences


def dependency_problems(jobs: Sequence[Job]) -> dict[str, str]:
    """Return what is wrong with the `after` of jobs, by id; such a job could never start."""
    dependencies = {job.id: job.after for job in jobs}
    problems = {}
    for job in jobs:
        unknown = next((id_ for id_ in job.after if id_ not in dependencies), None)
        cycle = _cycle(job.id, dependencies)
        if unknown is not None:
            suggestion = did_you_mean(unknown, dependencies, "")
            problems[job.id] = f'after: no job is called "{excerpt(unknown)}"{suggestion}'
        elif cycle:
            problems[job.id] = f"after: {' waits for '.join(cycle)}: none of them could ever start"
    return problems


def _cycle(start: str, dependencies: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the ids on a path from `start` back to itself; empty if there is none."""
    paths = [[start]]
    seen = set()
    while paths:
        path = paths.pop()
        for id_ in dependencies.get(path[-1], ()):
            if id_ == start:
                return [*path, id_]
            if id_ not in seen:
                seen.add(id_)
                paths.append([*path, id_])
    return []
