"""`scheduled handlers`: the Python code that jobs can name, and which of them do."""

import click

from scheduled.cli.context import Session
from scheduled.cli.groups import Group
from scheduled.cli.new_handler import new
from scheduled.cli.output import print_json, show
from scheduled.config.parsed import Handler
from scheduled.errors import UsageError
from scheduled.jobs.model import Job
from scheduled.jobs.permissions import CONFINED
from scheduled.system.text import one_line
from scheduled.ticks.report import Exit
from scheduled.views import handlers as handlers_view


@click.group(
    "handlers",
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",  # as not all versions of click have it
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def handlers(context: click.Context, *, as_json: bool) -> int:
    """List the built-in handlers and your own, or write a new one. Jobs can also name modules.

    Your own are imported, each in a process of its own, to learn their params.
    """
    if context.invoked_subcommand is not None:
        if as_json:
            raise UsageError("--json is for the list; leave it out")
        return Exit.OK
    session: Session = context.obj
    rows = handlers_view.document(session.config, lambda handler: _declared(session, handler))
    if as_json:
        print_json({"handlers": rows})
    else:
        show(session, handlers_view.table(rows))
    broken = [
        f"{row['source']}: {row['name']}: {row['error']}"
        for row in rows
        if row["error"] and row["error"] not in " ".join(session.config.problems)
    ]
    for problem in (*session.config.problems, *broken):
        click.echo(f"scheduled: {one_line(problem)}", err=True)
    return Exit.USAGE if session.config.problems or broken else Exit.OK


def _declared(session: Session, handler: Handler) -> handlers_view.Declared:
    from scheduled.runs import handler_params

    config = session.config
    if any(job.handler == handler.target and job.level in CONFINED for job in config.jobs):
        return None, ""  # its code runs within the limits of its job alone
    folder = config.places.config_folder
    job = Job(id=handler.name, schedule="", timezone="UTC", handler=handler.target)
    return handler_params.declared(job, session.environ, folder, config.trust)


handlers.add_command(new)
