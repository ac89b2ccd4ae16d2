"""The checked configuration as JSON, so that a tick need not read YAML.

A cache file may be missing, stale or broken at any time; then the files are read again. It names
commands to run, so one that others may write to is ignored as well.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from scheduled.config.directories import File
from scheduled.config.parsed import Handler, Offer, ParsedConfig
from scheduled.jobs.model import Job
from scheduled.quick_classes import MISSING, NamedTuple, dataclass, fields
from scheduled.system import machine
from scheduled.system.files import Stamp
from scheduled.system.stamp_cache import StampCache
from scheduled.version import __version__

Key = Mapping[str, Any]
"""All that the content depends on besides the file it was made from. JSON."""
Row = list[Any]
"""The content of a file, as JSON."""
WHOLE = ""
"""In the place of a path: the configuration as a whole."""
NO_STAMP = (0, 0, 0)
"""Its stamps are part of the key, for it depends on several files."""
Result = TypeVar("Result")

_DEFAULTS = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory()
    for field in fields(Job)
}
_POLICIES = {name: type(value) for name, value in _DEFAULTS.items() if isinstance(value, StrEnum)}
"""The types of the fields that are words; JSON has only text for them."""
_OTHER_IN_JSON = _POLICIES.keys() | {
    field.name for field in fields(Job) if "tuple" in str(field.type)
}
"""The fields whose values are, or may be, something else in JSON."""


class CacheFile(NamedTuple):
    """A cache file, and what waits to be written: it is not known yet whether the state is ours."""

    path: Path
    unsaved: list[StampCache]


def key_of(parsed: ParsedConfig, timeout: float) -> dict[str, Any]:
    """Return what the jobs of all files depend on besides them; `timeout` is in seconds."""
    return {
        "version": __version__,
        "timezone": parsed.timezone,
        "zone_is_local": parsed.zone_is_local,
        "permissions": parsed.settings.get("permissions"),
        "timeout": timeout,
        "job_defaults": parsed.job_defaults,
        "own_defaults": parsed.own_defaults,
        "machine": machine.mark(),  # seeds depend on it
    }


def file_for(
    directory: Path, source: Path, unsaved: list[StampCache], what: str = "config"
) -> CacheFile:
    """Return the cache file of the configuration `source`, or of the job files beside it."""
    return CacheFile(directory / f"{what}-{zlib.crc32(bytes(source)):08x}.json", unsaved)


def read(file: CacheFile, key: Key, stamps: Mapping[str, Stamp | None]) -> ParsedConfig | None:
    """Return what was kept under this key while the files had these stamps; None if nothing."""
    cache = StampCache(file.path, [key, stamps], private=True)
    facts = cache.recall(WHOLE, NO_STAMP)
    if facts is None:
        return None
    try:
        timezone, settings, lines, job_rows, handler_rows, zone_warning, notes = facts
        jobs = tuple(job_from_row(row) for row in job_rows)
        handlers = tuple(handler_from_row(row) for row in handler_rows)
        if settings.get("defaults"):
            _restore(settings["defaults"])
    except (ValueError, TypeError, KeyError):
        return None
    return ParsedConfig(
        timezone,
        settings,
        lines,
        jobs,
        offer=Offer(handlers),
        zone_warning=zone_warning,
        notes=tuple(notes),
    )


def write(
    file: CacheFile, key: Key, stamps: Mapping[str, Stamp | None], parsed: ParsedConfig
) -> None:
    """Keep a configuration that has no problems. A failed write is ignored.

    One with problems is not kept: they can go away without a change to the file, when a missing
    handler is installed.
    """
    if parsed.problems:
        return
    jobs = [job_row(job) for job in parsed.jobs]
    handlers = [handler_row(handler) for handler in parsed.offer.handlers]
    cache = StampCache(file.path, [key, stamps], private=True)
    values = [parsed.timezone, parsed.settings, parsed.lines, jobs, handlers, parsed.zone_warning]
    cache.keep(WHOLE, NO_STAMP, [*values, parsed.notes])
    file.unsaved.append(cache)


@dataclass(frozen=True)
class RowCodec(Generic[Result]):
    """How the content of a file is kept."""

    encode: Callable[[Result], Row | None]
    """None: not to be kept."""
    decode: Callable[[Row], Result]


def read_files(
    kept: CacheFile,
    key: Key,
    files: Sequence[File],
    read: Callable[[File], Result],
    codec: RowCodec[Result],
) -> list[Result]:
    """Return the content of each file that may be read, in their order; only changed ones are read.

    It is kept in `kept`, under `key`.
    """
    if not files:
        return []
    cache = StampCache(kept.path, key, private=True)
    contents: list[Result] = []
    for file in files:
        if file.stamp is None or file.refusal:
            continue
        content = _recalled(cache, file.path, file.stamp, codec)
        if content is None:
            content = read(file)
            row = codec.encode(content)
            if row is not None:
                cache.keep(file.path, file.stamp, row)
        contents.append(content)
    kept.unsaved.append(cache)
    return contents


def _recalled(cache: StampCache, path: str, stamp: Stamp, codec: RowCodec[Result]) -> Result | None:
    """Return the content of a file that was kept, if the file is unchanged."""
    row = cache.recall(path, stamp)
    try:
        return None if row is None else codec.decode(row)
    except (TypeError, KeyError, ValueError, IndexError, AttributeError):
        return None


def handler_row(handler: Handler) -> Row:
    """Return a handler as JSON."""
    job = None if handler.job is None else job_row(handler.job)
    values = [handler.name, handler.target, handler.place, handler.about, job, handler.reserves_id]
    return [*values, handler.package, handler.version]


def handler_from_row(row: Row) -> Handler:
    """Return the handler in a row. A broken row raises any of several errors."""
    name, target, place, about, job_values, *more = row
    job = None if job_values is None else job_from_row(job_values)
    return Handler(name, target, place, about, job, *more)


def job_row(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    return {name: value for name, value in vars(job).items() if value != _DEFAULTS[name]}


def job_from_row(row: dict[str, Any]) -> Job:
    """Return the job in a row, which is changed. A broken row raises any of several errors."""
    if not _OTHER_IN_JSON.isdisjoint(row):
        _restore(row)
    return Job(**row)


def _restore(row: dict[str, Any]) -> None:
    """Give the fields of a job in a row the types that they have in a job."""
    for name in _OTHER_IN_JSON & row.keys():
        value = row[name]
        if name in _POLICIES:
            row[name] = _POLICIES[name](value)
        elif isinstance(value, list):  # JSON has no tuples, and a job no lists
            row[name] = tuple(value)
