"""Files that are encrypted as a whole, each a Fernet token: which there are, under which key."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scheduled.ecosystem import key_ring
from scheduled.ecosystem.key_ring import KeySet
from scheduled.errors import UsageError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import rewriting
from scheduled.system.file_patterns import Search
from scheduled.system.folder import Folder

MOST_PASSES = 5
TRIES = 10
"""How often a file is tried that another program is writing to."""
WAIT_SECONDS = 0.1


class UnusableFileError(Exception):
    """A listed file that cannot be re-encrypted; the message says which, and why."""


class Listed(NamedTuple):
    """What a list of paths and patterns stands for now."""

    paths: tuple[str, ...]
    """Absolute, each file once."""
    missing: tuple[UnusableFileError, ...]
    """Paths without a file, and directories that cannot be searched."""


def listed(patterns: Iterable[str], root: Path) -> Listed:
    """Return the files that are listed; relative paths are relative to `root`."""
    paths, missing = dict[str, None](), []
    for pattern in patterns:
        try:
            search = Search(pattern, root)
            found = search.paths()
        except UsageError as error:
            missing.append(UnusableFileError(str(error)))
            continue
        missing += map(UnusableFileError, search.problems)
        if not found and not search.is_pattern:
            missing.append(UnusableFileError(f"{pattern}: no such file"))
        paths |= dict.fromkeys(found)
    left_over = {_beside(path) for path in paths}
    return Listed(tuple(path for path in paths if path not in left_over), (*missing,))


def problems(patterns: Iterable[str], root: Path, keys: KeySet) -> Iterator[UnusableFileError]:
    """Yield what keeps a listed file from being read, or from being replaced."""
    ciphers, now = keys.ciphers(), listed(patterns, root)
    yield from now.missing
    for path in now.paths:
        try:
            _visit(
                path,
                lambda token: _check(token, ciphers),
                lambda left, token: 0 <= _made_at(token, ciphers) < _made_at(left, ciphers),
            )
        except UnusableFileError as error:
            yield error


class Rewriting:
    """Files on their way to the primary key."""

    def __init__(self, patterns: Iterable[str], root: Path) -> None:
        self._patterns = (*patterns,)
        self._root = root
        self.count = 0
        """How many were re-encrypted."""
        self.failed: list[UnusableFileError] = []
        """What is wrong with the others."""

    def run(self, keys: KeySet) -> None:
        """Re-encrypt every file that needs another key than the primary one.

        All are read again after that, until none is found that has been written with an old key
        meanwhile, or a new one with it.
        """
        ciphers = keys.ciphers()
        both = key_ring.fernet().MultiFernet(ciphers)
        for _ in range(MOST_PASSES):
            before, now = self.count, listed(self._patterns, self._root)
            self.failed = [*now.missing]
            for path in now.paths:
                try:
                    self.count += _visit(path, lambda token: _rotated(token, ciphers, both))
                except UnusableFileError as error:
                    self.failed.append(error)
            if self.failed or self.count == before:
                return
        why = "some are written with an old key again and again; let their programs read the ring"
        self.failed = [UnusableFileError(f"{', '.join(self._patterns)}: {why}")]


def _beside(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, rewriting.beside_name(name))


def _visit(
    path: str,
    change: Callable[[bytes], bytes | None],
    is_newer: Callable[[bytes, bytes], bool] | None = None,
) -> bool:
    """Change the content of a file; return whether it was. Raises UnusableFileError.

    With `is_newer`, what a killed process had swapped out is looked at before.
    """
    for left in reversed(range(TRIES)):
        try:
            with Folder.open(os.path.dirname(path)) as folder:
                if not os.access(".", os.W_OK, dir_fd=folder.descriptor, effective_ids=True):
                    raise UnusableFileError(f"{path}: its directory is not writable")
                if is_newer is not None:
                    rewriting.take_back(folder, os.path.basename(path), is_newer)
                return rewriting.rewrite(folder, os.path.basename(path), change)
        except _UnknownKeyError:
            raise UnusableFileError(f"{path}: not encrypted with a key of the ring") from None
        except MemoryError:
            raise UnusableFileError(f"{path}: larger than the memory that is free") from None
        except OSError as error:
            if not left or not isinstance(error, rewriting.InUseError):
                raise UnusableFileError(f"{path}: {reason_of(error)}") from error
        time.sleep(WAIT_SECONDS)
    raise AssertionError


class _UnknownKeyError(Exception):
    """No key of the ring decrypts a file."""


def _check(token: bytes, ciphers: Sequence[Any]) -> None:
    if not any(_decrypts(cipher, token) for cipher in ciphers):
        raise _UnknownKeyError


def _rotated(token: bytes, ciphers: Sequence[Any], both: Any) -> bytes | None:
    """Return a token under the primary key, as old as it was; None if it is under it already."""
    if _decrypts(ciphers[0], token):
        return None
    _check(token, ciphers)
    new: bytes = both.rotate(token)
    return new + token[len(token.rstrip()) :]  # as a text file it may have ended with a newline


def _made_at(token: bytes, ciphers: Sequence[Any]) -> int:
    """Return when a token was made, in seconds; -1 for one that no key decrypts."""
    known = (cipher for cipher in ciphers if _decrypts(cipher, token))
    return next((int(cipher.extract_timestamp(token)) for cipher in known), -1)


def _decrypts(cipher: Any, token: bytes) -> bool:
    try:
        cipher.decrypt(token)
    except key_ring.fernet().InvalidToken:
        return False
    return True
