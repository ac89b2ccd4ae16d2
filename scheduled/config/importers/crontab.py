"""A crontab as jobs (pure), according to crontab(5) and cron's `do_command.c`.

A job gets the environment that cron gives it: the variables above its line, the home directory,
the shell. The comment directly above a line becomes the job's description.
"""

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from scheduled.config.importers import command_text, idioms
from scheduled.config.importers.crontab_fields import hashed, seconds_problem, without_options
from scheduled.config.importers.crontab_shape import ASSIGNMENT, ENTRY, can_be_user, is_entry
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import job_name
from scheduled.errors import cut
from scheduled.installation import crontab_block, crontab_line
from scheduled.jobs.model import NAME
from scheduled.quick_classes import dataclass, field

TIMEOUT = "1d"
"""cron lets a job run forever. What is written does not depend on a `default_timeout`."""
LONGEST_DESCRIPTION = 200

_HEADING = re.compile(r"m\s+h\s+dom\s+mon\s+dow|user-name\s+command")
"""The heading of the columns, on Debian and on Red Hat, which describes no job."""

_NOT_FOR_THE_JOB = {"CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER"}
"""Variables for cron itself; it sets a job's LOGNAME and USER regardless of the crontab."""

_NOTES = {
    "CRON_TZ": "CRON_TZ is the time zone of the schedules below it, as in cronie; Debian's cron"
    " ignores it, so on Debian the jobs will now run at other times",
    "MAILTO": "MAILTO: cron now mails the output of `scheduled run`, which prints nothing unless a"
    " job fails; put MAILTO above its line as well",
    "~": "~ is a random value, chosen when cronie reads the crontab; H in its place is a value that"
    " stays the same",
    "@reboot": "@reboot: a daemon that runs forever is better left with cron",
}
_NO_MAIL = 'MAILTO=""'
_NOTES[_NO_MAIL] = (
    f"{_NO_MAIL}: nothing is mailed, nor will be what `scheduled run` prints when a job fails;"
    " write MAILTO=you above its line"
)
_NO_DEADLINE = f"cron lets a job run forever; here each has a `timeout: {TIMEOUT}`"


def read(
    text: bytes,
    *,
    user: str = "",
    users: Container[str] = (),
    halves_backslashes: bool = False,
) -> Findings:
    """Return the jobs of a crontab; if its lines name a user, those of `user`.

    Where they name none, a command that begins with one of `users` is noted. `halves_backslashes`
    reads commands as Debian's cron does, for which two backslashes are one.
    """
    reader = _CrontabReader(user, users, halves_backslashes)
    own_lines = crontab_block.lines_in_blocks(text)
    for number, line in enumerate(text.split(b"\n"), start=1):
        if number not in own_lines:
            reader.read_line(number, line)
    notes = [_NO_DEADLINE] if reader.jobs else []
    notes += [note for name, note in _NOTES.items() if name in reader.noteworthy]
    notes += command_text.backslash_note(reader.backslashes, halves_backslashes)
    notes += _unknown_to_cron(reader.jobs)
    notes += reader.advice
    jobs, left_out = tuple(reader.jobs), tuple(reader.left_out)
    return Findings(SourceKind.CRONTAB, jobs, left_out=left_out, notes=tuple(notes))


def _unknown_to_cron(jobs: Iterable[ImportedJob]) -> list[str]:
    """Return a note about fields that no cron reads, as it passed over these lines, or all."""
    lines = [str(job.line) for job in jobs if _is_counted(str(job.fields["schedule"]))]
    if not lines:
        return []
    which = f"line{'s' if len(lines) > 1 else ''} {', '.join(lines)}"
    return [f"{which}: cron does not know L, W and #, so nothing ran by it; here it will"]


def _is_counted(schedule: str) -> bool:
    fields = schedule.split()
    if len(fields) != 5:
        return False
    return not {*"lw"}.isdisjoint(fields[2].lower()) or not {*"l#"}.isdisjoint(fields[4].lower())


