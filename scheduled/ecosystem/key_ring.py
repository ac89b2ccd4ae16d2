"""The key ring: a JSON file with the keys that files are encrypted with, the primary one first.

A set of keys is for one purpose, `session` or `database`. All of them decrypt, the primary one
encrypts. The file is replaced as a whole, by one process at a time; what leaves it can be kept in
a second file beside it. No message and no `repr` here has a key in it.
"""

import base64
import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from scheduled.errors import LockedError, ScheduledError, UsageError, install_extra, reason_of
from scheduled.handler import NotNow
from scheduled.system import files, folder_lock, owners, rewriting
from scheduled.system.folder import Folder
from scheduled.system.trusted import Trust

VERSION = 1
KEY_BYTES = 32
MODE = 0o600
OPEN_TO_OTHERS = 0o027
"""A group may read the ring, and that is all."""
MISSING = f"key rotation needs cryptography; {install_extra('keys')}"


class KeyRingError(ScheduledError):
    """The key ring cannot be used; it is left as it is."""


def fernet() -> Any:
    """Return the module `cryptography.fernet`. Raises UsageError if it is not installed."""
    try:
        return import_module("cryptography.fernet")
    except ImportError:
        raise UsageError(MISSING) from None


class KeySet:
    """The keys of one purpose, in the document of their ring; the primary one is the first."""

    def __init__(self, purpose: str, document: dict[str, Any]) -> None:
        self.purpose = purpose
        self._document = document

    def __repr__(self) -> str:
        return f"KeySet({self.purpose!r}, {self.ids})"

    @property
    def ids(self) -> list[str]:
        """The names of the keys, that of the primary one first."""
        return [key["id"] for key in self._document["keys"]]

    @property
    def rotation(self) -> Mapping[str, Any]:
        """The newest rotation: `began`, its `slot`, and when it `finished`; else empty."""
        return self._document.get("rotation") or {}

    def ciphers(self) -> list[Any]:
        """Return a Fernet for each key."""
        module = fernet()
        return [module.Fernet(key["key"]) for key in self._document["keys"]]

    def begin(self, now: datetime, slot: str | None) -> None:
        """Add a new primary key; the others stay."""
        key = _new_key(now)
        self._document["keys"].insert(0, key)
        self._document["primary"] = key["id"]
        self._document["rotation"] = {"began": _text(now), "slot": slot, "finished": None}

    def finish(self, now: datetime) -> None:
        """Note that no file needs another key than the primary one."""
        self._document["rotation"] = {**self.rotation, "finished": _text(now)}
        for key in self._document["keys"][1:]:
            key["replaced"] = key.get("replaced") or _text(now)

    def expired(self, now: datetime, overlap: timedelta) -> list[str]:
        """Return the names of the keys that were replaced at least `overlap` ago."""
        return [
            key["id"]
            for key in self._document["keys"][1:]
            if key.get("replaced") and now - datetime.fromisoformat(key["replaced"]) >= overlap
        ]

    def taken_out(self, ids: list[str]) -> list[dict[str, Any]]:
        """Remove keys, and return them."""
        out = [key for key in self._document["keys"] if key["id"] in ids]
        self._document["keys"] = [key for key in self._document["keys"] if key["id"] not in ids]
        return out


