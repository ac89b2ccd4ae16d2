"""Crontabs in the manner of real ones, more than sixty, each with the right reading.

A reading is (line, schedule, command, standard input). Commands are as Debian's cron hands them to
the shell; `last` are keys of the last job of a table.
"""

from typing import Any, NamedTuple


class Reading(NamedTuple):
    line: int
    schedule: str
    command: str
    stdin: str = ""


class Table(NamedTuple):
    name: str
    text: str
    jobs: tuple[Reading, ...] = ()
    left_out: tuple[int, ...] = ()
    """Lines that hold no job, or not one of this user."""
    refused: str = ""
    """Why none of it can be imported."""
    user: str = ""
    last: dict[str, Any] | None = None
    """Some keys of the last job."""
    shell: str = "/bin/sh"
    is_for: str = "cron"
    """cron, cronie, anacron, or people: what cron takes for a job, and nobody meant as one."""


PATH = "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin"
HEAD = f"SHELL=/bin/sh\nPATH={PATH}\n"
