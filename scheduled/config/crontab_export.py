"""Jobs as the lines of a crontab: the way back to cron (pure).

A line has to mean for cron what the job means here: the same times, command, input, environment and
directory. A job for which there is no such line is left out with the reason. What cron cannot do
besides (retries, a time limit) is named above the line, and is lost.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from scheduled.config import crontab_days
from scheduled.config.importers import command_text
from scheduled.config.importers.crontab_shape import is_entry
from scheduled.jobs.model import Job
from scheduled.jobs.permissions import CONFINED
from scheduled.jobs.schedule import schedule_of
from scheduled.quick_classes import dataclass, fields
from scheduled.timing import timezones

_DECISIVE = (
    *("only_if", "after", "window", "env_file", "max_cpu_percent", "max_memory_percent"),
    *("idle_only", "min_free_disk", "umask", "nice", "mutex", "starts", "ends"),
    *("not_on", "only_on", "max_runs", "executor"),
)
"""Keys without which a job would run at other times, or otherwise."""
_NOT_LOST = {
    "level",
    *("id", "name", "description", "schedule", "timezone", "zone_is_local", "seed", "source"),
    *("enabled", "command", "handler", "env", "cwd", "waits_for", "memory_section", "last_run_key"),
    *("is_switched_off", "from_defaults", "shell", "move", "calendars"),
    *("keep", "delete_after_success"),
    *("idle_threshold_cpu", "idle_threshold_memory"),  # nothing without `idle_only`
}


@dataclass(frozen=True)
class LeftOutJob:
    """A job that cannot be said in a crontab."""

    id: str
    reason: str


@dataclass(frozen=True)
class Export:
    """The lines, and the jobs for which there are none."""

    text: str
    jobs: tuple[str, ...]
    """The ids of the jobs with a line, in order."""
    left_out: tuple[LeftOutJob, ...]


@dataclass(frozen=True)
class Cron:
    """The cron that will read the lines, and where it starts what it runs."""

    zone: str
    home: Path
    root: Path
    halves_backslashes: bool


def export(jobs: Iterable[Job], cron: Cron) -> Export:
    """Return the lines of a crontab for these jobs; a disabled job is commented out."""
    blocks: list[str] = []
    exported: list[str] = []
    left_out: list[LeftOutJob] = []
    for job in jobs:
        try:
            line = _line(job, cron)
        except _NoLineError as error:
            left_out.append(LeftOutJob(job.id, str(error)))
            continue
        comments = "".join(f"# {text}\n" for text in _comments(job))
        blocks.append(f"{comments}{'' if job.enabled else '#'}{line}\n")
        exported.append(job.id)
    return Export("\n".join(blocks), tuple(exported), tuple(left_out))


class _NoLineError(Exception):
    pass


def _line(job: Job, cron: Cron) -> str:
    """Return the line for a job. Raise _NoLineError with the reason if there is none."""
    schedule = _schedule(job, cron)
    missing = [name for name in _DECISIVE if getattr(job, name) not in (None, "", (), False)]
    if job.level in CONFINED:
        raise _NoLineError(f"its id makes it {job.level}, and cron would run it without limits")
    if job.handler:
        raise _NoLineError("runs a handler, which needs scheduled")
    if missing:
        raise _NoLineError(f"has {', '.join(missing)}, which cron does not know")
    command, stdin = _command(job)
    prepared = f"{schedule.test}{_preparation(job, cron)}{command}"
    text = _escaped(prepared, stdin, cron)
    if not (prepared + text).replace("\t", " ").isprintable():
        raise _NoLineError("its command has a line break or a control character")
    if command_text.split(text, halves_backslashes=cron.halves_backslashes) != (prepared, stdin):
        raise _NoLineError("its command or input cannot be written for this cron")
    if not is_entry(f"{schedule.text} {text}") or text.startswith("*"):
        raise _NoLineError("its command would be taken for a field of the schedule")
    return f"{schedule.text} {text}"


def _schedule(job: Job, cron: Cron) -> crontab_days.Fields:
    schedule = schedule_of(job)
    if schedule.kind == "reboot":
        return crontab_days.Fields("@reboot")
    if schedule.kind != "cron":
        raise _NoLineError(f"{job.schedule}: cron has only fields")
    if not timezones.have_same_rules(job.timezone, cron.zone):
        raise _NoLineError(f"its time zone is {job.timezone}, and that of cron {cron.zone}")
    fields = crontab_days.of(schedule)
    if isinstance(fields, str):
        raise _NoLineError(f"{job.schedule}: {fields}")
    return fields


def _command(job: Job) -> tuple[str, str]:
    """Return command and standard input; of a command with input, as cron had them before."""
    if isinstance(job.command, str) and job.shell:
        return f"exec {shlex.join(job.words(job.command))}", ""
    if isinstance(job.command, str):
        return job.command.strip(), ""
    if command_text.is_fed(job.command) and len(job.command) == 6:
        shell, command, stdin = job.command[3:]
        if shell != command_text.SHELL:
            command = f"exec {shlex.join([shell, '-c', command])}"
        return command.strip(), stdin
    return f"exec {shlex.join(job.command)}", ""


def _preparation(job: Job, cron: Cron) -> str:
    """Return the commands for the job's variables and directory. cron starts it at home."""
    folder = str(cron.root / re.sub(r"^~(?=/|$)", str(cron.home), job.cwd))
    change = "" if folder == str(cron.home) else f"cd {shlex.quote(folder)} || exit; "
    variables = " ".join(f"{name}={shlex.quote(text)}" for name, text in job.env.items())
    return (f"export {variables}; " if variables else "") + change


def _escaped(command: str, stdin: str, cron: Cron) -> str:
    """Return both as cron reads them: `%` escaped, line breaks as `%`."""
    if cron.halves_backslashes:
        command = command.replace("\\", "\\\\")
    text = command.replace("%", "\\%")
    if not stdin:
        return text
    return f"{text}%{stdin.removesuffix(chr(10)).replace('%', chr(92) + '%').replace(chr(10), '%')}"


def _comments(job: Job) -> Iterator[str]:
    yield job.description or job.name or job.id
    defaults = {field.name: field.default for field in fields(Job)}
    lost = [
        name
        for name, default in defaults.items()
        if name not in (*_NOT_LOST, *_DECISIVE) and getattr(job, name) not in (default, (), {})
    ]
    if lost:
        yield f"Lost, as cron does not know them: {', '.join(lost)}"
