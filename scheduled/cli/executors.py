"""`scheduled executors`: where jobs may run besides this machine, and which of it answers."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.errors import UsageError, did_you_mean
from scheduled.ticks.report import Exit
from scheduled.views import executors as executors_view
from scheduled.views.executors import Answered


@command()
@click.argument("names", nargs=-1, metavar="[EXECUTOR]...")
@json_option
@click.pass_obj
def executors(session: Session, *, names: tuple[str, ...], as_json: bool) -> int:
    """List where jobs may run besides here, and who answers.

    Each executor of the configuration is asked, and listed with its free places; nothing is run
    there. The exit code is 75 if one of them does not answer.
    """
    from scheduled.runs.executors import probe

    config = session.config
    for name in names:
        if name not in config.executors:
            write = "; `executors` in the configuration names them"
            meant = did_you_mean(name, config.executors, write)
            raise UsageError(f'no executor is called "{name}"{meant}')
    chosen = {name: config.executors[name] for name in names or config.executors}
    asked = probe.all_of(chosen, config.jobs, config.places.config_folder, config.trust)
    answered = [Answered(name, chosen[name], found) for name, found in asked]
    rows = executors_view.rows(config, session.store.state, answered)
    if as_json:
        print_json({"executors": rows})
    elif rows:
        show(session, executors_view.table(rows))
    else:
        session.say(executors_view.NONE)
    return Exit.TEMPORARY if any(row["problem"] for row in rows) else Exit.OK
