"""`scheduled metrics`: for Prometheus, by the textfile collector of node_exporter."""

import click

from scheduled.cli import named_output
from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.unread import state_suffices
from scheduled.ticks import metrics_file


@command()
@click.option("--output", metavar="FILE", help="Write them to FILE instead, at once.")
@click.pass_obj
@state_suffices
def metrics(session: Session, *, output: str | None) -> None:
    """Print metrics in the text format of Prometheus.

    FILE is for the textfile collector of node_exporter; `metrics_file` in the configuration has it
    written by ticks.
    """
    snapshot = session.snapshot()
    if output is None:
        click.echo(metrics_file.text(snapshot), nl=False)
        return
    named_output.write(named_output.path_of(session, output), metrics_file.text(snapshot))
