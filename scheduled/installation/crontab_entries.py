"""The entries of a crontab as cron reads them: command, variables in effect, place. Pure.

A variable counts for the lines below it. Its value is taken as it is written: cron expands
neither `$` nor `~`.
"""

import re
import shlex
from collections.abc import Iterator, Mapping

from scheduled.quick_classes import NamedTuple

CRONTAB = "crontab"
"""The place of what stands in the user's own crontab."""
_ENTRY = re.compile(r"-?(?P<schedule>@\w+|\S+(?:[ \t]+\S+){4})[ \t]+(?P<rest>\S.*)")
_OF_ANACRON = re.compile(r"(?:@\w+|\d+)[ \t]+\d+[ \t]+\S+[ \t]+(?P<command>\S.*)")
_ASSIGNMENT = re.compile(r"""("[^"]*"|'[^']*'|[^\s="'*@/]+)\s*=\s*(.*)""")


class Entry(NamedTuple):
    """A line that fires a command."""

    line: int
    """Its number, from 1."""
    command: str
    """Up to the first `%`, as the shell gets it."""
    variables: Mapping[str, str]
    """What the lines above it set."""
    place: str = CRONTAB
    """The crontab it stands in: a path for those of the system."""

    @property
    def where(self) -> str:
        """The place in words."""
        return f"{self.place} line {self.line}"

    @property
    def editing(self) -> str:
        """The command with which a person changes it."""
        return "crontab -e" if self.place == CRONTAB else f"sudoedit {shlex.quote(self.place)}"


def read(text: bytes, place: str = CRONTAB, *, names_user: str = "") -> Iterator[Entry]:
    """Yield the entries; of a table with a column for the user, those of `names_user`."""
    variables: dict[str, str] = {}
    for number, raw in enumerate(text.split(b"\n"), start=1):
        text_to_nul = raw.partition(b"\0")[0]  # where a C program takes it to end
        line = text_to_nul.decode("utf-8", "surrogateescape").strip(" \t\r")
        if not line or line.startswith("#"):
            continue
        if assignment := _ASSIGNMENT.fullmatch(line):
            variables = {**variables, _bare(assignment[1]): _bare(assignment[2])}
        elif entry := _ENTRY.fullmatch(line):
            rest = entry["rest"]
            if names_user:
                user, *command = rest.split(maxsplit=1)
                if user != names_user or not command:
                    continue
                rest = command[0]
            yield Entry(number, _command(rest.strip()), variables, place)


def read_anacrontab(text: bytes, place: str) -> Iterator[Entry]:
    """Yield the entries of an anacrontab: period, delay, name, command."""
    for number, raw in enumerate(text.split(b"\n"), start=1):
        if entry := _OF_ANACRON.fullmatch(raw.decode("utf-8", "surrogateescape").strip(" \t\r")):
            yield Entry(number, entry["command"], {}, place)


def _command(text: str) -> str:
    """Return the command, without the input that follows the first unescaped `%`."""
    head = re.match(r"(?:\\.|[^%])*", text, re.DOTALL)
    return (head[0] if head else "").replace("\\%", "%").strip()


def _bare(text: str) -> str:
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text
