"""Handlers that installed packages offer by entry points of the group `scheduled.handlers`.

Their files are parsed, not imported. Nothing is read again while the directories of packages and
these files are unchanged. A mistake in a package, or a name that is taken, stops that handler
alone. What a package offered once is remembered, so that its jobs can say what they lack.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from scheduled.config import cache, former_handlers, installed_packages
from scheduled.config.conflicts import duplicate_ids
from scheduled.config.directories import File
from scheduled.config.installed_packages import Known
from scheduled.config.parsed import EntryPoint, Handler, Offer, ParsedConfig, Unusable
from scheduled.handler import loader
from scheduled.jobs import builtin
from scheduled.system.files import Stamp, stamp
from scheduled.system.trusted import Trust

_NOT_USED = "that of the package is not used"


def load(
    parsed: ParsedConfig,
    timeout: float,
    known: Known,
    kept: cache.CacheFile,
    trust: Trust,
    own: Sequence[Handler] = (),
) -> tuple[Offer, tuple[str, ...]]:
    """Return what the installed packages offer besides `own`, the handlers of directories.

    And every problem. A job without a zone or a timeout has that of `parsed`, and `timeout`, in
    seconds. Results are kept in `kept`; the stamps of the files are added to those of `known`.
    """
    found: list[Handler | Unusable] = []
    if known.entry_points:
        reader = _Reader(known.entry_points, parsed, timeout, installed_packages.trust(trust))
        found = reader.read(kept)
        known.stamps.update(reader.stamps)
    found, problems = _without_clashes(found, own)
    taken = {handler.name for handler in own}
    packages = {point.package for point in known.entry_points}
    gone = former_handlers.update(known, found, packages)
    found += [each for each in gone if each.name not in taken]
    handlers = tuple(each for each in found if isinstance(each, Handler))
    unusable = tuple(each for each in found if isinstance(each, Unusable))
    return Offer(handlers, unusable), tuple(problems)


class _Reader:
    """Reads what the files of entry points declare."""

    def __init__(
        self, points: Sequence[EntryPoint], parsed: ParsedConfig, timeout: float, trust: Trust
    ) -> None:
        self.stamps: dict[str, Stamp | None] = {}
        self._trust = trust
        self._points: dict[str, list[EntryPoint]] = defaultdict(list)
        for point in points:
            self._points[point.source].append(point)
        self._key: cache.Key = {
            **cache.key_of(parsed, timeout),
            "entry points": [list(point) for point in points],
        }

    def read(self, kept: cache.CacheFile) -> list[Handler | Unusable]:
        """Return what each entry point has come to; results are kept in `kept`."""
        sources = [source for source in self._points if source]
        self.stamps = {source: stamp(source) for source in sources}
        files = [File(path, "", self.stamps[path], self._refusal(path)) for path in sources]
        codec = cache.RowCodec(_encode, _decode)
        read = cache.read_files(kept, self._key, files, self._read_file, codec)
        found = [each for content in read for each in content]
        for file in files:
            if file.refusal or file.stamp is None:
                why = file.refusal or f"{file.path}: no such file"
                found += [_unusable(point, why) for point in self._points[file.path]]
        return found + [_unusable(point, _not_found(point)) for point in self._points.get("", ())]

    def _refusal(self, path: str) -> str:
        """Return why a file, or what names it, must not be used. A mode changes no stamp."""
        paths = [path, *dict.fromkeys(point.listed for point in self._points[path])]
        return next(
            (sentence for path in paths for sentence in self._trust.problems(Path(path))), ""
        )

    def _read_file(self, file: File) -> list[Handler | Unusable]:
        return [self._read(point) for point in self._points[file.path]]

    def _read(self, point: EntryPoint) -> Handler | Unusable:
        from scheduled.config import handler_source, validate
        from scheduled.config.job_entry import Defaults

        name, target = point.name, f"{point.module}:{point.function}"
        label = f"{point.owner}: {_label(point)}"
        source = handler_source.HandlerFile(Path(point.source), label, self._trust)
        declaration = source.named(point.function, name)
        if declaration is None or source.problems:
            return _unusable(point, "; ".join(source.problems))
        key = self._key
        defaults = Defaults.of_key(key, {name: target})
        checked = validate.validate_declaration(declaration, label, defaults)
        if checked.problems:
            return _unusable(point, "; ".join(checked.problems))
        place = f"{label}:{declaration.line}"
        return Handler(
            name,
            target,
            place,
            declaration.about,
            checked.job,
            package=point.package,
            version=point.version,
        )


def _label(point: EntryPoint) -> str:
    """Return what messages call the file of an entry point: `photos/jobs.py`."""
    folder = os.path.dirname(os.path.dirname(point.listed))
    return point.source.removeprefix(f"{folder}/")


def _not_found(point: EntryPoint) -> str:
    where = f"{point.owner}: {point.name}"
    if not point.module:
        return f'{where}: "{point.value}" is no module:function; the package has to correct it'
    return f"{where}: no source of a module {point.module} can be found; install the package anew"


def _unusable(point: EntryPoint, why: str) -> Unusable:
    reason = why if why.startswith(point.owner) else f"{point.owner}: {point.name}: {why}"
    target = f"{point.module}:{point.function}"
    return Unusable(point.name, reason, point.package, point.version, target)


def _encode(found: list[Handler | Unusable]) -> cache.Row | None:
    handlers = [each for each in found if isinstance(each, Handler)]
    return [*map(cache.handler_row, handlers)] if len(handlers) == len(found) else None


def _decode(row: cache.Row) -> list[Handler | Unusable]:
    return [cache.handler_from_row(handler) for handler in row]


def _without_clashes(
    found: Sequence[Handler | Unusable], own: Iterable[Handler]
) -> tuple[list[Handler | Unusable], list[str]]:
    """Return what is on offer, and every problem.

    Of two packages that use a name none gets it; what is built-in or in a directory keeps its own.
    """
    taken = {each.name: f"is the name of {each.place}; {_NOT_USED}" for each in own}
    taken |= {
        each.name: f"is the name of a built-in handler; {_NOT_USED}"
        for each in found
        if _is_builtin(each.name)
    }
    claims = [(each.name, f"{each.package} {each.version}") for each in found]
    clashes = dict(duplicate_ids(claims, taken, "name"))
    broken = [each for each in found if isinstance(each, Unusable) and each.name not in clashes]
    problems = [each.reason for each in broken]
    problems += [sentence for sentences in clashes.values() for sentence in sentences]
    return [
        each
        if each.name not in clashes
        else Unusable(
            each.name, clashes[each.name][0], each.package, each.version, each.target, _is_job(each)
        )
        for each in found
    ], problems


def _is_builtin(name: str) -> bool:
    names = {name for job in builtin.JOBS for name in (job.id, job.handler)}
    return name in names or loader.exists(f"{loader.BUILTIN}.{name}")


def _is_job(each: Handler | Unusable) -> bool:
    return each.is_job if isinstance(each, Unusable) else each.job is not None
