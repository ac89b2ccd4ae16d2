"""The jobs of AIPass's `<branch>/.daemon/*.json` as jobs (pure).

A job there has a command of `drone`, which runs without a shell in the directory of its branch, or
a prompt that wakes an agent. That of a prompt keeps it among its `params`, and is disabled until
somebody adds a command.
"""

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from scheduled.config.conflicts import BUILTIN_IDS
from scheduled.config.importers import aipass_schedule, json_objects, placeholder
from scheduled.config.importers.aipass_schedule import UnusableError
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.job_names import as_id
from scheduled.config.importers.json_objects import JsonEntry
from scheduled.config.job_keys import ID
from scheduled.errors import UsageError
from scheduled.quick_classes import NamedTuple, replace
from scheduled.system.text import excerpt, one_line

PROGRAM = "drone"
"""All that a command may call."""
TIMEOUT = 600
"""Seconds a job may run that does not say."""
_VERSION = 1
_KEYS = (
    *("id", "enabled", "schedule", "prompt", "command", "wake", "timeout_seconds", "notify"),
    *("config", "catch_up", "catch_up_max_age_hours", "description"),
)
_LONGEST_DESCRIPTION = 100
_NOTIFY = (
    "it would tell by Telegram or mail when the command starts and ends; a channel of kind mailbox"
    " under `notify`, with this job under its `jobs`, tells when it fails and works again"
)
_NO_WAKE = "a command wakes nobody; AIPass ignores it as well"


class DaemonFile(NamedTuple):
    """A file of jobs."""

    label: str
    """What messages call it: `flow/.daemon/schedule.json`."""
    data: bytes
    folder: str
    """The directory of its branch, absolute."""
    branch: str
    """The name of the branch, lower case, without the `@`."""
    idle: str = ""
    """Why AIPass runs none of its jobs; '' if it does."""


def is_job_list(data: bytes) -> bool:
    """Whether this looks like a file of jobs of AIPass: JSON, each job with a schedule by type."""
    if b'"jobs"' not in data or b'"schedule"' not in data:
        return False
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    jobs = document.get("jobs") if isinstance(document, dict) else None
    return isinstance(jobs, list) and all(
        isinstance(job, dict) and isinstance(job.get("schedule"), dict) for job in jobs
    )


def read(
    files: Sequence[DaemonFile], now: datetime, zone: tzinfo, problems: Iterable[LeftOut] = ()
) -> Findings:
    """Return the jobs of these files; `problems` are what could not be read of others.

    Raise UsageError for the only file, if it holds no list of jobs.
    """
    found: list[tuple[str, ImportedJob]] = []
    left_out, notes = [*problems], []
    for file in files:
        try:
            entries = _entries(file)
        except UsageError as error:
            if len(files) == 1 and not left_out:
                raise
            left_out.append(_unusable(file, str(error)))
            continue
        for entry in entries:
            job, parts = _job(entry, file, now, zone)
            left_out += parts
            found += [(file.branch, job)] if job is not None else []
    if found:
        notes.append(_TIMES)
    if any("command" in job.fields and job.fields["command"][0] == PROGRAM for _, job in found):
        notes.append(_IN_PATH)
    jobs = tuple(_with_names(found))
    return Findings(SourceKind.AIPASS, jobs, left_out=tuple(left_out), notes=tuple(notes))


_TIMES = (
    "AIPass starts a job up to 15 minutes before or after its time, and at most one that it catches"
    " up on at a time; here each starts at its time, on the clock of the configured zone"
)
_IN_PATH = (
    f"`{PROGRAM}` has to be in the PATH that cron gives to jobs, or in that of their `env`;"
    " `scheduled doctor` says whether it is"
)


def _unusable(file: DaemonFile, error: str) -> LeftOut:
    """Return what says why a file cannot be used: an error begins with its label, and a line."""
    line, _, reason = error.removeprefix(f"{file.label}:").strip().partition(": ")
    if line.isdigit():
        return LeftOut(int(line), "the file", reason, file.label)
    return LeftOut(1, "the file", f"{line}: {reason}" if reason else line, file.label)


def _entries(file: DaemonFile) -> list[JsonEntry]:
    """Return the jobs in a file. Raise UsageError if there is no list of them."""
    entries = json_objects.read(file.data, file.label, ("jobs",))
    try:
        document = json.loads(file.data.decode("utf-8-sig"))
    except ValueError:  # nothing, or several values
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), list):
        raise UsageError(f"{file.label}: no list of jobs in it")
    if document.get("version", _VERSION) != _VERSION:
        version = excerpt(str(document["version"]))
        raise UsageError(f"{file.label}: version {version}; only version {_VERSION} is known")
    return entries


