"""The page as a whole, and sections of it for what has a frame of its own."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from scheduled.version import __version__
from scheduled.views.page import footer, header, markup, styles
from scheduled.views.page.facts import Facts
from scheduled.views.page.sections import SECTIONS, filled

if TYPE_CHECKING:
    import jinja2


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


def fragment(facts: Facts, names: Collection[str]) -> str:
    """Return the sections of these names alone, each as an element `section`."""
    chosen = tuple(section for section in SECTIONS if section.name in names)
    environment = markup.environment(facts)
    return _rendered(environment, facts, "sections.html", sections=filled(facts, chosen))


def _rendered(environment: "jinja2.Environment", facts: Facts, name: str, **context: Any) -> str:
    environment.globals |= {"facts": facts, "version": __version__}
    return environment.get_template(name).render(context)
