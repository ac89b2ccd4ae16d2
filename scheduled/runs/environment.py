"""What a run finds around it: its variables, and the folder it starts in.

Variables come from four places, each stronger than the one before: what `scheduled` itself was
started with, which under cron is next to nothing; the job's `env_file`; the job's `env`; and what
the run is told about itself. Nothing in a value is expanded, as in cron's own tables.
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from scheduled.errors import ScheduledError, reason_of
from scheduled.jobs.model import NAME, Attempt, Job
from scheduled.system import files
from scheduled.timing.instants import format_utc

LARGEST = 1024 * 1024
_LINE = re.compile(rf"(?:export\s+)?({NAME.pattern})=(.*)")
_COMMENT = re.compile(r"\s#.*")
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_ESCAPE = re.compile(r"\\([nrt\\\"$`])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_BAD_QUOTES = (
    'its quotes do not end, or something follows them; a new line is "\\n" in double quotes'
)


class UnusableEnvironmentError(ScheduledError):
    """A run cannot start as it was asked to: its environment file or folder is at fault."""


def variables(attempt: Attempt, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of a run; `environ` is ours, `folder` is where `env_file` counts from.

    Raises UnfitSurroundingsError for an `env_file` that cannot be followed.
    """
    found = dict(environ)
    if not found.get("HOME"):
        found |= _home()
    if attempt.job.env_file:
        found |= _from_file(_place(attempt.job.env_file, folder, found))
    return found | dict(attempt.job.env) | run_variables(attempt)


def run_variables(attempt: Attempt) -> dict[str, str]:
    """What a run is told about itself. A command gets its `params` this way, as JSON."""
    job = attempt.job
    params = {"SCHEDULED_PARAMS": json.dumps(job.params)} if job.params and job.command else {}
    return params | {
        "SCHEDULED_JOB": job.id,
        "SCHEDULED_RUN_ID": attempt.run_id,
        "SCHEDULED_SLOT": format_utc(attempt.slot) or "",
        "SCHEDULED_ATTEMPT": str(attempt.attempt),
        "SCHEDULED_CATCH_UP": "1" if attempt.catch_up else "0",
        "SCHEDULED_MISSED": str(attempt.missed),
        "SCHEDULED_LAST_SUCCESS": format_utc(attempt.last_success) or "",
    }


def working_folder(job: Job, root: Path, environ: Mapping[str, str]) -> Path:
    """Where a run starts: the job's `cwd`, counted from `root`, else `root`, else `/`.

    Raises UnfitSurroundingsError for a `cwd` that is no folder, or not one for us.
    """
    if not job.cwd:
        return root if root.is_dir() else Path("/")
    folder = _place(job.cwd, root, environ)
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise UnusableEnvironmentError(f"cwd: {folder}: {what}")
    if not os.access(folder, os.X_OK):
        raise UnusableEnvironmentError(f"cwd: {folder}: permission denied")
    return folder


def _home() -> dict[str, str]:
    """The home the password database knows, for what is started without one."""
    import pwd

    try:
        return {"HOME": pwd.getpwuid(os.geteuid()).pw_dir}
    except KeyError:  # a user without an entry, as in many containers
        return {}


def _place(text: str, base: Path, environ: Mapping[str, str]) -> Path:
    """A path as people write it: `~` is HOME, and what is relative counts from `base`."""
    if text == "~" or text.startswith("~/"):
        text = environ.get("HOME", "/") + text[1:]
    return base / text


def _from_file(path: Path) -> dict[str, str]:
    """The variables in a file of NAME=VALUE lines. A message shows no value of them."""
    try:
        status = path.stat()
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            reason = "others can write to it, and with it decide what runs; type: chmod go-w"
            raise UnusableEnvironmentError(f"env_file: {path}: {reason} {path}")
        if status.st_size > LARGEST:
            raise UnusableEnvironmentError(f"env_file: {path}: larger than {LARGEST} bytes")
        text = files.read_stamped(path)[1].decode("utf-8-sig")
    except OSError as error:
        reason = reason_of(error)
        raise UnusableEnvironmentError(f"env_file: {path}: {reason}") from error
    except UnicodeDecodeError as error:
        raise UnusableEnvironmentError(f"env_file: {path}: not UTF-8") from error
    return dict(_entries(text, path))


def _entries(text: str, path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        match = _LINE.fullmatch(entry)
        value = _unquoted(match[2]) if match else None
        if match is None or "\0" in entry:
            raise UnusableEnvironmentError(f"env_file: {path}:{number}: expected NAME=VALUE")
        if value is None:
            raise UnusableEnvironmentError(f"env_file: {path}:{number}: {match[1]}: {_BAD_QUOTES}")
        yield match[1], value


def _unquoted(text: str) -> str | None:
    """A value without its quotes and the comment after it; None where the quotes are wrong."""
    value = text.strip()
    if value.startswith("'"):
        found = _SINGLE.fullmatch(value)
        return found[1] if found else None
    if value.startswith('"'):
        found = _DOUBLE.fullmatch(value)
        return _ESCAPE.sub(_escaped, found[1]) if found else None
    return _COMMENT.sub("", text).strip()


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
