"""Where commands print: JSON, pages, and the problems that stand beside a result."""

from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.system import plain_json
from scheduled.system.text import one_line

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def print_json(document: Any) -> None:
    """Print a document as JSON that every program can read; the only way commands print JSON."""
    click.echo(plain_json.dumps(document))


def show(session: Session, *parts: Any) -> None:
    """Print the parts of a page, one below the other."""
    from scheduled.views import terminal

    terminal.show(*parts, color=session.color)


def print_problems(session: Session) -> None:
    """Print on stderr what keeps jobs out of a list or the state from being complete."""
    for problem in (*session.config.problems, *session.store.recovered):
        click.echo(f"scheduled: {one_line(problem)}", err=True)
