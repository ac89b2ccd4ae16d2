"""The environment of a run: its variables and its working directory.

Variables come from four sources, each overriding the one before: the environment `scheduled` was
started in, which under cron is nearly empty; the job's `env_file`; the job's `env`; and the
`SCHEDULED_*` variables of the run itself. Nothing in a value is expanded, as in a crontab.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scheduled.errors import ScheduledError, UnreadableFileError
from scheduled.jobs.model import NAME, Attempt, Job
from scheduled.system.trusted import Trust
from scheduled.timing.instants import format_utc

LARGEST = 1024 * 1024
_LINE = rf"(?:export\s+)?({NAME})=(.*)"
_COMMENT = r"\s#.*"
_SINGLE = r"'([^']*)'\s*(?:#.*)?"
_DOUBLE = r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?'
_ESCAPE = r"\\([nrt\\\"$`])"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_BAD_QUOTES = (
    'unterminated quotes, or text after them; write a line break as "\\n" in double quotes'
)


class UnusableEnvironmentError(ScheduledError):
    """A run cannot start because its `env_file` or `cwd` cannot be used."""


def variables(
    attempt: Attempt, environ: Mapping[str, str], folder: Path, trust: Trust | None = None
) -> dict[str, str]:
    """Return the environment of a run: `environ` and what the job and the run add to it.

    `folder` is what the `env_file` is relative to. Raises UnusableEnvironmentError for an
    `env_file` that cannot be used, or that is none of ours by `trust`.
    """
    result = dict(environ)
    if not result.get("HOME"):
        result |= _home()
    return result | own_variables(attempt, result, folder, trust)


def own_variables(
    attempt: Attempt, environ: Mapping[str, str], folder: Path, trust: Trust | None = None
) -> dict[str, str]:
    """Return what the job and the run add to an environment. Raises as `variables` does."""
    job, result = attempt.job, dict[str, str]()
    if job.env_file:
        path = resolve(job.env_file, folder, environ)
        result |= _from_file(path, trust or Trust())
    return result | dict(job.env) | run_variables(attempt)


def run_variables(attempt: Attempt) -> dict[str, str]:
    """Return the `SCHEDULED_*` variables of a run; a command gets its `params` as JSON."""
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


def working_directory(job: Job, root: Path, environ: Mapping[str, str]) -> Path:
    """Return where a run starts: the job's `cwd`, relative to `root`; else `root`, else `/`.

    Raises UnusableEnvironmentError for a `cwd` that is not a directory or cannot be entered.
    """
    if not job.cwd:
        return root if root.is_dir() else Path("/")
    folder = resolve(job.cwd, root, environ)
    if not folder.is_dir():
        what = "not a directory" if folder.exists() else "no such directory"
        raise UnusableEnvironmentError(f"cwd: {folder}: {what}")
    if not os.access(folder, os.X_OK):
        raise UnusableEnvironmentError(f"cwd: {folder}: permission denied")
    return folder


def _home() -> dict[str, str]:
    """Return HOME as the password database has it, for a tick that was started without."""
    import pwd

    try:
        return {"HOME": pwd.getpwuid(os.geteuid()).pw_dir}
    except KeyError:  # a user without an entry, as in many containers
        return {}


def resolve(text: str, base: Path, environ: Mapping[str, str]) -> Path:
    """Resolve a path as people write it: `~` is HOME, a relative one is relative to `base`."""
    if text == "~" or text.startswith("~/"):
        text = environ.get("HOME", "/") + text[1:]
    return base / text


def env_file_problems(
    job: Job, environ: Mapping[str, str], folder: Path, trust: Trust
) -> list[str]:
    """Return why the `env_file` of a job must not be used; none if it may, or is missing."""
    path = resolve(job.env_file, folder, environ) if job.env_file else None
    if path is None or not os.path.exists(path):
        return []
    return [f"env_file: {problem}" for problem in trust.problems(path)]


def _from_file(path: Path, trust: Trust) -> dict[str, str]:
    """Return the variables in a file of NAME=VALUE lines. No message contains a value."""
    try:
        data = trust.read(path)
        if len(data) > LARGEST:
            raise UnusableEnvironmentError(f"env_file: {path}: larger than {LARGEST} bytes")
        text = data.decode("utf-8-sig")
    except UnreadableFileError as error:
        raise UnusableEnvironmentError(f"env_file: {error}") from error
    except UnicodeDecodeError as error:
        raise UnusableEnvironmentError(f"env_file: {path}: not UTF-8") from error
    return dict(_entries(text, path))


def _entries(text: str, path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        match = re.fullmatch(_LINE, entry)
        value = _unquoted(match[2]) if match else None
        if match is None or "\0" in entry:
            raise UnusableEnvironmentError(f"env_file: {path}:{number}: expected NAME=VALUE")
        if value is None:
            raise UnusableEnvironmentError(f"env_file: {path}:{number}: {match[1]}: {_BAD_QUOTES}")
        yield match[1], value


def _unquoted(text: str) -> str | None:
    """Return a value without quotes and trailing comment, or None if its quotes are wrong."""
    value = text.strip()
    if value.startswith("'"):
        match = re.fullmatch(_SINGLE, value)
        return match[1] if match else None
    if value.startswith('"'):
        match = re.fullmatch(_DOUBLE, value)
        return re.sub(_ESCAPE, _unescape, match[1]) if match else None
    return re.sub(_COMMENT, "", text).strip()


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
