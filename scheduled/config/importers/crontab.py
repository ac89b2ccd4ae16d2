"""A crontab as jobs; pure. crontab(5) says what a line means, cron's `do_command.c` the rest.

A job gets around it what cron gives it: the variables that stand above its line, the home folder,
the shell. The comment right above a line is what the job is for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import job_name
from scheduled.errors import ScheduleError, cut
from scheduled.installation import crontab_block, crontab_line
from scheduled.jobs.model import NAME
from scheduled.timing import expression

TIMEOUT = "1d"
"""cron lets a job run for ever. The five minutes that jobs have here would end many a backup."""
LONGEST_DESCRIPTION = 200

_ENTRY = re.compile(r"-?(?P<schedule>@\w+|\S+(?:[ \t]+\S+){4})[ \t]+(?P<rest>\S.*)")
_ASSIGNMENT = re.compile(r"""("[^"]*"|'[^']*'|[^\s="']+)\s*=\s*(.*)""")
_HEADING = re.compile(r"m\s+h\s+dom\s+mon\s+dow|user-name\s+command")
"""What stands above everybody's first line, on Debian and on Red Hat; no job's description."""

_NOT_FOR_THE_JOB = {"CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER"}
"""Told to cron; it gives a job its own LOGNAME and USER, whatever stands there."""
_BOURNE = re.compile(r"(.*/)?(sh|ash|dash|bash|ksh|mksh|zsh)")

_NOTES = {
    "CRON_TZ": "CRON_TZ is the zone of the schedules below it, as in cronie; Debian's cron does not"
    " know it, so there the jobs will now run at other times",
    "MAILTO": "MAILTO: what cron mails from now on is what `scheduled run` prints, and that is"
    " nothing unless a job fails; MAILTO belongs above its line, too",
    "@reboot": "@reboot: a daemon that runs for ever is better left with cron",
}
_NO_DEADLINE = f"cron lets a job run for ever; here each has a deadline, `timeout: {TIMEOUT}`"


def read(text: bytes, *, user: str = "") -> Findings:
    """The jobs of a crontab; where its lines name a user, those of `user`."""
    table = _CrontabReader(user)
    ours = crontab_block.lines_in_blocks(text)
    for number, line in enumerate(text.split(b"\n"), start=1):
        if number not in ours:
            table.take(number, line)
    notes = [_NO_DEADLINE] if table.wanted else []
    notes += [note for name, note in _NOTES.items() if name in table.noteworthy]
    return Findings(
        SourceKind.CRONTAB, tuple(table.wanted), left_out=tuple(table.left_out), notes=tuple(notes)
    )


def has_entries(text: bytes) -> bool:
    """Whether any line is one of a crontab: a schedule with something to run."""
    lines = text.decode("latin-1").split("\n")
    return any(_is_entry(line.strip(" \t")) for line in lines)


