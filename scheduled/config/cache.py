"""A checked configuration, kept as JSON, so that a tick need not read YAML.

It may be missing, old or broken at any time, and is then as good as none. It names commands to
run, so one that others could have written is not read either.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from scheduled.config.directories import File
from scheduled.config.parsed import Handler, ParsedConfig
from scheduled.jobs.model import Job
from scheduled.system.files import Stamp, replace
from scheduled.system.permissions import is_ours

Key = Mapping[str, Any]
"""All that the content depends on besides the file it was made from. JSON."""
Row = list[Any]
"""What came of a file, as JSON."""
Made = TypeVar("Made")

_DEFAULTS = {
    one.name: one.default_factory() if one.default_factory is not MISSING else one.default
    for one in fields(Job)
}
_WORDS = {name: type(value) for name, value in _DEFAULTS.items() if isinstance(value, StrEnum)}
"""What the policies are made of; JSON has only text for them."""


def place(folder: Path, of: Path, what: str = "config") -> Path:
    """Where a configuration, or the job files that belong to it, are kept; each in its own file."""
    return folder / f"{what}-{zlib.crc32(bytes(of)):08x}.json"


def read(path: Path, key: Key, stamps: Mapping[str, Stamp | None]) -> ParsedConfig | None:
    """What was kept under this key while the files had these stamps; None if it was not."""
    if not is_ours(path):
        return None
    try:
        kept = json.loads(path.read_bytes())
        if kept["key"] != key or kept["stamps"] != _plain(stamps):
            return None
        jobs = tuple(job_of(one) for one in kept["jobs"])
        handlers = tuple(handler_of(one) for one in kept["handlers"])
        return ParsedConfig(
            kept["timezone"], kept["settings"], kept["lines"], jobs, handlers=handlers
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def write(path: Path, key: Key, stamps: Mapping[str, Stamp | None], parsed: ParsedConfig) -> None:
    """Keep a configuration, if it has no problems. Not being able to is nobody's problem.

    One with problems is not kept: they can go away without a change to the file, when a missing
    handler is installed.
    """
    if parsed.problems:
        return
    kept = {
        "key": key,
        "stamps": _plain(stamps),
        "timezone": parsed.timezone,
        "settings": parsed.settings,
        "lines": parsed.lines,
        "jobs": [row_of(job) for job in parsed.jobs],
        "handlers": [handler_row(one) for one in parsed.handlers],
    }
    _save(path, kept)


@dataclass(frozen=True)
class Form(Generic[Made]):
    """How what came of a file is kept."""

    row: Callable[[Made], Row | None]
    """None: not worth keeping."""
    made: Callable[[Row], Made]


def refreshed(
    path: Path, key: Key, files: Sequence[File], read: Callable[[File], Made], form: Form[Made]
) -> list[Made]:
    """What each file that may be read says, in their order; read anew only where it changed.

    `path` is where that is kept, under `key`.
    """
    before = _kept_rows(path, key) if files else {}
    made: list[Made] = []
    now: dict[str, Row] = {}
    for file in (one for one in files if one.stamp and not one.refusal):
        kept = before.get(file.path)
        one = _again(kept, file, form)
        if one is None:
            one = read(file)
            row = form.row(one)
            kept = None if row is None else [[*(file.stamp or ())], row]
        made.append(one)
        if kept is not None:
            now[file.path] = kept
    if now != before:
        _save(path, {"key": key, "files": now})
    return made


def _again(kept: Row | None, file: File, form: Form[Made]) -> Made | None:
    """What was kept of a file, if it is still the same one."""
    if kept is None or file.stamp is None:
        return None
    try:
        return form.made(kept[1]) if kept[0] == [*file.stamp] else None
    except (TypeError, KeyError, ValueError, IndexError, AttributeError):
        return None


def _kept_rows(path: Path, key: Key) -> dict[str, Row]:
    if not is_ours(path):
        return {}
    try:
        kept = json.loads(path.read_bytes())
        if kept["key"] != key:
            return {}
        return dict(kept["files"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def _save(path: Path, document: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps(document, separators=(",", ":")).encode(), mode=0o600)
    except OSError:
        return


def _plain(stamps: Mapping[str, Stamp | None]) -> dict[str, Sequence[int] | None]:
    return {path: None if stamp is None else list(stamp) for path, stamp in stamps.items()}


def handler_row(handler: Handler) -> Row:
    """A handler as JSON."""
    job = None if handler.job is None else row_of(handler.job)
    return [handler.name, handler.target, handler.place, handler.about, job, handler.claims]


def handler_of(row: Row) -> Handler:
    """The handler in a row. Raises what a broken one leads to."""
    name, target, place, about, job, claims = row
    return Handler(name, target, place, about, None if job is None else job_of(job), claims)


def row_of(job: Job) -> dict[str, Any]:
    """A job as JSON."""
    values = {name: getattr(job, name) for name in _DEFAULTS}
    return {name: value for name, value in values.items() if value != _DEFAULTS[name]}


def job_of(row: dict[str, Any]) -> Job:
    """The job in a row, which is used up by it. Raises what a broken one leads to."""
    for name, value in row.items():
        if name in _WORDS:
            row[name] = _WORDS[name](value)
        elif isinstance(value, list):  # JSON has no tuples, and a job no lists
            row[name] = tuple(value)
    return Job(**row)
