"""What commands do where the configuration cannot be read.

Those that need no more than the state go on, if it is certainly that of this root. There a tick
makes an incident of it like any other; else the tick prints it as often as a refusal.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from scheduled.cli import refusals
from scheduled.cli.context import Session, complain
from scheduled.config import ownership, paths
from scheduled.errors import ConfigError, ScheduledError
from scheduled.state.incident_entries import is_acknowledged, open_incidents
from scheduled.state.owner import NotOwnerError
from scheduled.state.store import Store

Result = TypeVar("Result")


def state_suffices(command: Callable[..., Result]) -> Callable[..., Result]:
    """Have a command go on without jobs where the configuration cannot be read, and say so.

    The error stays one unless the state is certainly that of this root: the file that cannot be
    read may have named another place.
    """

    @wraps(command)
    def reading(session: Session, /, *arguments: Any, **options: Any) -> Result:
        try:
            _ = session.config
        except ConfigError as error:
            if not _is_state_known(session):
                raise
            if not session.quiet:
                complain(str(error))
            from scheduled.config import unread

            session.config = unread.without_jobs(session.path_options, error.problems)
        return command(session, *arguments, **options)

    return reading


def _is_state_known(session: Session) -> bool:
    try:
        return ownership.is_known_owner(paths.find(session.path_options), session.environ)
    except NotOwnerError:  # the file may name the host, or another place
        return False


def remarks(session: Session, error: ConfigError) -> list[str] | None:
    """Record the incident, and return what to print below the error of a tick.

    None means that it is not to be printed again.
    """
    from scheduled.planning.incidents import Act
    from scheduled.ticks import incident_signs, incidents
    from scheduled.ticks.incident_posts import Change, Posted

    told: list[str] = []
    changes: list[Change] | None = None
    what = str(error)
    with suppress(ScheduledError, OSError):
        places = paths.find(session.path_options)
        what = f"{places.root}: {error}"  # several roots may have the same mistake
        if ownership.is_known_owner(places, session.environ):
            store = Store(places.state_dir).load()
            changes = incidents.record(
                store,
                lambda known: [incident_signs.configuration(error.problems, known)],
                session.now,
                lambda changes: [Posted([]) for _ in changes],
            )
            told = _silence(session, store)
    if session.verbose or sys.stderr.isatty():
        return told
    if changes is None:
        is_news = refusals.is_news(what, session.now, session.environ)
    else:
        is_news = any(change.act in (Act.OPEN, Act.REMIND) for change in changes)
    return told if is_news else None


def _silence(session: Session, store: Store) -> list[str]:
    """Return how a person says that they know of the incident, unless they have."""
    from scheduled.ticks import incident_signs
    from scheduled.views import incident_text

    incident = open_incidents(store.state).get(incident_signs.CONFIGURATION)
    if incident is None or is_acknowledged(incident, session.now):
        return []
    return [incident_text.silence(incident)]
