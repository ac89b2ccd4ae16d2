"""A crontab as jobs (pure), according to crontab(5) and cron's `do_command.c`.

A job gets the environment that cron gives it: the variables above its line, the home directory,
the shell. The comment directly above a line becomes the job's description.
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
"""cron lets a job run forever. What is written does not depend on a `default_timeout`."""
LONGEST_DESCRIPTION = 200

_ENTRY = re.compile(r"-?(?P<schedule>@\w+|\S+(?:[ \t]+\S+){4})[ \t]+(?P<rest>\S.*)")
_ASSIGNMENT = re.compile(r"""("[^"]*"|'[^']*'|[^\s="']+)\s*=\s*(.*)""")
_HEADING = re.compile(r"m\s+h\s+dom\s+mon\s+dow|user-name\s+command")
"""The heading of the columns, on Debian and on Red Hat, which describes no job."""

_NOT_FOR_THE_JOB = {"CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER"}
"""Variables for cron itself; it sets a job's LOGNAME and USER regardless of the crontab."""
_BOURNE = re.compile(r"(.*/)?(sh|ash|dash|bash|ksh|mksh|zsh)")

_NOTES = {
    "CRON_TZ": "CRON_TZ is the time zone of the schedules below it, as in cronie; Debian's cron"
    " ignores it, so on Debian the jobs will now run at other times",
    "MAILTO": "MAILTO: cron now mails the output of `scheduled run`, which prints nothing unless a"
    " job fails; put MAILTO above its line as well",
    "@reboot": "@reboot: a daemon that runs forever is better left with cron",
}
_NO_DEADLINE = f"cron lets a job run forever; here each has a `timeout: {TIMEOUT}`"


def read(text: bytes, *, user: str = "") -> Findings:
    """Return the jobs of a crontab; if its lines name a user, those of `user`."""
    reader = _CrontabReader(user)
    own_lines = crontab_block.lines_in_blocks(text)
    for number, line in enumerate(text.split(b"\n"), start=1):
        if number not in own_lines:
            reader.read_line(number, line)
    notes = [_NO_DEADLINE] if reader.jobs else []
    notes += [note for name, note in _NOTES.items() if name in reader.noteworthy]
    jobs, left_out = tuple(reader.jobs), tuple(reader.left_out)
    return Findings(SourceKind.CRONTAB, jobs, left_out=left_out, notes=tuple(notes))


def has_entries(text: bytes) -> bool:
    """Whether any line is an entry of a crontab: a schedule and a command."""
    lines = text.decode("latin-1").split("\n")
    return any(_is_entry(line.strip(" \t")) for line in lines)