def _job(
    entry: JsonEntry, file: DaemonFile, now: datetime, zone: tzinfo
) -> tuple[ImportedJob | None, list[LeftOut]]:
    """Return the job of an entry, or None, and what of it cannot be kept."""
    if not isinstance(entry.value, dict):
        text = excerpt(str(entry.value))
        return None, [LeftOut(entry.line, text, "not an object with an id", file.label)]
    name = _text(entry.value.get("id")) or "a job"
    try:
        job, parts = _fields(entry.value, file, now, zone)
    except UnusableError as error:
        return None, [LeftOut(entry.line, excerpt(name), str(error), file.label)]
    imported = ImportedJob(entry.line, name, job.fields, file=file.label, anchor=job.anchor)
    return imported, [
        LeftOut(entry.line, excerpt(f"{name}: {what}"), why, file.label) for what, why in parts
    ]


class _Fields(NamedTuple):
    fields: Mapping[str, Any]
    anchor: datetime | None


def _fields(
    job: Mapping[str, Any], file: DaemonFile, now: datetime, zone: tzinfo
) -> tuple[_Fields, list[tuple[str, str]]]:
    """Return the keys of a job, and what cannot be kept with the reason. Raise UnusableError."""
    if not _text(job.get("id")):
        raise UnusableError("no id")
    if file.idle:
        raise UnusableError(file.idle)
    has_prompt, has_command = (job.get(key) not in (None, "") for key in ("prompt", "command"))
    if has_prompt == has_command:
        both = "both a prompt and a command" if has_prompt else "neither a prompt nor a command"
        raise UnusableError(f"{both}; AIPass refuses it, too")
    timing = aipass_schedule.read(job, now, zone)
    fields = {
        "id": _text(job["id"]),
        "description": _description(job),
        **timing.fields,
        "cwd": file.folder,
        "timeout": _timeout(job),
        "enabled": _enabled(job),
        "tags": [file.branch],
    }
    more = {key: value for key, value in job.items() if key not in _KEYS}
    parts = list(timing.left_out)
    if has_command:
        fields["command"] = _command(job["command"], timing.is_rotation)
        if job.get("wake"):
            parts.append(("wake", _NO_WAKE))
        if job.get("notify"):
            parts.append(("notify", _NOTIFY))
        parts += [(excerpt(key), "not a key of AIPass's jobs") for key in more if key[:1] != "_"]
        values = {"config": job["config"]} if job.get("config") else {}
    else:
        kept = {key: job[key] for key in ("prompt", "wake", "notify", "config") if key in job}
        values = {"branch": file.branch, **kept, **more}
        if timing.is_rotation:
            values["rotation"] = True
    fields = placeholder.complete(fields, values)
    return _Fields(
        {key: value for key, value in fields.items() if value != ""}, timing.anchor
    ), parts


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and value is not True else ""


def _description(job: Mapping[str, Any]) -> str:
    """Return what people have noted about a job, or the beginning of its prompt."""
    notes = [value for key, value in job.items() if key[:1] == "_" and isinstance(value, str)]
    texts = [job.get("description"), *notes, job.get("prompt")]
    text = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return one_line(" ".join(text.split()), _LONGEST_DESCRIPTION)


def _timeout(job: Mapping[str, Any]) -> int:
    timeout = job.get("timeout_seconds", TIMEOUT)
    if type(timeout) is not int or timeout <= 0:
        raise UnusableError(
            f"timeout_seconds: {excerpt(str(timeout))} is not a whole number above 0"
        )
    return timeout


def _enabled(job: Mapping[str, Any]) -> bool:
    enabled = job.get("enabled", True)
    if type(enabled) is not bool:
        raise UnusableError(f"enabled: {excerpt(str(enabled))} is neither true nor false")
    return enabled


def _command(command: Any, is_rotation: bool) -> list[str]:
    """Return the words of a command, as AIPass splits it. Raise UnusableError."""
    if is_rotation:
        raise UnusableError("a rotation wakes another agent each day, and a command wakes nobody")
    if not isinstance(command, str):
        raise UnusableError(f"command: {excerpt(str(command))} is not text")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UnusableError(f"command: {str(error).lower()}") from None
    if not words or words[0] != PROGRAM:
        first = excerpt(words[0]) if words else "nothing"
        raise UnusableError(f"command: begins with {first}; AIPass only runs {PROGRAM}")
    return words


def _with_names(found: Sequence[tuple[str, ImportedJob]]) -> Iterator[ImportedJob]:
    """Yield the jobs, with that of its branch in an id that is not unique among them.

    Branches know their jobs by ids of their own.
    """
    counts = Counter(job.fields["id"] for _, job in found)
    for branch, job in found:
        id_ = job.fields["id"]
        if counts[id_] > 1 or id_ in BUILTIN_IDS:
            id_ = f"{branch}-{id_}"
        if not ID.fullmatch(id_):
            id_ = as_id(id_) or id_
        yield replace(job, fields={**job.fields, "id": id_})
