"""`scheduled config export`: the jobs as lines of a crontab."""

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import print_json
from scheduled.config import conflicts
from scheduled.config.importers import this_machine
from scheduled.errors import UsageError
from scheduled.system.user_dirs import home
from scheduled.timing import local_zone


@command("export")
@click.option("--crontab", "to_crontab", is_flag=True, help="As the lines of a crontab.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def export(session: Session, *, to_crontab: bool, as_json: bool) -> None:
    """Print your own jobs as lines of a crontab.

    A job that cron cannot run as it runs here is named with the reason; a disabled job is commented
    out. Nothing is changed: add the lines with `crontab -e`.
    """
    from scheduled.config import crontab_export

    if not to_crontab:
        raise UsageError("give the format: --crontab")
    config = session.config
    cron = crontab_export.Cron(
        local_zone.local_zone(session.environ).name,
        home(session.environ),
        config.places.root,
        this_machine.has_debians_cron(),
    )
    made = crontab_export.export(conflicts.own_jobs(config.jobs), cron)
    if as_json:
        left_out = [{"id": job.id, "reason": job.reason} for job in made.left_out]
        print_json({"text": made.text, "jobs": list(made.jobs), "left_out": left_out})
        return
    click.echo(made.text, nl=False)
    for job in made.left_out:
        click.echo(f"not exported: {job.id}: {job.reason}", err=True)
