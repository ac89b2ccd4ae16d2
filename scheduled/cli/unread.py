"""How often a tick prints that it cannot read the configuration: cron would mail it each minute.

Where the state is certainly that of this root, it is an incident like any other. Else it is printed
as often as the refusal of a state of others.
"""

import sys
from contextlib import suppress

from scheduled.cli import refusals
from scheduled.cli.context import Session, complain
from scheduled.config import ownership, paths
from scheduled.errors import ConfigError, ScheduledError
from scheduled.planning.incidents import Act
from scheduled.state.store import Store
from scheduled.ticks import incident_signs, incidents


def known_store(session: Session, error: ConfigError) -> Store:
    """Return the state where the configuration cannot be read, and say that it cannot.

    Raises `error` unless the state is certainly that of this root: the file that cannot be read may
    have named another place.
    """
    places = paths.find(session.path_options)
    if not ownership.is_known_owner(places, session.environ):
        raise error
    if not session.quiet:
        complain(str(error))
    return Store(places.state_dir).load()


def is_news(session: Session, error: ConfigError) -> bool:
    """Return whether to print what is wrong with the configuration; record that it is."""
    changes: list[incidents.Change] | None = None
    what = str(error)
    with suppress(ScheduledError, OSError):
        places = paths.find(session.path_options)
        what = f"{places.root}: {error}"  # several roots may have the same mistake
        if ownership.is_known_owner(places, session.environ):
            changes = incidents.record(
                Store(places.state_dir).load(),
                lambda _known: [incident_signs.configuration(error.problems)],
                session.now,
                lambda changes: [incidents.Posted([]) for _ in changes],
            )
    if session.verbose or sys.stderr.isatty():
        return True
    if changes is None:
        return refusals.is_news(what, session.now, session.environ)
    return any(change.act in (Act.OPEN, Act.REMIND) for change in changes)
