"""`scheduled status`: problems, latest results, upcoming runs."""

import click

from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.views import status as status_view
from scheduled.views.health import Health

CHECKS = ("output",)
INSTALLED_CHECKS = ("files", "mail", *CHECKS)
"""The checks of `doctor` that cost no more than reading a crontab and listing the output."""


@click.command()
@click.option("--check", is_flag=True, help="Exit with 0 if healthy, 1 if degraded, 2 if critical.")
@json_option
@click.pass_obj
def status(session: Session, *, check: bool, as_json: bool) -> int:
    """Show the current status: problems, latest results, upcoming runs."""
    snapshot = session.snapshot()
    document = status_view.document(snapshot) | {"findings": _findings(session)}
    if as_json:
        print_json(document)
    else:
        from scheduled.views import pages

        show(session, *pages.of_status(document, snapshot))
    return Health[document["health"].upper()] if check else 0


def _findings(session: Session) -> list[dict[str, str]]:
    """Return what the cheap checks of `doctor` find; some only once the ticks were installed."""
    from scheduled.cli import diagnosis

    is_installed = session.store.state["cadence"].get("installed")
    names = INSTALLED_CHECKS if is_installed else CHECKS
    return [finding.document() for finding in diagnosis.cheap_findings(session, names)]
