"""An anacrontab as jobs (pure), according to anacrontab(5) of Debian and of cronie.

anacron runs a job once in its period, as soon as the machine is on. Here the job has a slot at the
first hour of START_HOURS_RANGE plus its delay, and is caught up if the machine was off then.
"""

import re
from collections.abc import Iterator
from typing import Any

from scheduled.config.importers.crontab import TIMEOUT, unquoted, unreadable
from scheduled.config.importers.crontab_shape import ANACRON_ENTRY, ASSIGNMENT
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import as_id
from scheduled.jobs.model import NAME
from scheduled.quick_classes import dataclass, field

_DAYS = {"1": "* * *", "@daily": "* * *", "7": "* * 0", "@weekly": "* * 0"} | {
    "@monthly": "1 * *",
    "@yearly": "1 1 *",
    "@annually": "1 1 *",
}
"""What follows minute and hour, for the periods that are those of a calendar."""
_LAST_MINUTE = 24 * 60 - 1
_NOT_FOR_THE_JOB = {"RANDOM_DELAY", "START_HOURS_RANGE", "LOGNAME", "USER", "SHELL"}
"""Variables for anacron itself, which runs every command in /bin/sh."""

_NOTES = {
    "": f"anacron lets a job run forever; here each has a `timeout: {TIMEOUT}`",
    "7": "a period of 7 days has become Sunday; anacron counts from the last run",
    "days": "another number of days is counted from when the job was first seen here",
    "MAILTO": "MAILTO: cron now mails the output of `scheduled run`, which prints nothing unless a"
    " job fails; put MAILTO above its line in the crontab",
    "root": "anacron runs these jobs as root in /; here they run as you",
}


def read(text: bytes, *, is_root: bool) -> Findings:
    """Return the jobs of an anacrontab; `is_root` says whether they will go on as root."""
    reader = _AnacrontabReader()
    for number, line in _logical_lines(text):
        reader.read_line(number, line)
    jobs, left_out = tuple(reader.jobs), tuple(reader.left_out)
    relevant = reader.noteworthy | {*reader.variables, "", *([] if is_root else ["root"])}
    notes = tuple(note for name, note in _NOTES.items() if name in relevant) if jobs else ()
    return Findings(SourceKind.ANACRON, jobs, left_out=left_out, notes=notes)


@dataclass
class _AnacrontabReader:
    """What was read so far, and what applies to the next line."""

    variables: dict[str, str] = field(default_factory=dict)
    jobs: list[ImportedJob] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    noteworthy: set[str] = field(default_factory=set)

    def read_line(self, number: int, line: bytes) -> None:
        """Read a line, with those that continue it."""
        text = line.decode("utf-8", "backslashreplace").strip(" \t")
        if not text or text.startswith("#"):
            return
        reason = unreadable(line)
        if not reason and (match := ANACRON_ENTRY.fullmatch(text)):
            reason = self._read_entry(number, text, match)
        elif not reason:
            reason = self._read_variable(text)
        if reason:
            self.left_out.append(LeftOut(number, text, reason))

    def _read_variable(self, text: str) -> str:
        """Store a variable. Return why it cannot be, or ''."""
        match = ASSIGNMENT.fullmatch(text)
        if match is None:
            return "neither a variable nor period, delay, identifier and command"
        name, value = unquoted(match[1]), unquoted(match[2])
        problem = (
            "" if re.fullmatch(NAME, name) else "the name of a variable has letters, digits and _"
        )
        if name == "RANDOM_DELAY" and not re.fullmatch(r"\d{1,4}", value):
            problem = "RANDOM_DELAY is a number of minutes"
        if name == "START_HOURS_RANGE" and not _hours(value):
            problem = "START_HOURS_RANGE is a range of hours like 3-22"
        if not problem:
            self.variables[name] = value
        return problem

    def _read_entry(self, number: int, text: str, match: re.Match[str]) -> str:
        """Store a job. Return why it cannot be, or ''."""
        period = match["period"].lower()
        period = period.lstrip("0") if period.isdigit() else period
        if period not in _DAYS and not period.isdigit():
            return f"period {match['period']}: a number of days, @daily, @weekly, @monthly, @yearly"
        delay = int(self.variables.get("RANDOM_DELAY", 0))
        fields = {
            "id": as_id(match["id"]) or "job",
            "schedule": self._schedule(period, int(match["delay"])),
            "command": match["command"].strip(),
            **self._window(),
            "jitter": f"{delay}m" if delay else None,
            "env": {
                name: value
                for name, value in self.variables.items()
                if name not in _NOT_FOR_THE_JOB
            },
            "cwd": "/",
            "timeout": TIMEOUT,
        }
        given = {key: value for key, value in fields.items() if value}
        self.jobs.append(ImportedJob(number, text, given, is_named=False))
        self.noteworthy.add("days" if period not in _DAYS else period.replace("@weekly", "7"))
        return ""

    def _schedule(self, period: str, delay: int) -> str:
        if period not in _DAYS:
            return f"{period}d"
        hours = _hours(self.variables.get("START_HOURS_RANGE", ""))
        minutes = min(delay + 60 * (hours[0] if hours else 0), _LAST_MINUTE)
        return f"{minutes % 60} {minutes // 60} {_DAYS[period]}"

    def _window(self) -> dict[str, Any]:
        hours = _hours(self.variables.get("START_HOURS_RANGE", ""))
        if not hours or (hours[1] - hours[0]) % 24 == 0:
            return {}
        return {"window": f"{hours[0]:02}:00-{hours[1]:02}:00"}


def _hours(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 24:
        return None
    return int(match[1]), int(match[2])


def _logical_lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number, joined with those that continue it after a backslash."""
    parts: list[bytes] = []
    first = 1
    for number, line in enumerate(text.split(b"\n"), start=1):
        first = first if parts else number
        parts.append(line.removesuffix(b"\\"))
        if not line.endswith(b"\\"):
            yield first, b"".join(parts)
            parts = []
    if parts:
        yield first, b"".join(parts)
