"""Reading strictly, replacing atomically: how this program touches the disk.

A file that cannot be parsed raises and is never overwritten. A replaced file is complete or
untouched at every instant, whatever happens: written beside, synced, renamed, folder synced.
"""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scheduled.errors import UnparsableFileError, UnreadableFileError, reason_of

NOWHERE = Path()
"""The path of content of which only the reason is used why it cannot be understood."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_NESTING = 100
"""How deep the values may be nested that a run hands over. Each version of Python has a limit of
its own, and none of them is this low."""
Stamp = tuple[int, int, int]
"""What tells a changed file from an unchanged one: (size, mtime in ns, inode)."""


def stamp(path: str | os.PathLike[str]) -> Stamp | None:
    """Return the stamp of a file or folder; None if it is missing or cannot be examined."""
    try:
        return stamp_of(os.stat(path))
    except OSError:
        return None


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp that belongs to a `stat` result."""
    return status.st_size, status.st_mtime_ns, status.st_ino


def read_stamped(path: str | os.PathLike[str]) -> tuple[Stamp, bytes]:
    """Return the content of a file, and its stamp from before it was read.

    Raises OSError; also for a pipe or a device, which could block for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return read_open(descriptor, path)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened(
    path: str | os.PathLike[str], flags: int, mode: int = 0o600, *, folder: int | None = None
) -> Iterator[int]:
    """Yield a descriptor of a file, without waiting for the other end of a pipe. Raises OSError.

    With the descriptor of a `folder`, `path` is a name in it.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_open(
    descriptor: int, path: str | os.PathLike[str], status: os.stat_result | None = None
) -> tuple[Stamp, bytes]:
    """Return stamp and content of an open file. Raises OSError as `read_stamped` does.

    `status` is its own, of a moment ago, if that is known.
    """
    status = status or os.fstat(descriptor)
    # A folder is opened like a file, and says what it is when it is read.
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    data = os.read(descriptor, status.st_size + 1)
    if len(data) != status.st_size:  # it grew since, or is more than one call reads
        data += b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))
    return stamp_of(status), data


def read_bytes(path: Path) -> bytes:
    """Return the content of a file. Raises UnreadableFileError with the reason."""
    with _told(path):
        return read_stamped(path)[1]


def read_stretches(path: Path, opener: Callable[[str, int], int] | None = None) -> list[bytes]:
    """Return what a file holds before, between and after its holes. Raises UnreadableFileError.

    `opener` is as for `open`.
    Zeros next to a hole are taken for part of it: a hole begins and ends at whole pages.
    """
    with _told(path), open(path, "rb", opener=opener) as stream:
        stretches, at, size = [], 0, stream.seek(0, os.SEEK_END)
        while at < size:
            try:
                start = stream.seek(at, os.SEEK_DATA)
            except OSError:  # ENXIO: from here on there is no data
                break
            at = stream.seek(start, os.SEEK_HOLE)
            stream.seek(start)
            stretches.append(stream.read(at - start))
    return [stretch.strip(b"\0") for stretch in stretches] if stretches[1:] else stretches


def read_json(path: Path) -> Any:
    """Return the JSON document in a file: UTF-8, a byte order mark is allowed.

    Raises UnreadableFileError that names line and column, also for an empty file.
    """
    return parse_json(read_bytes(path), path)


def parse_json(data: bytes, path: Path) -> Any:
    """Return the JSON document in `data`, read from `path`. Raises as `read_json` does."""
    return parse_json_text(json_text(data, path), path)


def json_text(data: bytes, path: Path) -> str:
    """Return `data` as text, so that a large file need not be kept as both."""
    try:
        return data.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        raise UnparsableFileError(path, f"not UTF-8 at byte {error.start}") from error


def parse_json_text(text: str, path: Path) -> Any:
    """Do what `parse_json` does, with text."""
    if not text or text.isspace():
        raise UnparsableFileError(path, "empty, expected JSON")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnparsableFileError(path, f"not JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise UnparsableFileError(path, "not usable JSON: nested too deeply") from error
    except ValueError as error:  # more digits than Python converts to a number
        raise UnparsableFileError(path, "not usable JSON: a number is too long") from error


def is_too_deep(value: Any) -> bool:
    """Return whether lists and mappings stand more than MAX_NESTING deep in each other.

    Does not recurse, looks at each of them once a level, and takes one that contains itself for
    too deep.
    """
    level = _containers([value])
    for _ in range(MAX_NESTING):
        if not level:
            return False
        level = _containers(
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        )
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [
        *{id(value): value for value in values if isinstance(value, dict | list | tuple)}.values()
    ]


def json_bytes(document: Any) -> bytes:
    """Return a document as indented UTF-8 with one newline at the end."""
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say and UTF-8 cannot
        return json.dumps(document, indent=2).encode() + b"\n"


def json_line(document: Any) -> bytes:
    """Return a document as one line of ASCII, with a newline at the end."""
    return json.dumps(document).encode() + b"\n"


def replace_json(path: Path, document: Any) -> None:
    """Replace `path` with `document`, atomically. Raises OSError and then keeps the old file."""
    replace(path, json_bytes(document))


def replace(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace the content of `path` atomically, keeping its mode and owner; `mode` if it is new.

    A link is followed, so that it stays a link. Raises OSError; the old file is then unchanged and
    no temporary file is left.
    """
    with replacing(path, mode=mode) as stream:
        stream.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Replace a file like `replace`, with what is written to the stream before the block ends."""
    target = Path(os.path.realpath(path))
    descriptor, temporary = _temporary(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            _copy_access(target, stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def name_beside(name: str) -> str:
    """Return a name that nothing has, for what is written beside a file and will replace it."""
    return f".{name[:100]}.{os.urandom(6).hex()}"


def _temporary(path: Path) -> tuple[int, str]:
    """Create a file beside `path` that only its owner can use; return its descriptor and path.

    Like `tempfile.mkstemp`, which each tick would pay for: it imports compressors and `random`.
    """
    temporary = str(path.parent / name_beside(path.name))
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.open(temporary, flags, 0o600), temporary


def _move_to_new(temporary: str, path: Path) -> None:
    """Give a file its name. Raises FileExistsError if something, be it a link, has it."""
    try:
        os.link(temporary, path)  # unlike a rename it never writes over anything
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP) or os.path.lexists(path):
            raise
        os.rename(temporary, path)  # a file system without hard links, such as FAT


def write_whole(descriptor: int, data: bytes) -> None:
    """Write all of `data` to an open file. Raises OSError."""
    written = 0
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def create(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Create a file, complete or not at all; the umask applies.

    Raises FileExistsError if the path exists, and OSError.
    """
    with creating(path, mode=mode) as stream:
        stream.write(data)


@contextlib.contextmanager
def creating(path: Path, *, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Create a file like `create`, with what is written to the stream before the block ends."""
    descriptor, temporary = _temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            os.fchmod(stream.fileno(), mode & ~umask())
            stream.flush()
            os.fsync(stream.fileno())
        _move_to_new(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_folder(path.parent)


def umask() -> int:
    """Return the umask of this process. Not for a program with several threads."""
    current = os.umask(0o022)
    os.umask(current)
    return current


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a rename or a new name in it survives a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UnreadableFileError(path, "no such file") from None
    except OSError as error:
        reason = reason_of(error)
        raise UnreadableFileError(path, reason) from error


def _copy_access(target: Path, descriptor: int, mode: int) -> None:
    try:
        before = target.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        return
    # Owner first: a change of owner clears set-id bits. Root's tick must not take a user's file
    # away from them; an ordinary user cannot give files away, and need not.
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
