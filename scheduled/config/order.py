"""`after`: whether the jobs waited for exist, and do not wait for each other in a circle."""

from collections.abc import Iterable, Mapping, Sequence

from scheduled.jobs.model import Job


def problems(jobs: Sequence[Job]) -> dict[str, str]:
    """What is wrong with the `after` of jobs, by id; such a job would never start."""
    ways = {job.id: job.after for job in jobs}
    found = {}
    for job in jobs:
        unknown = next((name for name in job.after if name not in ways), None)
        circle = _circle(job.id, ways)
        if unknown is not None:
            found[job.id] = f'after: no job is called "{_shown(unknown)}"{_meant(unknown, ways)}'
        elif circle:
            found[job.id] = f"after: {' waits for '.join(circle)}: none of them could ever start"
    return found


def _circle(start: str, ways: Mapping[str, Sequence[str]]) -> list[str]:
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
    from scheduled.config.source import (
        shown,
    )  # it imports YAML, which a tick as a rule does without

    return shown(name)


def _meant(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
