"""The way out of every command: each expected error is one message and an exit code.

Without click, so that a plain tick need not import it.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from scheduled.cli.context import Session, complain
from scheduled.errors import (
    ConfigError,
    ScheduledError,
    StateError,
    UnavailableError,
    shortage_of,
)
from scheduled.system import streams
from scheduled.system.text import one_line

READER_GONE = 141
"""What a shell reports for a program that wrote into a pipe nobody reads: 128 and SIGPIPE."""


class EndedError(Exception):
    """A command has ended with nothing more to do: its message is printed, if it has one."""

    def __init__(self, code: int) -> None:
        self.code = code


def call(session: Session, command: Callable[[], int]) -> int:
    """Run a command; what goes wrong becomes a message and an exit code."""
    streams.complete()
    try:
        code = command()
        session.tell_subscribers()
        code = _mended(session, code)
    except EndedError as ended:
        code = ended.code
    except KeyboardInterrupt:
        streams.end()
        code = 130
    except (BrokenPipeError, SystemExit):  # click makes the latter of the former
        code = READER_GONE
    except ScheduledError as error:
        if _is_news(session, error):
            complain(str(error))
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, reported as one
        code = 1 if isinstance(error, OSError) and _is_output_lost() else _unforeseen(error)
    if _is_output_lost() and code == 0:
        code = 1
    return code


def _mended(session: Session, code: int) -> int:
    """Say what was damaged where the command has just mended it, for no tick will find it any more.

    Returns the exit code.
    """
    store = session.__dict__.get("store")  # if the command has asked for it
    if store is None or not store.has_written or not store.recovered:
        return code
    for sentence in store.recovered:
        complain(one_line(sentence))
    with contextlib.suppress(ScheduledError):
        from scheduled.ticks import data_loss

        data_loss.record_recovered(store, session.config, session.now)
    return code or StateError.exit_code


def _is_output_lost() -> bool:
    """Whether what was printed cannot be written; says so on what there is left to say it on."""
    reason = streams.lost()
    if reason:
        complain(f"output could not be written: {reason}")
    return bool(reason)


def _is_news(session: Session, error: ScheduledError) -> bool:
    """Return whether to print why a command ended: cron's ticks do not repeat it each minute.

    What is wrong with the configuration only gets here to be printed.
    """
    if not session.is_tick or isinstance(error, ConfigError):
        return True
    from scheduled.cli import refusals

    return refusals.is_error_news(session, error)


def _unforeseen(error: Exception) -> int:
    if reason := shortage_of(error):
        complain(f"cannot go on: {reason}")
        return UnavailableError.exit_code
    return _bug(error)


def _bug(error: Exception) -> int:
    what: Any = str(error) or type(error).__name__
    complain(
        f"this is a bug in scheduled, not in your setup: {type(error).__name__}: "
        f"{what}\n{_details(error)}; please attach them to a bug report."
    )
    return 1


def _details(error: Exception) -> str:
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="scheduled-bug-", suffix=".log", delete=False, encoding="utf-8"
        ) as stream:
            traceback.print_exception(error, file=stream)
    except OSError:  # no space, or nowhere to write
        return "Details:\n" + "".join(traceback.format_exception(error)).rstrip()
    return f"Details are in {stream.name}"
