"""What kind of table a text is, and what is wrong with it as a whole (pure).

Lines with a user column, a file with CRLF line ends, and one that holds only comments look much
like a crontab of one's own, and would be misread line by line.
"""

import re
from collections.abc import Container, Iterator

from scheduled.config.importers.crontab_fields import has_seconds, is_schedule

ENTRY = re.compile(r"-?(?P<schedule>@\w+|\S+(?:[ \t]+\S+){4})[ \t]+(?P<rest>\S.*)")
ASSIGNMENT = re.compile(r"""("[^"]*"|'[^']*'|[^\s="']+)\s*=\s*(.*)""")
ANACRON_ENTRY = re.compile(
    r"(?P<period>@\w+|\d{1,5})[ \t]+(?P<delay>\d{1,5})[ \t]+(?P<id>[^\s/]+)[ \t]+(?P<command>\S.*)"
)

_IDENTIFIER = re.compile(r"[A-Za-z_][^,*]+")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")
_COMMAND_START = re.compile(r"[^-<>|&;=]")
"""What follows a user is a command; what follows a command is often an option or a redirection."""


def is_entry(text: str) -> bool:
    """Whether a line is an entry of a crontab, also one with a field for seconds."""
    match = ENTRY.fullmatch(text)
    if match is None:
        return False
    return is_schedule(match["schedule"]) or has_seconds(match["schedule"], match["rest"])


def has_entries(text: bytes) -> bool:
    """Whether any line is an entry of a crontab: a schedule and a command."""
    return any(True for _ in _entries(text))


def is_anacrontab(text: bytes) -> bool:
    """Whether its entries are those of anacron: period, delay, identifier, command."""
    lines = list(_lines(text))
    return any(map(_is_anacron, lines)) and not any(
        is_entry(line) and not _is_anacron(line) for line in lines
    )


def is_without_entries(text: bytes) -> bool:
    """Whether there are only comments, blank lines and variables, with at least one comment."""
    lines = [line.strip() for line in text.decode("latin-1").split("\n") if line.strip()]
    return any(line.startswith("#") for line in lines) and all(
        line.startswith("#") or ASSIGNMENT.fullmatch(line) for line in lines
    )


def crlf_line(text: bytes) -> int:
    """Return the first line that ends with CRLF if most lines do, else 0."""
    lines = [line for line in text.split(b"\n") if line]
    returns = sum(line.endswith(b"\r") for line in lines)
    if 2 * returns <= len(lines):
        return 0
    return next(i for i, line in enumerate(text.split(b"\n"), start=1) if line.endswith(b"\r"))


def user_column(text: bytes, users: Container[str]) -> str:
    """Return the user that most entries name before the command, first one first, or ''."""
    rests = [match["rest"].split(None, 1) for match in _entries(text)]
    named = [
        rest[0]
        for rest in rests
        if len(rest) > 1 and rest[0] in users and _COMMAND_START.match(rest[1])
    ]
    return named[0] if 2 * len(named) > len(rests) else ""


def can_be_user(word: str) -> bool:
    """Whether this may be the name of a user, of this machine or another."""
    return _USER.fullmatch(word) is not None


def _is_anacron(line: str) -> bool:
    """Whether a line can only be meant for anacron: an identifier where cron has a field."""
    match = ANACRON_ENTRY.fullmatch(line)
    return (
        match is not None
        and bool(_IDENTIFIER.fullmatch(match["id"]))
        and (not re.match(r"[*?\d]", match["command"]))
    )


def _entries(text: bytes) -> Iterator[re.Match[str]]:
    for line in _lines(text):
        match = ENTRY.fullmatch(line)
        if match is not None and is_entry(line):
            yield match


def _lines(text: bytes) -> Iterator[str]:
    for line in text.decode("latin-1").split("\n"):
        yield line.strip(" \t\r")
