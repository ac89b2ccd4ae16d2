"""`scheduled why`: why a job ran, or did not."""

from collections.abc import Iterable

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option, print_json, show
from scheduled.cli.when import ago
from scheduled.system.text import one_line
from scheduled.views import answers
from scheduled.views import why as why_view


@command()
@click.argument("job")
@click.option(
    "--at",
    "when",
    metavar="WHEN",
    help="The run scheduled at or before this time: 2h (ago), 8:00, last fri, an ISO date.",
)
@json_option
@click.pass_obj
def why(session: Session, job: str, *, when: str | None, as_json: bool) -> None:
    """Explain why JOB ran, or why it did not.

    It is about the latest scheduled time, or with --at about an earlier one.
    """
    config, snapshot = session.config, session.snapshot(is_on_screen=not as_json)
    at = session.now if when is None else ago("--at", when, session.now, session.config.timezone)
    document = answers.why(config, session.store, snapshot, job, at)
    if as_json:
        print_json(document)
    elif refusal := answers.refusal(config, session.store, job):
        reasons = dict.fromkeys((refusal, *document["reasons"]))
        _print(session, [f"{job}: refused; it does not run.", *map("- {}".format, reasons)])
    else:
        _print(session, why_view.sentences(document, snapshot))


def _print(session: Session, sentences: Iterable[str]) -> None:
    from scheduled.views.wrapping import Paragraph

    parts = []
    for sentence in sentences:
        text = sentence.removeprefix("- ")
        parts.append(Paragraph(one_line(text), first="- " if text != sentence else ""))
    show(session, *parts)
