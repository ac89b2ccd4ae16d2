"""`scheduled run` as cron calls it, without click: which would take a tenth of a tick to import."""

import contextlib

from scheduled import idle
from scheduled.cli import door
from scheduled.cli.context import Session
from scheduled.cli.door import EndedError
from scheduled.cli.tick_report import run_and_print
from scheduled.config.load import Config
from scheduled.errors import ConfigError, ScheduledError


def run(arguments: list[str]) -> int | None:
    """Run a tick and return its exit code; None for any other command line."""
    places = idle.plain_tick(arguments)
    if places is None:
        return None
    flags = idle.split(arguments)[1]
    session = Session(
        places.get("--root"),
        places.get("--config"),
        places.get("--state-dir"),
        quiet=not {"-q", "--quiet"}.isdisjoint(flags),
        arguments=arguments,
    )
    session.color = session.color and "--no-color" not in flags
    return door.call(session, lambda: _tick(session))


def _tick(session: Session) -> int:
    session.is_changing = session.is_tick = True
    config(session)
    return run_and_print(session, None, as_json=False).exit_code


def config(session: Session) -> Config:
    """Return the configuration, or raise ConfigError that also says what its problems mean.

    Raise EndedError if they were printed within the last hour.
    """
    try:
        return session.config
    except ConfigError as error:
        remarks: list[str] | None = []
        if session.is_tick:
            _note_unread(session)
            from scheduled.cli import unread

            remarks = unread.remarks(session, error)
        if remarks is None:
            raise EndedError(error.exit_code) from error
        meaning = "No job runs until that is fixed."
        raise ConfigError([*error.problems, meaning, *remarks]) from error


def _note_unread(session: Session) -> None:
    """Note in the state that a tick came, if it is certainly the state of this root and host."""
    from scheduled.config import ownership, paths
    from scheduled.state import heartbeat, ticks_in_vain

    with contextlib.suppress(ScheduledError, OSError):
        places = paths.find(session.path_options)
        if ownership.is_known_owner(places, session.environ):
            ticks_in_vain.note(places.state_dir, heartbeat.read_clocks(session.now))
