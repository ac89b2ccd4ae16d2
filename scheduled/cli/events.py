"""`scheduled events`: what happened, for other programs, by the names that they know."""

import itertools
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session
from scheduled.cli.output import json_option
from scheduled.cli.unread import state_suffices
from scheduled.cli.values import Number
from scheduled.cli.when import ago
from scheduled.config.lookup import find_job
from scheduled.errors import UsageError, closest, did_you_mean
from scheduled.state.journal import Journal
from scheduled.system import plain_json
from scheduled.system.text import one_line
from scheduled.timing.instants import parse_utc
from scheduled.views import events as naming
from scheduled.views.format import to_the_second

LIMIT = 50
PAUSE = 0.5
"""Seconds between two looks at the journal."""


@command()
@click.argument("job", required=False)
@click.option("--event", "names", multiple=True, metavar="NAME", help="Only these; repeatable.")
@click.option(
    "--since",
    metavar="WHEN",
    help="Only from this time on: 2h (ago), 8:00, yesterday, last mon, an ISO date.",
)
@click.option("--limit", type=Number(0), default=LIMIT, help=f"The newest; 0 for all. [{LIMIT}]")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now on.")
@json_option
@click.pass_obj
@state_suffices
def events(
    session: Session,
    job: str | None,
    *,
    names: tuple[str, ...],
    since: str | None,
    limit: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Print what happened, oldest first, for other programs.

    With --json it is one JSON object a line.
    """
    if job is not None and job not in session.store.state["jobs"]:
        find_job(session.config, job)  # a job that is gone may still have a past
    begin = None if since is None else ago("--since", since, session.now, session.config.timezone)
    _check_names(session, names, is_following=follow)
    wanted = naming.wanted(names, job)
    stream = _Stream(session.store.journal)
    past = (event for event in stream.read() if wanted(event) and _is_since(event, begin))
    for event in deque(past, limit) if limit else past:
        _print(session, event, as_json=as_json)
    while follow:
        time.sleep(PAUSE)
        for event in filter(wanted, stream.read()):
            _print(session, event, as_json=as_json)


def _check_names(session: Session, names: Iterable[str], *, is_following: bool) -> None:
    """Raise UsageError if no event has one of the names; handlers may have fired others.

    One that none is like is waited for if the command follows: a handler may fire it yet.
    """
    unknown = {name for name in names if name not in naming.KNOWN}
    if not unknown:
        return
    fired = {event["event"] for event in _Stream(session.store.journal).read()}
    known = sorted(naming.KNOWN | fired)
    for name in sorted(unknown - fired):
        if is_following and closest(name, known) is None:
            click.echo(f"scheduled: no event {one_line(name, 60)!r} is recorded so far", err=True)
            continue
        advice = did_you_mean(name, known)
        raise UsageError(f"--event {one_line(name, 60)!r}: no event is called that{advice}")


class _Stream:
    """The named events of a journal, each once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._end: Any = None

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield those that have not been read, oldest first. Raises StateError."""
        for line in self._journal.lines(self._end):
            self._end = line.end
            if line.event is not None:
                yield from naming.named(line.event)


def _is_since(event: Mapping[str, Any], begin: datetime | None) -> bool:
    at = parse_utc(event["at"])
    return begin is None or at is None or at >= begin


def _print(session: Session, event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plain_json.plain({"version": 1, **event})))
        return
    at, data = parse_utc(event["at"]), event["data"]
    when = to_the_second(at, session.zone) if at else "?"
    told = (data.get(key) for key in ("outcome", "reason", "error", "cause", "run_id"))
    details = dict.fromkeys(str(value) for value in itertools.islice(filter(None, told), 3))
    words = (when, event["event"], event["job"] or "-", ", ".join(details))
    line = one_line("  ".join(words))
    from scheduled.views import fitting, terminal

    click.echo("\n    ".join(fitting.wrapped(line, terminal.width() - 4)))
