"""The section of durations: a plot for each job that drifted or failed, a table of all."""

from scheduled.jobs.model import DEFAULT_TIMEOUT
from scheduled.planning.durations import FACTOR
from scheduled.quick_classes import NamedTuple
from scheduled.views.page.facts import Facts
from scheduled.views.page.pictures import plot
from scheduled.views.page.pictures.plot import Figures, Plot

SHOWN = 12
"""So many plots; the other jobs are in the table."""
FEWEST = 3
"""Fewer runs make no picture."""


class Durations(NamedTuple):
    """How long the runs of a job took."""

    job: str
    figures: Figures
    warn_after: float | None
    """From when on a run is reported as slow; None if nothing is known of it."""
    is_set: bool
    """Whether somebody has set that."""
    deadline: float | None
    """When a run is stopped; None if nobody has set that, or the job is no longer configured."""
    plot: Plot | None
    """None where it stands in the table alone."""


class AllDurations(NamedTuple):
    """All of it."""

    since: float
    plotted: tuple[Durations, ...]
    """Those that drifted or failed first."""
    rows: tuple[Durations, ...]
    """In the order of all pictures."""


def model(facts: Facts) -> AllDurations:
    """Return the durations of all jobs that ran. Raises StateError."""
    jobs = [job for group in facts.groups for job in group.jobs]
    rows = [_durations(facts, job) for job in jobs]
    rows = [row for row in rows if row.figures.runs]
    chosen = [row for row in rows if row.figures.runs >= FEWEST and row.figures.longest is not None]
    chosen.sort(key=lambda row: _rank(facts, row))
    plotted = [_with_plot(facts, row) for row in chosen[:SHOWN]]
    return AllDurations(facts.month.start, tuple(plotted), tuple(rows))


def _durations(facts: Facts, name: str) -> Durations:
    figures = plot.figures(facts.past.month.of(name))
    job = facts.job(name)
    usual = FACTOR * figures.median if figures.median is not None else None
    is_set = job is not None and job.warn_after is not None
    warn_after = job.warn_after if job is not None and is_set else usual
    deadline = job.timeout if job is not None and job.timeout != DEFAULT_TIMEOUT else None
    return Durations(name, figures, warn_after, is_set, deadline, None)


def _rank(facts: Facts, row: Durations) -> tuple[bool, float]:
    """Return how little there is to see: those that drifted, then those that failed most."""
    past = facts.past.month.of(row.job)
    return not plot.has_drifted(past), -row.figures.failed / row.figures.runs


def _with_plot(facts: Facts, row: Durations) -> Durations:
    past = facts.past.month.of(row.job)
    drawn = plot.plot(past, facts.month, row.figures.median, row.warn_after, row.deadline)
    return row._replace(plot=drawn)
