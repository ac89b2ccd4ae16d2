"""`scheduled branches`: what the last health check found in each branch."""

from collections.abc import Container, Sequence
from fnmatch import fnmatchcase
from typing import Any

import click

from scheduled.cli.command import command
from scheduled.cli.context import Session, complain
from scheduled.cli.output import json_option, print_json, show
from scheduled.ecosystem import central, health_central, registry
from scheduled.ecosystem.health_central import Health
from scheduled.ecosystem.registry import Branch
from scheduled.errors import StateError, UsageError, did_you_mean
from scheduled.system.text import one_line
from scheduled.views import branch_changes
from scheduled.views import branches as branches_view

Changes = dict[str, Any] | None


@command()
@click.argument("names", nargs=-1, metavar="[BRANCH]...")
@click.option("--problems", is_flag=True, help="Only those with errors, warnings or a red flag.")
@json_option
@click.pass_obj
def branches(session: Session, *, names: tuple[str, ...], problems: bool, as_json: bool) -> None:
    """Show each branch of an AIPass ecosystem, the worst first.

    Shown are its memory, mail, README, dashboard, logs and activity. It is what the hourly health
    check found last. BRANCH is a name or a pattern (`API*`); for those that are named, the issues
    are listed.
    """
    places = session.config.places
    chosen = _chosen(registry.load(places.root).branches, names)
    published = central.read_strictly(places.central_dir, health_central.NAME)
    health = health_central.understood(published, session.zone)
    among = {health_central.name_of(branch.name) for branch in chosen} if names else None
    since = None if health is None else _since(session, health, among)
    now = session.now
    document = branches_view.document(chosen, health, since, now, problems=problems)
    if as_json:
        print_json(document)
        return
    from scheduled.views import branch_page, terminal

    width, zone = terminal.width(), session.zone
    show(session, *branch_page.page(document, now, zone, width=width, in_full=bool(names)))


def _since(session: Session, health: Health, among: Container[str] | None) -> Changes:
    """Return what has changed since yesterday; None, and a sentence, if that cannot be read.

    What the check found is for everybody to read, the history need not be.
    """
    try:
        return branch_changes.since_yesterday(session.store.journal, health, among)
    except StateError as error:
        complain(f"what has changed since yesterday is not known: {one_line(error)}")
        return None


def _chosen(registered: Sequence[Branch], names: Sequence[str]) -> Sequence[Branch]:
    """Return the branches of these names and patterns, letter case ignored; without any, all.

    Raises UsageError for a name that no branch has.
    """
    if not names:
        return registered
    wanted = [name.casefold() for name in names]
    known = [branch.name.casefold() for branch in registered]
    for name, pattern in zip(names, wanted, strict=True):
        if not any(_is_meant(pattern, branch) for branch in known):
            shown = one_line(name, 80)
            advice = did_you_mean(
                name, [branch.name for branch in registered], "`scheduled branches` has them all"
            )
            raise UsageError(f"no branch is called {shown!r}{advice}")
    return [
        branch
        for branch, name in zip(registered, known, strict=True)
        if any(_is_meant(pattern, name) for pattern in wanted)
    ]


def _is_meant(pattern: str, name: str) -> bool:
    return pattern == name or fnmatchcase(name, pattern)
