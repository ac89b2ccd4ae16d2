"""Folders of files that are followed: which files there are, and whether each may be.

What a file says is for others to read. Here its name, its stamp and who may write to it are
looked at, each time anew: a change of mode leaves no mark that a stamp would show.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduled.config import paths
from scheduled.config.parsed import ParsedConfig
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.system import permissions
from scheduled.system.files import Stamp, stamp_of


@dataclass(frozen=True)
class FileKind:
    """What is looked for in a folder."""

    what: str
    """What the files hold, as messages say it: `jobs`."""
    suffixes: tuple[str, ...]
    passed_over: tuple[str, ...] = (".",)
    """How the names of files begin that are none of ours."""

    def has(self, name: str) -> bool:
        """Whether a file of that name is one."""
        return name.endswith(self.suffixes) and not name.startswith(self.passed_over)


@dataclass(frozen=True)
class Directory:
    """A folder that files are looked for in."""

    path: Path
    label: str
    """What messages call it: `jobs`."""
    named_at: str = ""
    """Where it was asked for, `scheduled.yaml:3: jobs_dirs`; empty if by nobody."""


@dataclass(frozen=True)
class File:
    """A file of a folder that has the right name."""

    path: str
    label: str
    """What messages call it: `jobs/backup.yaml`."""
    stamp: Stamp | None
    refusal: str = ""
    """Why it must not be read."""


def configured_directories(
    key: str, parsed: ParsedConfig, config_path: Path, environ: Mapping[str, str]
) -> tuple[Directory, ...]:
    """The folders that a setting names, counted from the configuration's folder.

    Raises ConfigError for the home folder of a user nobody has.
    """
    base = config_path.parent
    named_at = f"{config_path.name}:{parsed.lines[key]}: {key}"
    try:
        named = [paths.absolute(text, base, environ) for text in parsed.settings[key]]
    except UsageError as error:
        raise ConfigError([f"{named_at}: {error}"]) from error
    return tuple(Directory(path, label(path, base), named_at) for path in dict.fromkeys(named))


def label(path: Path, base: Path) -> str:
    """A folder as a person would write it who stands in `base`."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def list_files(folders: Sequence[Directory], kind: FileKind) -> tuple[list[File], list[str]]:
    """The files of all folders, by name, and why those of others, and single ones, are not read.

    A folder that nobody named need not be there.
    """
    files: list[File] = []
    problems: list[str] = []
    for folder in folders:
        try:
            files += _list_directory(folder, kind)
        except ConfigError as error:
            problems += error.problems
    return files, problems + [one.refusal for one in files if one.refusal]


def printable(name: str) -> str:
    """A name fit for a message."""
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def _list_directory(folder: Directory, kind: FileKind) -> list[File]:
    """The files of a folder. Raises ConfigError if none of them may be followed."""
    try:
        refusals = permissions.folder_problems(folder.path)
        if refusals:
            raise ConfigError(refusals)
        # In a sticky folder that everybody can write to, it depends on whose each file is.
        is_open = bool(os.stat(folder.path).st_mode & permissions.OTHERS)
        with os.scandir(folder.path) as entries:
            named = [one for one in entries if kind.has(one.name)]
        named.sort(key=lambda entry: entry.name)
        return [file for one in named for file in _examine(folder, one, is_open=is_open)]
    except (FileNotFoundError, NotADirectoryError):
        if not folder.named_at:
            return []
        sentence = f"{folder.named_at}: {folder.path}: no such folder; none of its {kind.what} runs"
        raise ConfigError([sentence]) from None
    except OSError as error:
        reason = reason_of(error)
        where = f"{folder.named_at}: {folder.path}" if folder.named_at else str(folder.path)
        raise ConfigError([f"{where}: {reason}; none of its {kind.what} runs"]) from error


def _examine(folder: Directory, entry: os.DirEntry[str], *, is_open: bool) -> Iterator[File]:
    """A file with its stamp, or nothing for one that has gone since the folder was read."""
    label = printable(f"{folder.label}/{entry.name}")
    is_link = entry.is_symlink()
    try:
        status = entry.stat()
    except FileNotFoundError:
        if is_link:
            yield File(entry.path, label, None, f"{label}: a link that leads nowhere")
        return
    except OSError as error:
        reason = reason_of(error)
        yield File(entry.path, label, None, f"{label}: {reason}")
        return
    refusal = ""
    if not stat.S_ISREG(status.st_mode):
        refusal = f"{label}: not a file"
    elif is_link or is_open or status.st_mode & permissions.OTHERS:
        refusal = "; ".join(permissions.problems(Path(entry.path)))
    yield File(entry.path, label, stamp_of(status), refusal)
