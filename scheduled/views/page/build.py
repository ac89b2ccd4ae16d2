"""The page as a whole, and the report of a day with sections of it."""

from typing import TYPE_CHECKING, Any

from scheduled.version import __version__
from scheduled.views.page import markup, prose, styles
from scheduled.views.page.contents import SECTIONS, filled
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import footer, header

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


def _rendered(environment: "jinja2.Environment", facts: Facts, name: str, **context: Any) -> str:
    environment.globals |= {"facts": facts, "version": __version__}
    return environment.get_template(name).render(context)
