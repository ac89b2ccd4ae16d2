"""The sections of the page, in their order."""

from collections.abc import Callable
from typing import Any

from scheduled.errors import ScheduledError
from scheduled.quick_classes import NamedTuple
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import (
    days,
    durations,
    ecosystem,
    failures,
    incidents,
    lanes,
    measurements,
    needs_you,
    now_and_next,
)


class Section(NamedTuple):
    """A part of the page with a heading of its own."""

    name: str
    """Its anchor, and the name of its template."""
    title: str
    link: str
    """What the navigation calls it; empty: it is not in there."""
    model: Callable[[Facts], Any]
    """Returns what its template shows; None: the section is left out."""


class Filled(NamedTuple):
    """A section with what it shows."""

    name: str
    title: str
    link: str
    model: Any
    problem: str = ""
    """Why there is nothing to show, though there should be."""


SECTIONS = (
    Section("needs-you", "Needs you", "Needs you", needs_you.model),
    Section("now-and-next", "Now and next", "Now and next", now_and_next.model),
    Section("day", "Last 24 hours", "24 hours", lanes.of_day),
    Section("week", "Last 7 days", "7 days", lanes.of_week),
    Section("month", "30 days, and every run accounted for", "30 days", days.model),
    Section("durations", "Durations", "Durations", durations.model),
    Section("incidents", "Incidents of 30 days", "Incidents", incidents.model),
    Section("failures", "Output of the last failures", "Failures", failures.model),
    Section("branches", "Branches", "Branches", ecosystem.branches),
    Section("projects", "Projects", "Projects", ecosystem.projects),
    Section("metrics", "Metrics of 7 days", "Metrics", measurements.model),
)


def filled(facts: Facts, sections: tuple[Section, ...] = SECTIONS) -> list[Filled]:
    """Return the sections with what they show; those with nothing to show are left out."""
    found = []
    for section in sections:
        try:
            model, problem = section.model(facts), ""
        except ScheduledError as error:  # a file that is damaged: the rest can be shown
            model, problem = None, str(error)
        if model is not None or problem:
            found.append(Filled(section.name, section.title, section.link, model, problem))
    return found
