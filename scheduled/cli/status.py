"""`scheduled status`: what needs a person, latest results, upcoming runs."""

from typing import TYPE_CHECKING, Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json
from scheduled.cli.values import Number
from scheduled.errors import UsageError
from scheduled.views import answers
from scheduled.views.health import Health

if TYPE_CHECKING:
    from scheduled.views.snapshot import Snapshot


@command()
@click.option("--check", is_flag=True, help="Exit with 0 if healthy, 1 if degraded, 2 if critical.")
@click.option(
    "--watch",
    "seconds",
    is_flag=False,
    flag_value="2",
    type=Number(1, 86_400),
    metavar="[SECONDS]",
    help="Show it anew every 2 seconds, or so many, until ^C.",
)
@json_option
@click.pass_obj
def status(session: Session, *, check: bool, seconds: int | None, as_json: bool) -> int:
    """Show what needs attention, what runs and what is next."""
    if seconds is not None:
        _watch(session, seconds, check=check, as_json=as_json)
    snapshot = session.snapshot(is_on_screen=not as_json)
    document = answers.status(session.config, session.store, snapshot, session.environ)
    if as_json:
        print_json(document)
    else:
        from scheduled.views import terminal

        terminal.write(_text(session, document, snapshot))
    return Health[document["health"].upper()] if check else 0


def _watch(session: Session, seconds: int, *, check: bool, as_json: bool) -> None:
    """Show the status until somebody ends it."""
    for name, given in (("--json", as_json), ("--check", check)):
        if given:
            raise UsageError(f"--watch and {name} exclude each other; give one of them")
    from scheduled.cli import watching
    from scheduled.views.status_page import JOBS

    def page(session: Session, most: int) -> str:
        snapshot = session.snapshot(is_on_screen=True)
        document = answers.status(session.config, session.store, snapshot, session.environ)
        return _text(session, document, snapshot, most)

    watching.watch(session, seconds, page, JOBS)


def _text(session: Session, document: Any, snapshot: "Snapshot", most: int = 0) -> str:
    from scheduled.state.last_runs import last_runs
    from scheduled.views import sparkline, status_page, terminal

    most = most or status_page.JOBS
    shown = status_page.shown_jobs(snapshot, most)
    runs = last_runs(session.store.journal, shown, sparkline.RUNS)
    parts = status_page.page(document, snapshot, runs, most)
    return terminal.text(*parts, color=session.color)
