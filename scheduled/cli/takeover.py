"""`cron install` where another root ticks the same state: refused, or taken over with --force."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from scheduled.cli.context import Session
from scheduled.config import ownership
from scheduled.errors import UsageError
from scheduled.installation import systemd, tick_lines
from scheduled.installation.tick_lines import TickLine
from scheduled.state import owner, owner_events
from scheduled.state.place import refuse_unlockable
from scheduled.system.user_dirs import xdg


def own_state(session: Session, *, force: bool, dry_run: bool) -> list[TickLine]:
    """Own the state for `cron install`, and return the lines of other roots that it is to stop.

    Raises UsageError, without `force`, if installing would stop another root's ticks; NotOwnerError
    for a state of another user or host.
    """
    places = session.config.places
    session.is_changing = True
    ownership.refuse_foreign(places.state_dir, session.arguments)
    ours = ownership.reader(session.config, session.now)
    root = ours.root
    lines = tick_lines.of_state(places.state_dir, session.environ)
    stopped = [line for line in lines if line.root != root]
    other = session.store.state.get("owner", {}).get("root", root)
    if (stopped or other != root) and not force:
        raise UsageError(_refusal(session, other if other != root else "", stopped))
    if dry_run:
        return stopped
    refuse_unlockable(places.state_dir)
    if stopped or other != root:
        # Of another host not even with --force: it may have runs in progress.
        owner.claim(places.state_dir, session.store.state, ours._replace(root=other))
        session.store.claimant = None
        session.store.record(session.now, owner_events.recorded(root, ours.host, ours.name))
        session.store.checkpoint(session.now)
        session.store.claimant, session.owns_state = ours, True
        click.echo(f"{places.state_dir}: belongs to the root {root} now")
    else:
        session.own_state()
    return stopped


def own_state_if_possible(session: Session) -> None:
    """Own the state for `cron uninstall`, which may also remove what ticks a state of others.

    Raises NotOwnerError if no root was named, or the state belongs to another user.
    """
    session.is_changing = True
    places = session.config.places
    ownership.refuse_foreign(places.state_dir, session.arguments)
    ownership.refuse_unnamed(places, session.environ)
    with suppress(owner.NotOwnerError):
        session.own_state()


def backup_dir(session: Session) -> Path:
    """Return where the old crontab is kept: with the state, unless that is another's."""
    if session.owns_state:
        return session.config.places.state_dir
    return xdg(session.environ, "XDG_CACHE_HOME", ".cache") / "scheduled"


def remove_units(session: Session, stopped: Sequence[TickLine]) -> None:
    """Stop the timers among the lines that are to stop, and remove their units."""
    folder = systemd.folder(session.environ)
    for line in stopped:
        if line.where.startswith("/"):
            systemd.uninstall(systemd.look(folder, line.name), force=True)
            click.echo(f"Removed: {line.where} and its timer")


def _refusal(session: Session, other: str, stopped: Sequence[TickLine]) -> str:
    places = session.config.places
    ticks = [f"those of {line.root}, {line.where}" for line in stopped]
    what = " and ".join(ticks) or f"those of {other}, whose state this is"
    return (
        f"{places.state_dir}: installing would stop the ticks of another root with this state:"
        f" {what}; this is {places.root}. Nothing was changed. Name another directory with"
        " --state-dir, or take the state over with --force"
    )
