"""One name, several places: who may have it, and what to tell the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scheduled.config.directories import printable
from scheduled.errors import did_you_mean
from scheduled.jobs import builtin
from scheduled.jobs.model import Job

_LISTED = 5


BUILTIN_IDS = frozenset(job.id for job in builtin.JOBS)


def own_jobs(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that count, in the order of their sources."""
    return [job for job in jobs if job.id not in BUILTIN_IDS]


def jobs_over_limit(jobs: Sequence[Job], most: int | None) -> list[Job]:
    """The jobs that are too many: those that stand last. None are where `most` is None."""
    return [] if most is None else own_jobs(jobs)[most:]


def limit_problem(excess: Sequence[Job], most: int, place: str) -> str:
    """The sentence about all of them; `place` is where the limit stands."""
    named = [f"{job.id} ({job.source})" for job in excess[:_LISTED]]
    rest = len(excess) - len(named)
    told = ", ".join(named) + (f" and {rest} more" if rest else "")
    count = most + len(excess)
    do, them = ("do", "them") if len(excess) > 1 else ("does", "it")
    return (
        f"{place}: max_jobs: {most} jobs of your own are allowed, and there are {count}; "
        f"{told} {do} not run; remove {them}, or raise the limit"
    )


def dependency_problems(jobs: Sequence[Job]) -> dict[str, str]:
    """What is wrong with the `after` of jobs, by id; such a job would never start."""
    ways = {job.id: job.after for job in jobs}
    found = {}
    for job in jobs:
        unknown = next((name for name in job.after if name not in ways), None)
        circle = _cycle(job.id, ways)
        if unknown is not None:
            found[job.id] = (
                f'after: no job is called "{_shown(unknown)}"{did_you_mean(unknown, ways, "")}'
            )
        elif circle:
            found[job.id] = f"after: {' waits for '.join(circle)}: none of them could ever start"
    return found


def _cycle(start: str, ways: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from a job back to itself; empty if there is none."""
    paths = [[start]]
    seen = set()
    while paths:
        path = paths.pop()
        for name in ways.get(path[-1], ()):
            if name == start:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return []


def _shown(name: str) -> str:
    from scheduled.config.yaml_document import (
        excerpt,  # it imports YAML, which a tick as a rule does without
    )

    return excerpt(name)


def duplicate_ids(
    claims: Iterable[tuple[str, str]], taken: Mapping[str, str], key: str
) -> Iterator[tuple[str, list[str]]]:
    """The names that cannot be had, each with a sentence for every place that is told so.

    `claims` are names with the places that want them; `taken` says why nobody may have a name.
    Of several places none gets it: which of them a person meant cannot be told. `key` is what
    holds the name there: `id`.
    """
    places: dict[str, list[str]] = {}
    for name, place in claims:
        places.setdefault(name, []).append(place)
    for name, wanted in places.items():
        reason, told = taken.get(name, ""), wanted
        if not reason and len(wanted) > 1:
            reason = f"is that of {wanted[0]} as well; neither of them runs"
            told = wanted[1:]
        if reason:
            shown = printable(name[:100])
            yield name, [f'{place}: {key}: "{shown}" {reason}' for place in told]
