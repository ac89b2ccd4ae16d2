"""`scheduled executors`: where jobs may run besides this machine, and which of it answers."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, complain
from scheduled.cli.output import json_option, print_json, show
from scheduled.errors import UsageError
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
    there. The exit code is 75 if one of them does not answer, and 2 if one is declared wrongly.
    """
    from scheduled.config import executors as declared
    from scheduled.runs.executors import probe

    config = session.config
    for name in names:
        if unknown := declared.unknown(name, config.executors, config.wrong_executors):
            raise UsageError(unknown)
    asked_for = names or (*config.executors, *config.wrong_executors)
    wrong = [name for name in asked_for if name in config.wrong_executors]
    chosen = {name: config.executors[name] for name in asked_for if name not in wrong}
    asked = probe.all_of(chosen, config.jobs, config.places.config_folder, config.trust)
    answered = [Answered(name, chosen[name], found) for name, found in asked]
    rows = executors_view.rows(config, session.store.state, answered)
    if as_json:
        print_json({"executors": rows})
    elif rows:
        show(session, executors_view.table(rows))
    elif not wrong:
        session.say(executors_view.NONE)
    for name in wrong:
        complain(f"{name} {declared.DECLARED_WRONGLY}; `scheduled config validate` says why")
    if wrong:
        return Exit.USAGE
    return Exit.TEMPORARY if any(row["problem"] for row in rows) else Exit.OK
