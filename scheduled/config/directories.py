"""Directories of configuration files: which files there are, and whether each may be read.

Their content is read elsewhere. Name, stamp and permissions are looked at anew each time, because
a change of mode does not change a stamp.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path

from scheduled.config import paths
from scheduled.config.parsed import ParsedConfig
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.quick_classes import NamedTuple, dataclass
from scheduled.system.files import Stamp, stamp_of
from scheduled.system.text import excerpt
from scheduled.system.trusted import Trust


@dataclass(frozen=True)
class FileKind:
    """The files to read in a directory."""

    content: str
    """What they hold, as messages say it: `jobs`."""
    suffixes: tuple[str, ...]
    ignored_prefixes: tuple[str, ...] = (".",)
    """How the names of files begin that are not read."""

    def matches(self, name: str) -> bool:
        """Whether a file of that name is to be read."""
        return name.endswith(self.suffixes) and not name.startswith(self.ignored_prefixes)


@dataclass(frozen=True)
class Directory:
    """A directory with files to read."""

    path: Path
    label: str
    """What messages call it: `jobs`."""
    named_at: str = ""
    """Where it is configured, `scheduled.yaml:3: jobs_dirs`; empty for a default."""


class File(NamedTuple):
    """A file to read."""

    path: str
    folder: str
    """What messages call its directory."""
    stamp: Stamp | None
    refusal: str = ""
    """Why it must not be read."""

    @property
    def label(self) -> str:
        """What messages call it: `jobs/backup.yaml`."""
        return _label(self.folder, os.path.basename(self.path))


def configured_directories(
    key: str, parsed: ParsedConfig, config_path: Path, environ: Mapping[str, str]
) -> tuple[Directory, ...]:
    """Return the directories of the setting `key`, relative to that of the configuration.

    Raise ConfigError for the home directory of an unknown user.
    """
    base = config_path.parent
    named_at = f"{config_path.name}:{parsed.lines[key]}: {key}"
    try:
        named = [paths.absolute(text, base, environ) for text in parsed.settings[key]]
    except UsageError as error:
        raise ConfigError([f"{named_at}: {error}"]) from error
    return tuple(Directory(path, label(path, base), named_at) for path in dict.fromkeys(named))


def label(path: Path, base: Path) -> str:
    """Return `path` relative to `base` if it is below it."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def list_files(
    directories: Sequence[Directory], kind: FileKind, trust: Trust
) -> tuple[list[File], list[str]]:
    """Return the files of all directories, by name, and why some of them are not read.

    A directory that is not configured need not exist.
    """
    files: list[File] = []
    problems: list[str] = []
    for directory in directories:
        try:
            files += _list_directory(directory, kind, trust)
        except ConfigError as error:
            problems += error.problems
    return files, problems + [file.refusal for file in files if file.refusal]


def _list_directory(directory: Directory, kind: FileKind, trust: Trust) -> list[File]:
    """Return the files of a directory. Raise ConfigError if none of them may be read."""
    try:
        refusals = trust.folder_problems(directory.path)
        if refusals:
            raise ConfigError(refusals)
        with os.scandir(directory.path) as scan:
            entries = [entry for entry in scan if kind.matches(entry.name)]
        entries.sort(key=attrgetter("name"))
        files = (_examine(directory.label, entry, trust) for entry in entries)
        return [file for file in files if file is not None]
    except (FileNotFoundError, NotADirectoryError):
        if not directory.named_at:
            return []
        where = f"{directory.named_at}: {directory.path}"
        sentence = f"{where}: no such directory; its {kind.content} are not loaded"
        raise ConfigError([sentence]) from None
    except OSError as error:
        path = directory.path
        where = f"{directory.named_at}: {path}" if directory.named_at else str(path)
        sentence = f"{where}: {reason_of(error)}; its {kind.content} are not loaded"
        raise ConfigError([sentence]) from error


def _examine(folder: str, entry: os.DirEntry[str], trust: Trust) -> File | None:
    """Return a file with its stamp; None if it has gone since the directory was read.

    `folder` is what messages call the directory.
    """
    is_link = entry.is_symlink()
    try:
        status = entry.stat()
    except FileNotFoundError:
        if not is_link:
            return None
        refusal = f"{_label(folder, entry.name)}: a link that leads nowhere"
        return File(entry.path, folder, None, refusal)
    except OSError as error:
        refusal = f"{_label(folder, entry.name)}: {reason_of(error)}"
        return File(entry.path, folder, None, refusal)
    if not stat.S_ISREG(status.st_mode):
        refusal = f"{_label(folder, entry.name)}: not a file"
    elif is_link:
        refusal = "; ".join(trust.problems(Path(entry.path)))
    else:
        refusal = trust.file_problem(entry.path, status)
    return File(entry.path, folder, stamp_of(status), refusal)


def _label(folder: str, name: str) -> str:
    return excerpt(f"{folder}/{name}", 1000)
