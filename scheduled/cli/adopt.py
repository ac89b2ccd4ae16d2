"""`scheduled state adopt`: make a state that of this root and this host."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduled import idle
from scheduled.cli.command import command
from scheduled.cli.context import Session, complain
from scheduled.config import ownership, paths, state_place
from scheduled.errors import StateError, UsageError, reason_of
from scheduled.installation import identity
from scheduled.quick_classes import replace
from scheduled.runs.running import running_jobs
from scheduled.state import owner, owner_events
from scheduled.state.journal import Event
from scheduled.state.owner import Claimant
from scheduled.state.owner_entry import OwnerEntry
from scheduled.state.place import refuse_unlockable
from scheduled.state.store import Store
from scheduled.system.text import one_line

if TYPE_CHECKING:
    from scheduled.ticks.tick import Tick

NO_ID = "this host has no id (/etc/machine-id is missing or empty)"


@command()
@click.option(
    "--from",
    "source",
    metavar="DIR",
    help="Adopt the state in DIR; one that this root has already is set aside.",
)
@click.pass_obj
def adopt(session: Session, source: str | None) -> None:
    """Take over a state for this root and this host.

    This is for a root that was moved, or a host that was replaced. It is the state in the state
    directory, or in DIR. If there is none, it is the one whose root is no longer there, provided
    that there is exactly one.
    """
    session.is_changing = True
    places = session.config.places
    ownership.refuse_foreign(places.state_dir, session.arguments)
    folder = _source(session, source)
    ownership.refuse_foreign(folder, session.arguments)
    refuse_unlockable(folder)
    store = Store(folder).load()
    ours, before = ownership.reader(session.config, session.now), store.state.get("owner", {})
    if (before.get("root"), before.get("host")) == (ours.root, ours.host):
        click.echo(f"Nothing to do: {folder} belongs to this root and this host.")
        return
    is_of_this_host = before.get("host", "") in ("", ours.host) or not ours.host
    if is_of_this_host and (running := sorted(running_jobs(store.state, folder))):
        raise UsageError(f"{folder}: {', '.join(running)} still running; adopt it after that")
    tick = None if is_of_this_host else _tick(session, store)
    if folder != places.state_dir and owner.has_state(places.state_dir):
        _set_aside(session)
    recorded = owner_events.recorded(ours.root, ours.host, ours.name)
    if tick is None:  # the next tick finds out about the runs whose tick died
        store.record(session.now, recorded)
    else:
        _end_runs(session, tick, before, recorded)
    store.checkpoint(session.now)
    idle.forget(str(folder))
    session.say(_report(folder, before, ours))
    if not ours.host:
        complain(f"no host is on record for it, as {NO_ID}; name one with `host:`")
    if folder.parent != state_place.shared(session.environ) and folder != places.state_dir:
        session.say(f"It is not in a default place: use it with --state-dir {folder}")
    session.say("Have cron call it: scheduled cron install")


def _source(session: Session, source: str | None) -> Path:
    """Return the directory with the state to adopt. Raises UsageError."""
    places = session.config.places
    if source is not None:
        folder = paths.absolute(source, session.cwd, session.environ)
        if not owner.has_state(folder):
            raise UsageError(f"--from {source}: there is no state in it")
        if folder != places.state_dir and places.origins["state_dir"] != paths.BY_DEFAULT:
            raise UsageError(
                "--from and a state directory of your own exclude each other; type:"
                f" {owner.adopting(folder, str(places.root))}"
            )
        return folder
    if owner.has_state(places.state_dir):
        return places.state_dir
    every = state_place.roots(session.environ).items()
    moved = {root: folder for root, folder in every if not os.path.isdir(root)}
    if len(moved) == 1:
        return next(iter(moved.values()))
    found = "; ".join(f"of {root} in {folder}" for root, folder in moved.items())
    raise UsageError(
        f"{places.state_dir}: there is no state, and "
        + (f"several roots are no longer there: {found}" if moved else "no root has gone away")
        + "; name the state with --from DIR"
    )


def _set_aside(session: Session) -> None:
    """Rename the state that the root has already. Raises UsageError, StateError."""
    own = session.config.places.state_dir
    if own.name != identity.name_of(session.config.places.root):
        raise UsageError(f"{own}: this root has its state here, from version 0.1.0; move it away")
    aside = own.with_name(f"{own.name}.replaced-{session.now:%Y%m%dT%H%M%SZ}")
    try:
        os.rename(own, aside)
        # Nothing looks for a state there, and it says the same root as the one that replaces it.
        for name in ("scheduled_state.json", "journal"):
            if os.path.lexists(aside / name):
                os.rename(aside / name, aside / f"{name}.replaced")
    except OSError as error:
        raise StateError(f"{own}: cannot be set aside: {reason_of(error)}") from error
    session.say(f"The state that this root had is kept in {aside}")


def _tick(session: Session, store: Store) -> "Tick":
    """Return what settles runs of another host. Raises UsageError while it cannot yet."""
    from scheduled.ticks import adoption
    from scheduled.ticks.tick import Tick

    places = replace(session.config.places, state_dir=store.state_dir)
    config = replace(session.config, places=places)
    tick = Tick(config, session.now, environ=session.environ, store=store)
    adoption.refuse_living(tick.context)
    return tick


def _end_runs(session: Session, tick: "Tick", before: OwnerEntry, recorded: Event) -> None:
    """Record the owner, and before it the ends of all runs of the host that was the owner."""
    from scheduled.ticks import adoption
    from scheduled.views import wording

    host = owner.called(before.get("host", ""), before.get("name", ""))
    try:
        settled = adoption.adopt(tick.context, before.get("host", ""), recorded)
    finally:
        failed = tick.context.pings.finish(session.now)
    for row, is_locked in settled:
        ended = wording.ended(row["outcome"], row["error"] or row["reason"])
        again = "; it runs again" if row["retry_at"] else ""
        session.say(f"{row['job']}: was in progress on {host}; on record as {ended}{again}")
        if is_locked:
            complain(f"{row['job']}: its lock is held, so that run may still go on there")
    for sentence in (*tick.report.warnings, *failed):
        complain(one_line(sentence))


def _report(folder: Path, before: OwnerEntry, ours: Claimant) -> str:
    of_host = f" and the host {owner.called(ours.host, ours.name)}" if ours.host else ""
    earlier = before.get("root") or "nobody"
    if before.get("root") == ours.root:
        earlier = f"the host {owner.called(before.get('host', ''), before.get('name', ''))}"
        earlier = earlier if before.get("host") else "the host unknown"
    return f"{folder}: belongs to the root {ours.root}{of_host} now; before, to {earlier}"