class KeyRing:
    """The content of a key ring."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __repr__(self) -> str:
        return f"KeyRing({[*self.document]})"

    @classmethod
    def empty(cls) -> "KeyRing":
        """Return a ring without any keys."""
        return cls({"version": VERSION})

    def set_for(self, purpose: str) -> KeySet | None:
        """Return the keys of a purpose; None if there are none."""
        return KeySet(purpose, self.document[purpose]) if self.document.get(purpose) else None

    def add_set(self, purpose: str, now: datetime) -> None:
        """Add a set with one key."""
        key = _new_key(now)
        self.document[purpose] = {"primary": key["id"], "keys": [key]}

    def keep(self, purpose: str, keys: list[dict[str, Any]], now: datetime) -> None:
        """Add keys that have left another ring; one that is there already is not added again."""
        kept = self.document.setdefault(purpose, {"keys": []})["keys"]
        known = {key["id"] for key in kept}
        kept[:0] = [{**key, "dropped": _text(now)} for key in keys if key["id"] not in known]


class KeyRingFile:
    """A key ring on the disk, whose lock this process holds."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name
        self.path = Path(folder.path) / name

    @property
    def old_keys(self) -> "KeyRingFile":
        """The file of the keys that have left the ring."""
        return KeyRingFile(self._folder, f"{self._name}.old")

    def read(self, purposes: tuple[str, ...], *, has_primary: bool = True) -> KeyRing | None:
        """Return the ring; None if there is no such file. Raises KeyRingError."""
        try:
            data = self._content()
        except FileNotFoundError:
            return None
        except OSError as error:
            is_link = error.errno == errno.ELOOP
            reason = "a link; name the file itself" if is_link else reason_of(error)
            raise KeyRingError(f"{self.path}: {reason}") from None
        document = files.parse_json(data, self.path)
        if problem := _problem(document, purposes, has_primary=has_primary):
            raise KeyRingError(f"{self.path}: {problem}; nothing was changed, mend it")
        return KeyRing(document)

    def write(self, ring: KeyRing) -> None:
        """Replace the file; it is on the disk when this returns. Raises OSError."""
        beside, data = rewriting.beside_name(self._name), files.json_bytes(ring.document)
        folder = self._folder
        folder.unlink(beside)  # left by a process that was killed
        try:
            with contextlib.ExitStack() as stack:
                like = None
                if folder.stamp(self._name) is not None:
                    descriptor = stack.enter_context(folder.opened(self._name))
                    like = descriptor, os.fstat(descriptor)
                rewriting.write_beside(folder, beside, data, like)
            folder.rename(beside, self._name)
        except BaseException:
            folder.unlink(beside)
            raise
        folder.sync()

    def _content(self) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW
        with files.opened(self._name, flags, folder=self._folder.descriptor) as descriptor:
            if problem := _access_problem(os.fstat(descriptor), self.path):
                raise KeyRingError(f"{self.path}: {problem}")
            return files.read_open(descriptor, self.path)[1]


@contextlib.contextmanager
def held(path: Path) -> Iterator[KeyRingFile]:
    """Yield the key ring at `path`, locked against other rotations; it need not exist yet.

    Raises NotNow if another process has locked it, and KeyRingError for a directory in which others
    could replace it.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(Folder.open(path.parent))
            if problems := Trust().folder_problems(Path(folder.path)):
                raise KeyRingError(problems[0])
            stack.enter_context(folder_lock.locked(folder, f"{path.name}.lock", 0, mode=MODE))
        except LockedError:
            raise NotNow(f"{path}: another rotation of its keys is under way") from None
        except OSError as error:
            raise KeyRingError(f"{error.filename or path}: {reason_of(error)}") from error
        yield KeyRingFile(folder, path.name)


def _new_key(now: datetime) -> dict[str, Any]:
    name = f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}"
    key = base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()
    return {"id": name, "key": key, "created": _text(now), "replaced": None}


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def _access_problem(status: os.stat_result, path: Path) -> str:
    """Return why others may know the keys, or have written them; else ''."""
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_uid != os.geteuid():
        return f"belongs to {owners.name_of(status.st_uid)}; name a ring of your own"
    if status.st_mode & OPEN_TO_OTHERS:
        return f"others can use it; type: chmod 600 {owners.typed(str(path))}"
    return "a hard link: it has a second name; remove that" if status.st_nlink > 1 else ""


def _problem(document: Any, purposes: tuple[str, ...], *, has_primary: bool) -> str:
    """Return what makes a document no key ring, or ''. Never names a value, it might be a key."""
    if not isinstance(document, dict) or not _is_whole(document.get("version")):
        return "no key ring: version: expected a number"
    if document["version"] != VERSION:
        return f"version {document['version']} of key rings is not known here, only {VERSION}"
    for purpose in purposes:
        keys = document.get(purpose)
        if keys is not None and (problem := _set_problem(keys, has_primary=has_primary)):
            return f"{purpose}{problem}"
    return ""


def _set_problem(keys: Any, *, has_primary: bool) -> str:
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list) or not keys["keys"]:
        return ": expected keys, a list of at least one"
    for number, key in enumerate(keys["keys"]):
        if problem := _key_problem(key):
            return f".keys[{number}]{problem}"
    ids = [key["id"] for key in keys["keys"]]
    if len({*ids}) < len(ids):
        return ".keys: two of them have the same id"
    if has_primary and keys.get("primary") != ids[0]:
        return ".primary: expected the id of the first key"
    if not isinstance(keys.get("rotation") or {}, dict):
        return ".rotation: expected a mapping"
    return ""


def _key_problem(key: Any) -> str:
    if not isinstance(key, dict) or not isinstance(key.get("id"), str) or not key["id"]:
        return ": expected an id and a key"
    if not _is_fernet_key(key.get("key")):
        return ".key: not a Fernet key, which is 32 bytes in URL-safe base64"
    if not _is_instant(key.get("replaced")):
        return ".replaced: expected an instant in UTC, or null"
    return ""


def _is_fernet_key(key: Any) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == KEY_BYTES
    except (TypeError, ValueError):
        return False


def _is_instant(value: Any) -> bool:
    try:
        return not value or datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
