"""What a command does to files, in the order in which it does it, from strace."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

CALLS = (
    "open,openat,creat,write,pwrite64,writev,rename,renameat,renameat2,link,linkat,symlink,"
    "symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,ftruncate,truncate,fsync,fdatasync,lseek,"
    "fallocate,copy_file_range,sendfile,pwritev"
)
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?.*$")
_UNFINISHED = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\.\.\.)?|([^,\[\]"]+)')


class Create(NamedTuple):
    """A file appears, empty."""

    path: str


class MakeDirectory(NamedTuple):
    """A directory appears."""

    path: str


class Write(NamedTuple):
    """Bytes are written; without an offset at the end."""

    path: str
    data: bytes
    offset: int | None


class Truncate(NamedTuple):
    """A file gets another length."""

    path: str
    length: int


class Rename(NamedTuple):
    """A file gets another name."""

    path: str
    target: str


class Remove(NamedTuple):
    """A name disappears."""

    path: str


class Sync(NamedTuple):
    """What was done to a file, or to the names in a directory, is on the disk."""

    path: str


Step = Create | MakeDirectory | Write | Truncate | Rename | Remove | Sync


def record(folder: Path, now: datetime, *words: str) -> list[Step]:
    """Run a command for the installation in `folder`, and return what it changed there."""
    trace = folder.with_name(f"{folder.name}.trace")
    options = ["-f", "-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    command = [sys.executable, "-m", "tests.torture.process", str(folder), now.isoformat(), *words]
    subprocess.run(["strace", *options, *command], check=False, capture_output=True)
    steps = list(_steps(_whole(trace.read_text().splitlines()), f"{folder}/"))
    trace.unlink()
    return steps


def _whole(lines: list[str]) -> Iterator[str]:
    """Join the calls that were interrupted by those of another process."""
    begun: dict[str, str] = {}
    for line in lines:
        if unfinished := _UNFINISHED.match(line):
            begun[unfinished[1]] = line.removesuffix(" <unfinished ...>")
        elif resumed := _RESUMED.match(line):
            yield begun.pop(resumed[1]) + resumed[2]
        else:
            yield line


def _steps(lines: Iterator[str], within: str) -> Iterator[Step]:
    offsets: dict[tuple[str, str], int | None] = {}
    for line in lines:
        call = _CALL.match(line)
        if call is None or int(call[3]) < 0:
            continue
        process = line.split(maxsplit=1)[0]
        for step in _read(call[1], _words(call[2]), int(call[3]), offsets, process):
            if step.path.startswith(within):
                yield step


def _words(text: str) -> list[str]:
    """Return the arguments of a call; strings are unescaped to their bytes, as Latin-1."""
    words = []
    for quoted in _WORDS.finditer(text):
        if quoted[1] is not None:
            words.append(re.sub(r"\\x(..)", lambda code: chr(int(code[1], 16)), quoted[1]))
        elif quoted[2].strip():
            words.append(quoted[2].strip())
    return words


def _read(
    name: str,
    words: list[str],
    result: int,
    offsets: dict[tuple[str, str], int | None],
    process: str,
) -> Iterator[Step]:
    """Read one call; `offsets` has where each open file is written next, None for its end."""
    match name:
        case "open" | "openat" | "creat":
            yield from _opened(name, words, result, offsets, process)
        case "write" | "pwrite64":
            data = words[1].encode("latin-1")[:result]
            offset = int(words[3]) if name == "pwrite64" else offsets.get((process, words[0]))
            yield Write(_open_path(words[0]), data, offset)
            if name == "write" and offset is not None:
                offsets[process, words[0]] = offset + result
        case "lseek" if offsets.get((process, words[0])) is not None:
            offsets[process, words[0]] = result
        case "lseek":
            pass
        case _ if name in _SIMPLE:
            yield _SIMPLE[name](words)
        case _:
            raise AssertionError(f"{name} is not understood")


def _opened(
    name: str,
    words: list[str],
    result: int,
    offsets: dict[tuple[str, str], int | None],
    process: str,
) -> Iterator[Step]:
    """Read the opening of a file: it may create it, or cut it to nothing."""
    path = _path(words) if name == "openat" else _decoded(words[0])
    flags = words[2] if name == "openat" else words[1]
    if "O_CREAT" in flags:
        yield Create(path)
    if "O_TRUNC" in flags:
        yield Truncate(path, 0)
    # Written by a process that got it from another one, a file is one that is appended to.
    descriptor = f"{result}<{_escaped(path)}>"
    offsets[process, descriptor] = None if "O_APPEND" in flags else 0


def _path(words: list[str]) -> str:
    """Return the path of a directory's descriptor and a name, or of a name alone."""
    if words[0].startswith(("AT_FDCWD", *"0123456789")):
        return os.path.join(_open_path(words[0]), _decoded(words[1]))
    return _decoded(words[0])


def _open_path(descriptor: str) -> str:
    """Return the path that strace shows behind a descriptor."""
    inside = re.search(r"<(.*)>$", descriptor)
    shown = inside[1] if inside else ""
    return _decoded(re.sub(r"\\x(..)", lambda code: chr(int(code[1], 16)), shown))


def _escaped(path: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(path))


def _decoded(text: str) -> str:
    return os.fsdecode(text.encode("latin-1"))


_SIMPLE: dict[str, Callable[[list[str]], Step]] = {
    "mkdir": lambda words: MakeDirectory(_path(words)),
    "mkdirat": lambda words: MakeDirectory(_path(words)),
    "unlink": lambda words: Remove(_path(words)),
    "unlinkat": lambda words: Remove(_path(words)),
    "rmdir": lambda words: Remove(_path(words)),
    "rename": lambda words: Rename(_decoded(words[0]), _decoded(words[1])),
    "renameat": lambda words: Rename(_path(words), _path(words[2:])),
    "renameat2": lambda words: Rename(_path(words), _path(words[2:])),
    "fsync": lambda words: Sync(_open_path(words[0])),
    "fdatasync": lambda words: Sync(_open_path(words[0])),
    "ftruncate": lambda words: Truncate(_open_path(words[0]), int(words[1])),
    "truncate": lambda words: Truncate(_decoded(words[0]), int(words[1])),
}
"""Calls that change one thing, whatever was called before."""
