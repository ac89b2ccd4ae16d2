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
from scheduled.config.directories import File, Folder, Kind, all_listed, named
from scheduled.config.parsed import Handler, ParsedConfig, ParsedJobFile
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.system import machine
from scheduled.system.files import Stamp, stamp
from scheduled.version import __version__

KIND = Kind("handlers", (".py",), (".", "_"))
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
class _Said:
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
    folders = named("handler_dirs", parsed, config_path, environ)
    stamps = {str(folder.path): stamp(folder.path) for folder in folders}
    files, problems = all_listed(folders, KIND)
    key = _key(folders, parsed.timezone, timeout)
    said = cache.refreshed(kept, key, files, lambda file: _read(file, key), _FORM)
    problems += [sentence for one in said for sentence in one.problems]
    handlers = [handler for one in said for handler in one.handlers]
    clashes = dict(_clashes(handlers))
    problems += [sentence for group in clashes.values() for sentence in group]
    return HandlerScan(
        handlers=tuple(one for one in handlers if one.name not in clashes),
        problems=tuple(problems),
        warnings=tuple(sentence for one in said for sentence in one.warnings),
        folders=tuple(folder.path for folder in folders),
        stamps=stamps | {one.path: one.stamp for one in files},
    )


def _key(folders: Sequence[Folder], timezone: str, timeout: float) -> cache.Key:
    """What the jobs depend on besides their files."""
    return {
        "version": __version__,
        "folders": [[str(folder.path), folder.label] for folder in folders],
        "timezone": timezone,
        "timeout": timeout,
        "machine": machine.mark(),  # for what was drawn on it
    }


def _read(file: File, key: cache.Key) -> _Said:
    from scheduled.config import handler_source, validate

    path = Path(file.path)
    if not _STEM.fullmatch(path.stem):
        wrong = 'the name of a handler has letters, digits, "_" and "-"; rename the file'
        return _Said(problems=(f"{file.label}: {wrong}",))
    module = handler_source.Module(path, file.label)
    problems = [*module.problems]
    handlers = []
    for one in module.declarations:
        target = loader.in_file(path, one.function)
        place = f"{file.label}:{one.line}"
        defaults = validate.Defaults(key["timezone"], key["timeout"], {one.name: target})
        reading = (
            validate.declaration(one, file.label, defaults) if one.is_clear else ParsedJobFile()
        )
        problems += reading.problems
        claims = reading.job is None and ("schedule" in one.keys or not one.is_clear)
        handlers.append(Handler(one.name, target, place, one.about, reading.job, claims))
    told = () if handlers or problems else (f"{file.label}: {_NOTHING}",)
    return _Said(tuple(handlers), tuple(problems), told)


_NOTHING = (
    "offers no handler: neither a function called run nor one under @handler; "
    'a "_" before its name has it passed over'
)


def _row(said: _Said) -> cache.Row | None:
    if said.problems:
        return None
    return [[cache.handler_row(one) for one in said.handlers], said.warnings]


def _said(row: cache.Row) -> _Said:
    return _Said(tuple(cache.handler_of(one) for one in row[0]), warnings=tuple(row[1]))


_FORM = cache.Form(_row, _said)


def _clashes(handlers: Sequence[Handler]) -> Iterator[tuple[str, list[str]]]:
    """The names that are claimed more than once, each with what to tell about it."""
    shipped = "is that of a shipped handler, which stays as it is; give it another"
    taken = dict.fromkeys((name for job in builtin.JOBS for name in (job.id, job.handler)), shipped)
    return duplicate_ids(((one.name, one.place) for one in handlers), taken, "name")