@dataclass
class _CrontabReader:
    """What was read so far, and what applies to the next line."""

    user: str
    variables: dict[str, str] = field(default_factory=dict)
    comment: list[str] = field(default_factory=list)
    jobs: list[ImportedJob] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    noteworthy: set[str] = field(default_factory=set)

    def read_line(self, number: int, line: bytes) -> None:
        """Read a line, without its line break."""
        text = line.decode("utf-8", "backslashreplace").strip(" \t")
        if text.startswith("#"):
            self._read_comment(number, text)
            return
        comment, self.comment = " ".join(self.comment), []
        if not text.strip():
            return
        reason = _unreadable(line)
        if not reason and _ASSIGNMENT.fullmatch(text):
            reason = self._read_variable(text)
        elif not reason:
            reason = self._read_entry(number, text, comment)
        if reason:
            self.left_out.append(LeftOut(number, text, reason))

    def _read_comment(self, number: int, text: str) -> None:
        words = " ".join(text.lstrip("# \t").split())
        if _HEADING.search(text) or not words.isprintable():
            self.comment = []
        elif _is_entry(text.lstrip("# \t")):
            self.comment = []
            self.left_out.append(LeftOut(number, text, "commented out"))
        else:
            self.comment = [*self.comment, words] if words else []

    def _read_variable(self, text: str) -> str:
        """Store a variable. Return why it cannot be, or ''."""
        match = _ASSIGNMENT.fullmatch(text)
        assert match is not None
        name, value = _unquoted(match[1]), _unquoted(match[2].strip(" \t"))
        if not NAME.fullmatch(name):
            return "the name of a variable has letters, digits and _"
        if name == "RANDOM_DELAY" and not re.fullmatch(r"\d{1,4}", value):
            return "RANDOM_DELAY is a number of minutes"
        self.variables[name] = value
        return ""

    def _read_entry(self, number: int, text: str, comment: str) -> str:
        """Store a job. Return why it cannot be, or ''."""
        match = _ENTRY.fullmatch(text)
        if match is None:
            return "neither a variable nor five fields and a command"
        if crontab_line.calls_us(text.encode()):
            return "calls scheduled itself"
        user, command = _split_user(match["rest"]) if self.user else ("", match["rest"])
        if user != self.user:
            return f"runs as {user}; import it as {user}"
        words, stdin = _split_stdin(command)
        shell = self.variables.get("SHELL", "/bin/sh")
        reason = _stdin_problem(words, stdin, shell)
        if not reason:
            script = _with_stdin(words, stdin) if stdin else words
            fields = {
                "id": job_name(words),
                "description": cut(comment, LONGEST_DESCRIPTION),
                "schedule": " ".join(match["schedule"].split()),
                "command": script if shell == "/bin/sh" else [shell, "-c", script],
                **self._environment(),
            }
            self._add(number, text, {key: value for key, value in fields.items() if value})
        return reason

    def _add(self, number: int, text: str, fields: dict[str, Any]) -> None:
        self.jobs.append(ImportedJob(number, text, fields, is_named=False))
        self.noteworthy |= {*self.variables, fields["schedule"].lower()}

    def _environment(self) -> dict[str, Any]:
        """Return what cron gives a job besides its command, as keys."""
        delay = int(self.variables.get("RANDOM_DELAY", 0))
        shell = self.variables.get("SHELL")
        omitted = _NOT_FOR_THE_JOB | ({"SHELL"} if shell == "/bin/sh" else set())
        return {
            "timezone": self.variables.get("CRON_TZ"),
            "env": {name: text for name, text in self.variables.items() if name not in omitted},
            "cwd": self.variables.get("HOME") or "~",
            "jitter": f"{delay}m" if delay else None,
            "timeout": TIMEOUT,
        }


def _is_entry(text: str) -> bool:
    match = _ENTRY.fullmatch(text)
    if match is None:
        return False
    try:
        expression.parse(match["schedule"], "UTC")
    except ScheduleError:
        return False
    return True


def _unreadable(line: bytes) -> str:
    """Return why a line cannot be written to a job file, or ''."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if text.endswith("\r"):
        return "ends with a carriage return, which cron makes a part of the command"
    return "" if text.replace("\t", " ").isprintable() else "contains control characters"


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _split_user(rest: str) -> tuple[str, str]:
    """Return the user and the command of a line in /etc/crontab."""
    user, *command = rest.split(None, 1)
    return user, "".join(command)


def _split_stdin(text: str) -> tuple[str, str]:
    """Return the command and its standard input, which follows the first unescaped `%`.

    `\\%` is a `%`, and each further unescaped `%` a line break, as in cron's `do_command.c`. A
    backslash before any other character stays, and that character is skipped.
    """
    parts = [""]
    for char in _characters(text):
        if char == "%":
            parts.append("")
        else:
            parts[-1] += "%" if char == "\\%" else char
    return parts[0].strip(" \t"), "\n".join(parts[1:])


def _characters(text: str) -> Iterator[str]:
    return iter(re.findall(r"\\.|.", text))


def _stdin_problem(command: str, stdin: str, shell: str) -> str:
    if not command:
        return "no command"
    # A backslash at the end would escape the line break that ends the command.
    joins = (len(command) - len(command.rstrip("\\"))) % 2
    if stdin and (joins or not _BOURNE.fullmatch(shell)):
        return f"its input, after the %, cannot be written for {shell}; put it into a script"
    return ""


def _with_stdin(command: str, stdin: str) -> str:
    """Return a script that feeds the command these lines, as cron does, with its exit code."""
    lines = stdin.split("\n")
    end = "END"
    while end in lines:
        end += "_"
    return "\n".join(["{", command, f"}} <<'{end}'", *lines, end, ""])
