"""What failed, as rows: failures of a job in a row are one. Pure."""

from collections.abc import Callable, Iterable, Iterator

from scheduled.quick_classes import NamedTuple
from scheduled.views.page.past import looks
from scheduled.views.page.past.job_past import JobPast

SHOWN = 40


class Failed(NamedTuple):
    """Failures in a row."""

    job: str
    start: float
    end: float
    """When the last of them began."""
    failures: int
    cause: str
    """What the last of them said; empty if it said nothing."""


class Stretches(NamedTuple):
    """The newest of them, newest first."""

    rows: tuple[Failed, ...]
    left_out: int


def stretches(
    jobs: Iterable[tuple[str, JobPast]], bounds: Callable[[int], tuple[float, float]]
) -> Stretches:
    """Return what failed of these jobs; `bounds` says from when to when a bin is."""
    found = [row for job, past in jobs for row in _of_job(job, past, bounds)]
    found.sort(key=lambda row: -row.end)
    return Stretches(tuple(found[:SHOWN]), len(found[SHOWN:]))


def _of_job(
    job: str, past: JobPast, bounds: Callable[[int], tuple[float, float]]
) -> Iterator[Failed]:
    return _of_bins(job, past, bounds) if past.marks is None else _of_marks(job, past)


def _of_marks(job: str, past: JobPast) -> Iterator[Failed]:
    row: Failed | None = None
    for mark in reversed(past.marks or ()):
        if mark.look not in looks.RUNS:
            continue
        if mark.look in looks.TROUBLES:
            start, before = (row.start, row.failures) if row is not None else (mark.at, 0)
            row = Failed(job, start, mark.at, before + 1, mark.cause)
        elif row is not None:
            yield row
            row = None
    if row is not None:
        yield row


def _of_bins(
    job: str, past: JobPast, bounds: Callable[[int], tuple[float, float]]
) -> Iterator[Failed]:
    row: Failed | None = None
    for number, counts in sorted(past.bins.items()):
        failed = looks.total(counts, looks.TROUBLES)
        if not failed:
            continue
        start, end = bounds(number)
        # The newest failures are known one by one.
        known = [mark for mark in past.failures if start <= mark.at < end]
        first, last = (known[-1].at, known[0].at) if len(known) == failed else (start, end)
        cause = known[0].cause if known else ""
        if row is not None and start <= row.end + (end - start):
            row = row._replace(end=last, failures=row.failures + failed, cause=cause or row.cause)
            continue
        if row is not None:
            yield row
        row = Failed(job, first, last, failed, cause)
    if row is not None:
        yield row
