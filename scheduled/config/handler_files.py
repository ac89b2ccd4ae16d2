"""Folders of handlers: which files there are, which changed, and what each offers.

What is wrong with a file stops that file alone. As long as nothing changed, this costs a look at
each file's stamp; nothing in them is ever run here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scheduled.config import cache
from scheduled.config.conflicts import duplicate_ids
from scheduled.config.directories import (
    Directory,
    File,
    FileKind,
    configured_directories,
    list_files,
)
from scheduled.config.parsed import Handler, ParsedConfig, ParsedJobFile
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.system import machine
from scheduled.system.files import Stamp, stamp
from scheduled.version import __version__

KIND = FileKind("handlers", (".py",), (".", "_"))
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class HandlerScan:
    """What all the folders hold."""

    handlers: tuple[Handler, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Files without a handler."""
    folders: tuple[Path, ...] = ()
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of every folder and file looked at, from before that."""


@dataclass(frozen=True)
class _ParsedHandlerFile:
    """What came of one file."""

    handlers: tuple[Handler, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def load(
    parsed: ParsedConfig, timeout: float, config_path: Path, environ: Mapping[str, str], kept: Path
) -> HandlerScan:
    """What the folders offer that the settings in `parsed` name.

    A job that does not say has the draft's zone and `timeout`, in seconds. `kept` is the file
    that spares the reading next time. Raises ConfigError for a folder that cannot be meant.
    """
    if "handler_dirs" not in parsed.settings:
        return HandlerScan()
    folders = configured_directories("handler_dirs", parsed, config_path, environ)
    stamps = {str(folder.path): stamp(folder.path) for folder in folders}
    files, problems = list_files(folders, KIND)
    key = _cache_key(folders, parsed.timezone, timeout)
    said = cache.read_files(kept, key, files, lambda file: _read(file, key), _CODEC)
    problems += [sentence for one in said for sentence in one.problems]
    handlers = [handler for one in said for handler in one.handlers]
    clashes = dict(_duplicate_names(handlers))
    problems += [sentence for group in clashes.values() for sentence in group]
    return HandlerScan(
        handlers=tuple(one for one in handlers if one.name not in clashes),
        problems=tuple(problems),
        warnings=tuple(sentence for one in said for sentence in one.warnings),
        folders=tuple(folder.path for folder in folders),
        stamps=stamps | {one.path: one.stamp for one in files},
    )


def _cache_key(folders: Sequence[Directory], timezone: str, timeout: float) -> cache.Key:
    """What the jobs depend on besides their files."""
    return {
        "version": __version__,
        "folders": [[str(folder.path), folder.label] for folder in folders],
        "timezone": timezone,
        "timeout": timeout,
        "machine": machine.mark(),  # for what was drawn on it
    }


def _read(file: File, key: cache.Key) -> _ParsedHandlerFile:
    from scheduled.config import handler_source, validate

    path = Path(file.path)
    if not _STEM.fullmatch(path.stem):
        wrong = 'the name of a handler has letters, digits, "_" and "-"; rename the file'
        return _ParsedHandlerFile(problems=(f"{file.label}: {wrong}",))
    module = handler_source.HandlerFile(path, file.label)
    problems = [*module.problems]
    handlers = []
    for one in module.declarations:
        target = loader.name_in_file(path, one.function)
        place = f"{file.label}:{one.line}"
        defaults = validate.Defaults(key["timezone"], key["timeout"], {one.name: target})
        reading = (
            validate.validate_declaration(one, file.label, defaults)
            if one.is_clear
            else ParsedJobFile()
        )
        problems += reading.problems
        claims = reading.job is None and ("schedule" in one.keys or not one.is_clear)
        handlers.append(Handler(one.name, target, place, one.about, reading.job, claims))
    told = () if handlers or problems else (f"{file.label}: {_NOTHING}",)
    return _ParsedHandlerFile(tuple(handlers), tuple(problems), told)


_NOTHING = (
    "offers no handler: neither a function called run nor one under @handler; "
    'a "_" before its name has it passed over'
)


def _encode(said: _ParsedHandlerFile) -> cache.Row | None:
    if said.problems:
        return None
    return [[cache.handler_row(one) for one in said.handlers], said.warnings]


def _decode(row: cache.Row) -> _ParsedHandlerFile:
    return _ParsedHandlerFile(
        tuple(cache.handler_from_row(one) for one in row[0]), warnings=tuple(row[1])
    )


_CODEC = cache.RowCodec(_encode, _decode)


def _duplicate_names(handlers: Sequence[Handler]) -> Iterator[tuple[str, list[str]]]:
    """The names that are claimed more than once, each with what to tell about it."""
    shipped = "is that of a shipped handler, which stays as it is; give it another"
    taken = dict.fromkeys((name for job in builtin.JOBS for name in (job.id, job.handler)), shipped)
    return duplicate_ids(((one.name, one.place) for one in handlers), taken, "name")