@dataclass
class _CrontabReader:
    """What was read so far, and what applies to the next line."""

    user: str
    users: Container[str] = ()
    halves_backslashes: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    comment: list[str] = field(default_factory=list)
    jobs: list[ImportedJob] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    noteworthy: set[str] = field(default_factory=set)
    advice: list[str] = field(default_factory=list)
    backslashes: list[int] = field(default_factory=list)
    """The lines with two backslashes in a row in their command."""

    def read_line(self, number: int, line: bytes) -> None:
        """Read a line, without its line break."""
        text = line.decode("utf-8", "backslashreplace").lstrip(" \t")
        if text.startswith("#"):
            self._read_comment(number, text.rstrip(" \t"))
            return
        comment, self.comment = " ".join(self.comment), []
        if not text.strip():
            return
        reason = unreadable(line)
        if not reason and ASSIGNMENT.fullmatch(text):
            reason = self._read_variable(text)
        elif not reason:
            reason = self._read_entry(number, text, comment)
        if reason:
            self.left_out.append(LeftOut(number, text.strip(" \t"), reason))

    def _read_comment(self, number: int, text: str) -> None:
        words = " ".join(text.lstrip("# \t").split())
        if _HEADING.search(text) or not words.isprintable():
            self.comment = []
        elif is_entry(text.lstrip("# \t")):
            self.comment = []
            self.left_out.append(LeftOut(number, text, "commented out"))
        else:
            self.comment = [*self.comment, words] if words else []

    def _read_variable(self, text: str) -> str:
        """Store a variable. Return why it cannot be, or ''."""
        match = ASSIGNMENT.fullmatch(text)
        assert match is not None
        name, value = unquoted(match[1]), unquoted(match[2].strip(" \t"))
        if not re.fullmatch(NAME, name):
            return "the name of a variable has letters, digits and _"
        if name == "RANDOM_DELAY" and not re.fullmatch(r"\d{1,4}", value):
            return "RANDOM_DELAY is a number of minutes"
        self.variables[name] = value
        return ""

    def _read_entry(self, number: int, text: str, comment: str) -> str:
        """Store a job. Return why it cannot be, or ''."""
        match = ENTRY.fullmatch(text)
        if match is None:
            return "neither a variable nor five fields and a command"
        if crontab_line.calls_us(text.encode()):
            return "calls scheduled itself"
        reason = seconds_problem(match["schedule"], match["rest"])
        if reason:
            return reason
        user, rest = _split_user(match["rest"]) if self.user else ("", match["rest"])
        if user != self.user:
            return _user_problem(user)
        rest, options = without_options(rest)
        words, stdin = command_text.split(rest, halves_backslashes=self.halves_backslashes)
        if not words:
            return "no command"
        shell = self.variables.get("SHELL", command_text.SHELL)
        fields = {
            "id": job_name(words),
            "description": cut(comment, LONGEST_DESCRIPTION),
            "schedule": hashed(match["schedule"]),
            "command": command_text.argv(words, stdin, shell),
            **self._environment(),
            "overlap": "skip" if "s" in options else None,
        }
        self._add(
            number, text.rstrip(" \t"), {key: value for key, value in fields.items() if value}
        )
        for advice in self._advice(words, stdin, shell):
            self.advice.append(f"line {number}, {fields['id']}: {advice}")
        if command_text.has_pairs(rest):
            self.backslashes.append(number)
        self.noteworthy |= {"~"} & set(match["schedule"])
        return ""

    def _advice(self, command: str, stdin: str, shell: str) -> Iterator[str]:
        """Yield what to look at in a command."""
        first, _, rest = command.partition(" ")
        if not self.user and rest and first in self.users:
            yield (
                f"begins with `{first}`, the name of a user, as in /etc/crontab; remove that word,"
                " or import the whole file with --system"
            )
        if stdin and not command_text.is_complete(command):
            yield r"a % ends the command, under cron, too; write \% for a percent sign"
        elif advice := idioms.advice(command, stdin, shell):
            yield advice

    def _add(self, number: int, text: str, fields: dict[str, Any]) -> None:
        self.jobs.append(ImportedJob(number, text, fields, is_named=False))
        names = {*self.variables, fields["schedule"].lower()}
        if self.variables.get("MAILTO") == "":
            names = {*names - {"MAILTO"}, _NO_MAIL}
        self.noteworthy |= names

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


def unreadable(line: bytes) -> str:
    """Return why a line cannot be written to a job file, or ''."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    if text.endswith("\r"):
        return "ends with a carriage return, which cron makes a part of the command"
    return "" if text.replace("\t", " ").isprintable() else "contains control characters"


def _user_problem(user: str) -> str:
    if can_be_user(user):
        return f"runs as {user}; import it as {user}"
    return f"{user} is not a user: these lines seem to name none; import the file with --no-system"


def unquoted(text: str) -> str:
    """Return the name or value of a variable without the quotes around it."""
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _split_user(rest: str) -> tuple[str, str]:
    """Return the user and the command of a line in /etc/crontab."""
    user, *command = rest.split(None, 1)
    return user, "".join(command)
