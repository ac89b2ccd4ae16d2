"""`scheduled notify`: the channels by which people are told."""

from typing import Any

import click

from scheduled.cli.context import Session
from scheduled.cli.groups import Group
from scheduled.cli.output import json_option, print_json
from scheduled.config.load import Config
from scheduled.errors import ConfigError, UsageError, did_you_mean
from scheduled.system.text import one_line

FAILED = 1
PROBLEMS = 2


@click.group("notify", cls=Group)
def notify() -> None:
    """Try the channels by which you are told of failures."""


@notify.command("test")
@click.argument("channel", required=False)
@json_option
@click.pass_obj
def test(session: Session, channel: str | None, *, as_json: bool) -> int:
    """Send a message by CHANNEL, or by each channel.

    What became of it is printed. Filters do not count. Exits with 1 if a channel failed, with 2 if
    one is not configured.
    """
    problems = problems_of(session.config, channel)
    if channel is not None and channel not in session.config.notify:
        if problems:
            raise ConfigError(problems)
        names = session.config.notify
        meant = did_you_mean(channel, names, "")
        raise UsageError(f"no channel is called {one_line(channel, 60)}{meant}")
    rows = _sent(session, [channel] if channel else [*session.config.notify])
    if as_json:
        print_json({"version": 1, "channels": rows})
    elif not rows and not problems:
        raise UsageError("no channels; add some below notify: in scheduled.yaml")
    else:
        _print(rows)
    for problem in problems:
        click.echo(f"scheduled: {one_line(problem)}", err=True)
    if problems or not rows:
        return PROBLEMS
    return 0 if all(row["delivered"] for row in rows) else FAILED


def problems_of(config: Config, channel: str | None) -> list[str]:
    """Return what is wrong with a channel that is left out; with any of them if it is None."""
    path = "notify" if channel is None else f"notify.{channel}"
    return [
        problem
        for problem in config.problems
        if f": {path}: " in problem or f": {path}." in problem
    ]


def _print(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        what = "delivered" if row["delivered"] else f"failed: {one_line(row['problem'])}"
        click.echo(f"{row['name']} ({row['kind']}): {what}")
        for note in row["notes"]:
            click.echo(f"  {one_line(note)}")


def _sent(session: Session, names: list[str]) -> list[dict[str, Any]]:
    """Send a message by each of these channels; return a row for each."""
    from scheduled.config import unmatched
    from scheduled.notify import channels
    from scheduled.notify.recipients import message_to
    from scheduled.ticks import outbox

    config, now = session.config, session.now
    given = outbox.setup(config, session.environ, str)
    places = config.places
    context = outbox.channel_context(places, session.zone, now, given)
    messages = {message_to(name, _notice(session)): name for name in names}
    delivery = channels.deliver([*messages], context)
    delivered = {messages[message] for message in delivery.delivered}
    reasons = {messages[message]: reason for message, reason in delivery.failed}
    return [
        {
            "name": name,
            "kind": str(config.notify[name]["kind"]),
            "delivered": name in delivered,
            "problem": None if name in delivered else reasons.get(name, "not tried"),
            "notes": [
                *(note for note in delivery.notes if note.startswith(f"channel {name}: ")),
                *unmatched.of(config, "notify", config.notify, name),
            ],
        }
        for name in names
    ]


def _notice(session: Session) -> Any:
    import socket

    from scheduled.notify.notice import Notice

    where = f"{one_line(session.config.places.root)} on {socket.gethostname()}"
    return Notice(
        event="test",
        group="health",
        kind="test",
        subject="[SCHEDULED] Test message",
        body=f"This channel works. The message was sent by `scheduled notify test` for {where}.",
        id=f"test:{session.now.isoformat()}",
        created=session.now,
    )
