"""The entry points by which installed packages offer handlers, read without importing a package.

They stand in `entry_points.txt` beside the metadata of each package. All of a directory is read
anew when something was installed or removed there.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from scheduled.config.parsed import EntryPoint
from scheduled.errors import UnreadableFileError
from scheduled.handler import loader
from scheduled.quick_classes import NamedTuple
from scheduled.system import files
from scheduled.system.files import Stamp, stamp_of
from scheduled.system.text import excerpt

GROUP = "scheduled.handlers"
FILE = "entry_points.txt"
METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
"""The file that holds name and version, by the suffix of the directory it is in."""
_UNDER_WAY = 60_000_000_000
"""Nanoseconds. A package installed this recently may not have all of its files yet."""
_MOST_HOPS = 5
_VALUE = re.compile(r"([A-Za-z_][\w.]*)\s*(?::\s*([A-Za-z_]\w*))?\s*(?:\[[^\]]*\])?")


class Scan(NamedTuple):
    """What a directory of installed packages holds."""

    entry_points: tuple[EntryPoint, ...]
    watched: dict[str, Stamp]
    """The files that it depends on besides the directory itself, with their stamps."""
    is_settled: bool
    """Whether nothing was being installed, and no source is missing: it may lie elsewhere, where
    nothing tells that it has come."""


def scan(folder: str) -> Scan:
    """Return the entry points of all packages in a directory, by package."""
    watched: dict[str, Stamp] = {}
    found: list[EntryPoint] = []
    newest, young_since = 0, _now() - _UNDER_WAY
    for path, status in _packages(folder):
        listed = f"{path}/{FILE}"
        pairs = list(_pairs(_read(listed)))
        if pairs:
            found += _entry_points(folder, path, listed, pairs, watched)
        elif status.st_mtime_ns > young_since:
            watched[path] = stamp_of(status)
        newest = max(newest, status.st_mtime_ns)
    has_all = all(point.source or not point.module for point in found)
    return Scan(tuple(found), watched, has_all and newest <= young_since)


def _packages(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the directories with the metadata of packages; of two versions the newer first."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith((*METADATA,))]
    except OSError:
        return
    known = []
    for name in names:
        path = os.path.join(folder, name)
        try:
            status = os.stat(path)
        except OSError:
            continue
        if not name.startswith("~"):  # pip renames what it is about to delete
            known.append((path, status))
    yield from sorted(known, key=lambda each: (-each[1].st_mtime_ns, each[0]))


def _entry_points(
    folder: str,
    path: str,
    listed: str,
    pairs: list[tuple[str, str]],
    watched: dict[str, Stamp],
) -> Iterator[EntryPoint]:
    package, version = _name_and_version(path)
    _watch(listed, watched)
    for name, value in pairs:
        match = _VALUE.fullmatch(value)
        module, function = (match[1], match[2] or loader.FUNCTION) if match else ("", "")
        source = ""
        if module:
            module, function, source = _defined(folder, module, function, watched)
        yield EntryPoint(
            excerpt(name, 200),
            excerpt(value, 200),
            package,
            version,
            listed,
            module,
            function,
            source,
        )


def _defined(
    folder: str, module: str, function: str, watched: dict[str, Stamp]
) -> tuple[str, str, str]:
    """Return the module that defines a function, its name there, and the module's file.

    A package may import in one module what it defines in another.
    """
    named = (module, function)
    for _ in range(_MOST_HOPS):
        path = loader.source_of(module, Path(folder))
        if path is None:
            break
        imported = _imported(path, module, function)
        if imported is None:
            return module, function, str(path)
        _watch(str(path), watched)
        module, function = imported
    source = loader.source_of(named[0], Path(folder))
    return *named, str(source) if source is not None else ""


def _imported(path: Path, module: str, function: str) -> tuple[str, str] | None:
    """Return where a module imports a function from; None if it does not."""
    from scheduled.config import handler_source

    try:
        tree = handler_source.parsed(files.read_bytes(path))
    except (UnreadableFileError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == function:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                start = above if node.level else []
                return ".".join([*start, *filter(None, [node.module])]), alias.name
    return None


def _watch(path: str, watched: dict[str, Stamp]) -> None:
    stamp = files.stamp(path)
    if stamp is not None:
        watched[path] = stamp


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of our group in the text of an `entry_points.txt`."""
    section = ""
    for line in map(str.strip, text.splitlines() if GROUP in text else ()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == GROUP and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _name_and_version(path: str) -> tuple[str, str]:
    """Return the name and the version of a package, as its metadata has them."""
    name, suffix = os.path.splitext(os.path.basename(path))
    head = _read(f"{path}/{METADATA[suffix]}").partition("\n\n")[0]
    values = dict(re.findall(r"^(Name|Version):[ \t]*(\S.*?)[ \t\r]*$", head, re.MULTILINE))
    package, _, version = name.partition("-")
    found = values.get("Name", package), values.get("Version", version)
    return excerpt(found[0], 100), excerpt(found[1], 50)


def _read(path: str) -> str:
    try:
        return files.read_bytes(Path(path)).decode("utf-8", "replace")
    except UnreadableFileError:
        return ""


def _now() -> int:
    """Return the time in nanoseconds as the kernel dates files: that of a pipe made just now."""
    reading, writing = os.pipe()
    try:
        return os.fstat(reading).st_mtime_ns
    finally:
        os.close(reading)
        os.close(writing)
