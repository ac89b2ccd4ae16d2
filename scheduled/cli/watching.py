"""`status --watch`: the page again and again, until ^C.

A terminal has it redrawn in place, at once when it is resized. No mode of the terminal is changed:
whoever kills the program leaves the last page behind and nothing else. A pipe, a file and a dumb
terminal get one page below the other, each with its time. What goes wrong in between, because a
file is just being edited or the state written, is shown in place of the page.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable

from scheduled.cli import context
from scheduled.cli.context import Session
from scheduled.errors import ScheduledError
from scheduled.quick_classes import replace
from scheduled.system.text import one_line
from scheduled.views import terminal
from scheduled.views.fitting import cut

Page = Callable[[Session, int], str]
"""Returns the page of a session; the number is how many jobs it shows."""
LEAST_JOBS = 3
_HOME, _CLEAR, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"


def watch(session: Session, seconds: int, page: Page, jobs: int) -> None:
    """Show the page of each moment, until somebody ends this."""
    if not (session.is_terminal and os.environ.get("TERM", "") not in ("", "dumb")):
        _print_pages(session, seconds, page, jobs)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
    size = None
    while True:
        session = _now(session)
        if size != (size := shutil.get_terminal_size()):
            # What stands on the screen is pushed out of it, not overwritten.
            terminal.write("\n" * size.lines + _CLEAR)
        terminal.write(_screen(session, seconds, page, jobs, size))
        sys.stdout.flush()
        signal.sigtimedwait({signal.SIGWINCH}, seconds)


def _print_pages(session: Session, seconds: int, page: Page, jobs: int) -> None:
    while True:
        session = _now(session)
        terminal.write(f"{_time(session)}\n{_text(session, page, jobs)}\n")
        sys.stdout.flush()
        time.sleep(seconds)


def _screen(session: Session, seconds: int, page: Page, jobs: int, size: os.terminal_size) -> str:
    """Return what draws the page, with fewer jobs if it is too long, and a last line."""
    room = max(1, size.lines - 2)
    lines = _text(session, page, jobs).splitlines()
    if len(lines) > room:
        shown = max(LEAST_JOBS, jobs - (len(lines) - room))
        lines = _text(session, page, shown).splitlines()
    if len(lines) > room:
        lines = [*lines[: room - 1], f"({len(lines) - room + 1} more lines)"]
    last = cut(f"{_time(session)}, every {seconds} s; ^C ends this", size.columns - 1)
    drawn = "".join(f"{_CLEAR_LINE}{line}\n" for line in [*lines, ""])
    return f"{_HOME}{drawn}{_CLEAR_LINE}{last}{_CLEAR_BELOW}\r"


def _text(session: Session, page: Page, jobs: int) -> str:
    try:
        return page(session, jobs)
    except ScheduledError as error:
        return "".join(f"{one_line(line)}\n" for line in str(error).splitlines())


def _now(session: Session) -> Session:
    """Return a session that has read nothing yet."""
    return replace(session, now=context.clock())


def _time(session: Session) -> str:
    try:
        local = session.now.astimezone(session.zone)
    except ScheduledError:
        local = session.now
    return local.isoformat(sep=" ", timespec="seconds")
