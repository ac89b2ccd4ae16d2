"""`scheduled handlers`: the Python code that jobs can name, and which of them do."""

import click

from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.config.load import Config
from scheduled.jobs import agency_jobs, builtin
from scheduled.system.text import one_line
from scheduled.ticks.report import Exit

Row = dict[str, str | list[str]]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def handlers(session: Session, *, as_json: bool) -> int:
    """List the built-in and custom handlers. Jobs can also name handlers in modules."""
    rows = _rows(session.config)
    if as_json:
        print_json({"handlers": rows})
    else:
        from scheduled.views import tables, terminal
        from scheduled.views.columns import Grid

        table = Grid("HANDLER", "JOBS", "SOURCE", "DESCRIPTION")
        for row in rows:
            cells = (row["name"], ", ".join(row["jobs"]), row["source"], row["description"])
            table.add_row(*map(tables.cell, cells))
        terminal.show(table, color=session.color)
    for problem in session.config.problems:
        click.echo(f"scheduled: {one_line(problem)}", err=True)
    return Exit.USAGE if session.config.problems else Exit.OK


def _rows(config: Config) -> list[Row]:
    working = [job for job in builtin.JOBS if job.handler != agency_jobs.UNBOUND]
    shipped = [(job.handler, job.handler, "built-in", job.description) for job in working]
    custom = [(each.name, each.target, each.place, each.about) for each in config.handlers]
    return [
        {
            "name": name,
            "description": about,
            "source": source,
            "jobs": [job.id for job in config.jobs if job.handler == target],
        }
        for name, target, source, about in (*shipped, *custom)
    ]
