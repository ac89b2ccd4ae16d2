"""`scheduled metrics`: for Prometheus, by the textfile collector of node_exporter."""

from pathlib import Path

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.unread import state_suffices
from scheduled.config import paths
from scheduled.errors import UsageError, reason_of
from scheduled.ticks import metrics_file, named_file


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
    path = Path(session.cwd, output)
    if why := paths.missing(path.parent):
        raise UsageError(f"--output {output}: {path.parent}: {why}")
    try:
        named_file.write(path, metrics_file.text(snapshot))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error
