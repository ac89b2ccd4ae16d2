"""The page as a whole, and sections of it for what has a frame of its own."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from scheduled.version import __version__
from scheduled.views.page import footer, header, markup, prose, styles
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import SECTIONS, filled

if TYPE_CHECKING:
    import jinja2


OF_REPORT = (("needs-you",), ("branches", "projects", "metrics"))
"""The sections that a report of a day begins with, and those that it ends with."""


def document(facts: Facts) -> str:
    """Return the page. Raises MissingTemplatesError where jinja2 is not installed."""
    environment, style = markup.environment(facts), styles.sheet()
    return _rendered(
        environment,
        facts,
        "page.html",
        style=markup.trusted(style),
        policy=styles.policy(style),
        header=header.model(facts),
        footer=footer.model(facts),
        sections=filled(facts),
    )


def report(facts: Facts, text: str) -> str:
    """Return the report of a day as a page: its text, and the sections about the same things.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    environment, style = markup.environment(facts), styles.sheet()
    chosen = [
        filled(facts, tuple(section for section in SECTIONS if section.name in names))
        for names in OF_REPORT
    ]
    return _rendered(
        environment,
        facts,
        "report.html",
        title=prose.title(text) or "Daily report",
        style=markup.trusted(style),
        policy=styles.policy(style),
        header=header.model(facts),
        chapters=prose.chapters(text),
        first=chosen[0],
        sections=chosen[1],
    )


def fragment(facts: Facts, names: Collection[str]) -> str:
    """Return the sections of these names alone, each as an element `section`."""
    chosen = tuple(section for section in SECTIONS if section.name in names)
    environment = markup.environment(facts)
    return _rendered(environment, facts, "sections.html", sections=filled(facts, chosen))


def _rendered(environment: "jinja2.Environment", facts: Facts, name: str, **context: Any) -> str:
    environment.globals |= {"facts": facts, "version": __version__}
    return environment.get_template(name).render(context)