@dataclass
class _CrontabReader:
    """What was read so far, and what counts for the next line."""

    user: str
    variables: dict[str, str] = field(default_factory=dict)
    comment: list[str] = field(default_factory=list)
    wanted: list[ImportedJob] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    noteworthy: set[str] = field(default_factory=set)

    def take(self, number: int, line: bytes) -> None:
        """One line, as it stands there."""
        text = line.decode("utf-8", "backslashreplace").strip(" \t")
        if text.startswith("#"):
            self._remark(number, text)
            return
        comment, self.comment = " ".join(self.comment), []
        if not text.strip():
            return
        reason = _unreadable(line)
        if not reason and _ASSIGNMENT.fullmatch(text):
            reason = self._assigned(text)
        elif not reason:
            reason = self._entered(number, text, comment)
        if reason:
            self.left_out.append(LeftOut(number, text, reason))

    def _remark(self, number: int, text: str) -> None:
        words = " ".join(text.lstrip("# \t").split())
        if _HEADING.search(text) or not words.isprintable():
            self.comment = []
        elif _is_entry(text.lstrip("# \t")):
            self.comment = []
            self.left_out.append(LeftOut(number, text, "switched off by its #"))
        else:
            self.comment = [*self.comment, words] if words else []

    def _assigned(self, text: str) -> str:
        """Take a variable; else the reason why not."""
        found = _ASSIGNMENT.fullmatch(text)
        assert found is not None
        name, value = _unquoted(found[1]), _unquoted(found[2].strip(" \t"))
        if not NAME.fullmatch(name):
            return "the name of a variable has letters, digits and _"
        if name == "RANDOM_DELAY" and not re.fullmatch(r"\d{1,4}", value):
            return "RANDOM_DELAY is a number of minutes"
        self.variables[name] = value
        return ""

    def _entered(self, number: int, text: str, comment: str) -> str:
        """Take a job; else the reason why not."""
        found = _ENTRY.fullmatch(text)
        if found is None:
            return "neither a variable nor five fields and a command"
        if crontab_line.calls_us(text.encode()):
            return "calls scheduled itself"
        user, command = _split_user(found["rest"]) if self.user else ("", found["rest"])
        if user != self.user:
            return f"runs as {user}, whose jobs are imported by {user}"
        words, stdin = _split_stdin(command)
        shell = self.variables.get("SHELL", "/bin/sh")
        reason = _stdin_problem(words, stdin, shell)
        if not reason:
            script = _with_stdin(words, stdin) if stdin else words
            fields = {
                "id": job_name(words),
                "description": cut(comment, LONGEST_DESCRIPTION),
                "schedule": " ".join(found["schedule"].split()),
                "command": script if shell == "/bin/sh" else [shell, "-c", script],
                **self._surroundings(),
            }
            self._add(number, text, {key: one for key, one in fields.items() if one})
        return reason

    def _add(self, number: int, text: str, fields: dict[str, Any]) -> None:
        self.wanted.append(ImportedJob(number, text, fields, is_named=False))
        self.noteworthy |= {*self.variables, fields["schedule"].lower()}

    def _surroundings(self) -> dict[str, Any]:
        """What cron gives a job of this line, beside its command."""
        delay = int(self.variables.get("RANDOM_DELAY", 0))
        shell = self.variables.get("SHELL")
        left = _NOT_FOR_THE_JOB | ({"SHELL"} if shell == "/bin/sh" else set())
        return {
            "timezone": self.variables.get("CRON_TZ"),
            "env": {name: one for name, one in self.variables.items() if name not in left},
            "cwd": self.variables.get("HOME") or "~",
            "jitter": f"{delay}m" if delay else None,
            "timeout": TIMEOUT,
        }


def _is_entry(text: str) -> bool:
    found = _ENTRY.fullmatch(text)
    if found is None:
        return False
    try:
        expression.parse(found["schedule"], "UTC")
    except ScheduleError:
        return False
    return True


def _unreadable(line: bytes) -> str:
    """Why a line cannot become a file that people can read."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if text.endswith("\r"):
        return "ends with a carriage return, which cron takes for a part of the command"
    return (
        "" if text.replace("\t", " ").isprintable() else "contains characters that cannot be seen"
    )


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _split_user(rest: str) -> tuple[str, str]:
    """The user and the command of a line in /etc/crontab."""
    user, *command = rest.split(None, 1)
    return user, "".join(command)


def _split_stdin(text: str) -> tuple[str, str]:
    """The command, and what stands on its standard input: what follows the first bare `%`.

    `\\%` is a `%`, and each further bare `%` a new line, as in cron's `do_command.c`. A backslash
    before anything else stays, and takes the next character out of consideration.
    """
    parts = [""]
    for sign in _characters(text):
        if sign == "%":
            parts.append("")
        else:
            parts[-1] += "%" if sign == "\\%" else sign
    return parts[0].strip(" \t"), "\n".join(parts[1:])


def _characters(text: str) -> Iterator[str]:
    return iter(re.findall(r"\\.|.", text))


def _stdin_problem(command: str, stdin: str, shell: str) -> str:
    if not command:
        return "no command"
    # An odd backslash at the end would join the line that ends the command to it.
    joins = (len(command) - len(command.rstrip("\\"))) % 2
    if stdin and (joins or not _BOURNE.fullmatch(shell)):
        return f"its input, after the %, cannot be written down for {shell}; put it into a script"
    return ""


def _with_stdin(command: str, stdin: str) -> str:
    """A script that gives the command these lines to read, as cron does, and ends as it ends."""
    lines = stdin.split("\n")
    end = "END"
    while end in lines:
        end += "_"
    return "\n".join(["{", command, f"}} <<'{end}'", *lines, end, ""])
