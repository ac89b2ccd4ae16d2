"""Directories of handlers: what each file offers, found out again only if the file changed.

A mistake in a file stops that file alone. If nothing changed, this costs a stat of each file.
Nothing in a file is run here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
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
from scheduled.config.parsed import Handler, Offer, ParsedConfig, ParsedJobFile, Unusable
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.quick_classes import dataclass, field
from scheduled.system.files import Stamp, stamp
from scheduled.system.trusted import Trust

KIND = FileKind("handlers", (".py",), (".", "_"))
_STEM = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_NO_HANDLER = (
    "offers no handler: it has no function called run and none decorated with @handler;"
    ' a file whose name starts with "_" is ignored'
)


@dataclass(frozen=True)
class HandlerScan:
    """What all the directories hold."""

    handlers: tuple[Handler, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Files without a handler."""
    unusable: tuple[Unusable, ...] = ()
    """What installed packages offer, or once offered, and cannot be used."""
    directories: tuple[Path, ...] = ()
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of each directory and file, taken before it was read."""

    @property
    def offer(self) -> Offer:
        """The handlers that jobs may name, and why others cannot be."""
        return Offer(self.handlers, self.unusable)


@dataclass(frozen=True)
class _ParsedHandlerFile:
    """What a file offers, or its problems."""

    handlers: tuple[Handler, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def load(
    parsed: ParsedConfig,
    timeout: float,
    config_path: Path,
    environ: Mapping[str, str],
    cache_file: cache.CacheFile,
    trust: Trust,
) -> HandlerScan:
    """Return what the directories offer that the settings in `parsed` name.

    A job without a zone or a timeout has that of `parsed`, and `timeout`, in seconds. Results are
    kept in `cache_file`. Raise ConfigError for the home directory of an unknown user.
    """
    if "handler_dirs" not in parsed.settings:
        return HandlerScan()
    directories = configured_directories("handler_dirs", parsed, config_path, environ)
    stamps = {str(directory.path): stamp(directory.path) for directory in directories}
    files, problems = list_files(directories, KIND, trust)
    key = _cache_key(directories, parsed, timeout)
    parsed_files = cache.read_files(
        cache_file, key, files, lambda file: _read(file, key, trust), _CODEC
    )
    problems += [sentence for file in parsed_files for sentence in file.problems]
    handlers = [handler for file in parsed_files for handler in file.handlers]
    duplicates = dict(_duplicate_names(handlers))
    problems += [sentence for sentences in duplicates.values() for sentence in sentences]
    return HandlerScan(
        handlers=tuple(handler for handler in handlers if handler.name not in duplicates),
        problems=tuple(problems),
        warnings=tuple(sentence for file in parsed_files for sentence in file.warnings),
        directories=tuple(directory.path for directory in directories),
        stamps=stamps | {file.path: file.stamp for file in files},
    )


def is_test(name: str) -> bool:
    """Whether a file has the name of a test: then it offers no handler if there are tests in it."""
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def _cache_key(directories: Sequence[Directory], parsed: ParsedConfig, timeout: float) -> cache.Key:
    """Return what the jobs depend on besides their files."""
    return {
        **cache.key_of(parsed, timeout),
        "folders": [[str(directory.path), directory.label] for directory in directories],
    }


def _read(file: File, key: cache.Key, trust: Trust) -> _ParsedHandlerFile:
    from scheduled.config import handler_source, validate
    from scheduled.config.job_entry import Defaults

    path = Path(file.path)
    if not re.fullmatch(_STEM, path.stem):
        sentence = 'the name of a handler has letters, digits, "_" and "-"; rename the file'
        return _ParsedHandlerFile(problems=(f"{file.label}: {sentence}",))
    source = handler_source.HandlerFile(path, file.label, trust)
    if is_test(path.name) and (source.has_tests or source.problems):
        return _ParsedHandlerFile(warnings=tuple(source.problems))
    declarations = source.declarations()
    problems = [*source.problems]
    handlers = []
    for declaration in declarations:
        name, target = declaration.name, loader.name_in_file(path, declaration.function)
        defaults = Defaults.of_key(key, {name: target})
        job_file = ParsedJobFile()
        if declaration.is_complete:
            job_file = validate.validate_declaration(declaration, file.label, defaults)
        problems += job_file.problems
        was_job = "schedule" in declaration.keys or not declaration.is_complete
        reserves_id = job_file.job is None and was_job
        place = f"{file.label}:{declaration.line}"
        handlers.append(Handler(name, target, place, declaration.about, job_file.job, reserves_id))
    is_useful = handlers or problems or is_test(path.name)
    warnings = () if is_useful else (f"{file.label}: {_NO_HANDLER}",)
    return _ParsedHandlerFile(tuple(handlers), tuple(problems), warnings)


def _encode(file: _ParsedHandlerFile) -> cache.Row | None:
    if file.problems:
        return None
    return [[cache.handler_row(handler) for handler in file.handlers], file.warnings]


def _decode(row: cache.Row) -> _ParsedHandlerFile:
    handlers = tuple(cache.handler_from_row(handler) for handler in row[0])
    return _ParsedHandlerFile(handlers, warnings=tuple(row[1]))


_CODEC = cache.RowCodec(_encode, _decode)


def _duplicate_names(handlers: Sequence[Handler]) -> Iterator[tuple[str, list[str]]]:
    """Yield each name that is used twice or built-in, with the sentences about it."""
    reason = "is the name of a built-in handler; choose another"
    taken = dict.fromkeys((name for job in builtin.JOBS for name in (job.id, job.handler)), reason)
    return duplicate_ids(((handler.name, handler.place) for handler in handlers), taken, "name")
