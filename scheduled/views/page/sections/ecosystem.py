"""The branches of an AIPass ecosystem and the projects of a workspace, as last looked into."""

from typing import Any

from scheduled.ecosystem import central, gaia_registry, health_central, projects_central, registry
from scheduled.ecosystem.registry import RegistryError
from scheduled.jobs import builtin
from scheduled.quick_classes import NamedTuple
from scheduled.views import branch_changes, branch_page
from scheduled.views import branches as branches_view
from scheduled.views import projects as projects_view
from scheduled.views.page.facts import Facts

HEALTH, PROJECT_HEALTH = "health", "project_health"
"""The built-in jobs that look into them."""
MOST = 100
"""Rows of a table; what is beyond is counted."""


class Grid(NamedTuple):
    """What was found, those with something to do first."""

    sentences: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    left_out: int


def branches(facts: Facts) -> Grid | None:
    """Return the branches; None where there is no ecosystem. Raises what a broken file raises."""
    places = facts.config.places
    if not any(job.id == HEALTH and job.source != builtin.INACTIVE for job in facts.config.jobs):
        return None
    registered = registry.load(places.root).branches
    published = central.read_strictly(places.central_dir, health_central.NAME)
    health = health_central.understood(published, facts.zone)
    since = branch_changes.since_yesterday(facts.journal, health, None) if health else None
    document = branches_view.document(registered, health, since, facts.now, problems=False)
    rows = tuple(document["branches"])
    sentences = branch_page.sentences(document, facts.now, facts.zone)
    return Grid(tuple(sentences), rows[:MOST], len(rows[MOST:]))


def projects(facts: Facts) -> Grid | None:
    """Return the projects; None where they are not looked into. Raises as `branches`."""
    places = facts.config.places
    jobs = (*facts.config.jobs, *facts.config.offered)
    params = next((job.params for job in jobs if job.id == PROJECT_HEALTH), {})
    named = params.get("registry", "")
    try:
        spaces = gaia_registry.find(places.root, named if isinstance(named, str) else "")
    except RegistryError as error:
        if str(error).endswith("not found"):
            return None
        raise
    published = central.read_strictly(places.central_dir, projects_central.NAME)
    if not isinstance(published, dict):  # nobody looks into them here
        return None
    document = projects_view.document(spaces, published, "")
    rows = tuple(projects_view.cells(document["projects"]))
    sentences = [*document["problems"], projects_view.summary(document, facts.now, facts.zone)]
    return Grid(tuple(sentences), rows[:MOST], len(rows[MOST:]))
