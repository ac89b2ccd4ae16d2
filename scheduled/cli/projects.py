"""`scheduled projects`: the registered projects, as the job `project_health` found them."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.config.lookup import find_job
from scheduled.ecosystem import central, gaia_registry, projects_central
from scheduled.ecosystem.registry import RegistryError
from scheduled.views import projects as projects_view


@command()
@json_option
@click.pass_obj
def projects(session: Session, *, as_json: bool) -> None:
    """List the registered projects, those with problems first."""
    places = session.config.places
    named = find_job(session.config, "project_health").params.get("registry", "")
    spaces, problem = None, ""
    try:
        spaces = gaia_registry.find(places.root, named if isinstance(named, str) else "")
    except RegistryError as error:
        if not str(error).endswith("not found"):
            raise
        problem = (
            f"No registry of projects in {places.root}: {error}. "
            "--root names another directory, the param registry of project_health another file."
        )
    published = central.read(places.central_dir, projects_central.NAME)
    document = projects_view.document(spaces, published, problem)
    if as_json:
        print_json(document)
        return
    from scheduled.views.wrapping import Paragraph

    for sentence in document["problems"]:
        show(session, Paragraph(sentence))
    if document["projects"]:
        show(session, projects_view.table(document["projects"]))
    if spaces:
        show(session, Paragraph(projects_view.summary(document, session.now, session.zone)))
