"""`scheduled show`: one job for people; all about it if asked for."""

import click

from scheduled.cli import output
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.config.load import Config
from scheduled.config.lookup import find_job
from scheduled.jobs.model import Job
from scheduled.state.history import HistoryQuery
from scheduled.views import job as job_view


@command()
@click.argument("job")
@click.option("--all", "everything", is_flag=True, help="Defaults and internals, too.")
@json_option
@click.pass_obj
def show(session: Session, job: str, *, everything: bool, as_json: bool) -> None:
    """Show one job: when and how it runs, and how it went.

    What is as for any job is left out without --all.
    """
    configured = find_job(session.config, job)
    snapshot = session.snapshot(is_on_screen=not as_json)
    document = job_view.document(snapshot, configured)
    if as_json:
        print_json(document)
        return
    from scheduled.views import answers, job_page

    query = HistoryQuery(job=job, limit=job_page.RUNS_SHOWN)
    rows = answers.past(session.config, session.store, query)
    places = _places_of_defaults(session.config, configured)
    page = job_page.page(document, snapshot, configured, rows, places, everything=everything)
    output.show(session, *page)


def _places_of_defaults(config: Config, job: Job) -> dict[str, str]:
    """Return where `defaults` sets what the job has from there, by field or `env.NAME`."""
    places = {name: config.origins[f"defaults.{name}"] for name in job.from_defaults}
    if place := places.pop("env", ""):
        shared = config.own_defaults["env"].items() & job.env.items()
        places |= {f"env.{name}": place for name, _ in shared}
    return places
