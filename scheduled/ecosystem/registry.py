"""The registry: which branches exist, and where each keeps its files.

Two layouts occur, even within one registry: the *home* (`NAME.local.json`, `ai_mail.local/`)
and the *repository* (`.trinity/local.json`, `.ai_mail.local/`). The layout of a branch is found
by looking into its folder, the home layout first; a branch with files of neither has the layout
of its registry.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from scheduled.ecosystem.formats import (
    ADDRESS_LENGTH,
    HOME_REGISTRY,
    REGISTRY_PATTERN,
    REPOSITORY_REGISTRY,
    is_registry,
    is_repository,
    one_line,
)
from scheduled.errors import ScheduledError, UnreadableFileError, reason_of
from scheduled.quick_classes import NamedTuple, dataclass
from scheduled.system.files import parse_json, read_open, stamp_of
from scheduled.system.folder import Folder
from scheduled.system.stamp_cache import StampCache
from scheduled.version import __version__

KNOWN = (HOME_REGISTRY, REPOSITORY_REGISTRY)
"""The first one there is counts."""


_HOME_ENDINGS = (".id.json", ".observations.json")
"""Of the files that a branch has in its own folder only in the home layout."""


_LONG = 1 << 17
"""Bytes of a registry that is worth a cache: some hundred branches."""


class RegistryError(ScheduledError):
    """There is no registry here, or it is unusable."""


class Branch(NamedTuple):
    """A registered workspace."""

    name: str
    folder: str
    """Absolute. Text, because a sweep asks for it ten thousand times."""
    email: str
    """With its `@`: as registered, else derived from the name; one line of printable text."""
    status: str = "active"
    in_repository: bool = False
    """Whether its registry is that of a repository."""

    @property
    def path(self) -> Path:
        """Its folder as a Path."""
        return Path(self.folder)

    @property
    def central_name(self) -> str:
        """What AI_MAIL.central.json calls it: the name of its folder in upper case."""
        name = os.path.basename(self.folder)
        if name in ("", ".."):
            name = os.path.basename(os.path.realpath(self.folder))
        return (name or self.name).upper()

    @property
    def active(self) -> bool:
        """Whether the branch is in use; sweeps leave out one that is not."""
        return self.status.casefold() == "active"

    @property
    def mailbox(self) -> Path:
        """The mailbox folder: of the layout found on disk, else of the registry's layout."""
        home, repository = f"{self.folder}/ai_mail.local", f"{self.folder}/.ai_mail.local"
        # os.path: what cannot be looked at is not there; Path would raise.
        isdir = os.path.isdir
        if not isdir(home) and (
            isdir(repository)
            or isdir(f"{self.folder}/.trinity")
            or (self.in_repository and not self._has_files_of_a_home())
        ):
            return Path(repository)
        return Path(home)

    def _has_files_of_a_home(self) -> bool:
        with contextlib.suppress(OSError), Folder.open(self.folder) as folder:
            return any(name.endswith(_HOME_ENDINGS) for name in folder.names())
        return False


@dataclass(frozen=True)
class Registry:
    """The branches in the order of the file, and the problems with it, a sentence each."""

    path: Path
    branches: tuple[Branch, ...]
    problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Branch]:
        return iter(self.branches)

    def __len__(self) -> int:
        return len(self.branches)

    def by_email(self, email: str) -> Branch | None:
        """Return the first branch with that address, letter case ignored; None if there is none."""
        return self._addresses.get(email.casefold())

    @cached_property
    def _addresses(self) -> dict[str, Branch]:
        return {branch.email.casefold(): branch for branch in reversed(self.branches)}


def find(root: Path) -> Path:
    """Return the registry file of the ecosystem at `root`.

    Raises RegistryError if there is none, or several of which none has a known name.
    """
    try:
        with Folder.open(root) as folder:
            known = next((name for name in KNOWN if folder.stamp(name) is not None), None)
    except OSError:
        known = None
    if known is not None:
        return root / known
    names = _registries(root)
    if len(names) == 1:
        return root / names[0]
    if names:
        named = ", ".join(names)
        raise RegistryError(f"{root}: several registries ({named}); keep one of them here")
    raise RegistryError(
        f"{root}: no registry ({REGISTRY_PATTERN}) here; name the ecosystem's directory with --root"
    )


def load(root: Path, cache_dir: Path | None = None) -> Registry:
    """Return the registry of the ecosystem at `root`; relative paths count from its folder.

    With a folder for caches, a long one is read as a whole only when it has changed.

    An entry that cannot be used is left out. That, an address that two branches share or that is
    not one line of text, a `total_branches` that disagrees with the list, and a second registry,
    which is not read, are named in `problems`. Raises RegistryError if the file as a whole cannot
    be used.
    """
    path = find(root)
    in_repository = is_repository(root)
    if cache_dir is None:
        branches, problems = _understood(path, _document(path), in_repository)
    else:
        key = [__version__, in_repository]
        cache = StampCache(cache_dir / "registry", key, private=True)
        branches, problems = _remembered(path, in_repository, cache)
    return Registry(path, tuple(branches), (*problems, *_told(path, _rivals(path))))


def _remembered(
    path: Path, in_repository: bool, cache: StampCache
) -> tuple[list[Branch], list[str]]:
    """Return branches and problems as `_understood` does, from the cache if that is possible."""
    with opened(path) as descriptor:
        status = os.fstat(descriptor)
        facts = cache.recall(str(path), stamp_of(status))
        if facts is not None:
            *columns, problems = facts
            return list(map(Branch, *columns, repeat(in_repository))), problems
        seen, data = read_open(descriptor, path, status)
    branches, problems = _understood(path, _parsed(path, data), in_repository)
    if branches and len(data) >= _LONG:
        columns = [list(column) for column in zip(*branches, strict=True)][:-1]
        cache.remember(str(path), seen, [*columns, problems])
        cache.save()
    return branches, problems


def _understood(
    path: Path, document: dict[str, Any], in_repository: bool
) -> tuple[list[Branch], list[str]]:
    """Return the branches of a registry, and the problems with it alone."""
    folder = os.path.join(path.parent, "")
    branches: list[Branch] = []
    problems: list[str] = []
    for which, entry in _entries(document["branches"]):
        branch = _branch(entry, folder, in_repository)
        if isinstance(branch, str):
            problems.append(f"{path.name}: branch {which}: {branch}")
            continue
        fit = _fit(branch)
        branches.append(fit)
        if fit is not branch:
            problems.append(f"{path.name}: branch {which}: {_strange_address(fit)}")
    problems += _told(path, chain(_shared_addresses(branches), _wrong_total(document)))
    return branches, problems


def _told(path: Path, problems: Iterable[str]) -> list[str]:
    return [f"{path.name}: {problem}" for problem in problems]


def derived_email(name: str) -> str:
    """Return the address of a branch that registers none.

    The first word of a spaced name, `x` of `AIPASS-X`, the part after the last `.`, else the part
    before the first `-`; lower case. The rule is ai_mail's own.
    """
    word = name.split(maxsplit=1)[0] if name.split() else name
    if "." in word:
        word = word.rsplit(".", 1)[1]
    elif word.upper().startswith("AIPASS-"):
        word = word[len("AIPASS-") :]
    else:
        word = word.split("-", 1)[0]
    return f"@{(word or name).lower()}"


def _registries(root: Path) -> list[str]:
    """Return the names of registries in a directory, sorted; none if it cannot be listed."""
    try:
        with Folder.open(root) as folder:
            return sorted(filter(is_registry, folder.names()))
    except OSError:
        return []


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Yield a registry open for reading. It says where root's tick looks for mail and files.

    So it must not be that of somebody who has nothing to say there. Raises RegistryError.
    """
    try:
        with Folder.file(path) as (folder, name), folder.opened(name) as descriptor:
            if problem := folder.foreign(name, descriptor):
                raise _unusable(UnreadableFileError(path, problem))
            yield descriptor
    except FileNotFoundError:
        raise _unusable(UnreadableFileError(path, "no such file")) from None
    except OSError as error:
        raise _unusable(UnreadableFileError(path, reason_of(error))) from error


def _document(path: Path) -> dict[str, Any]:
    with opened(path) as descriptor:
        data = read_open(descriptor, path)[1]
    return _parsed(path, data)


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    try:
        document = parse_json(data, path)
    except UnreadableFileError as error:
        raise _unusable(error) from error
    if not isinstance(document, dict) or not isinstance(document.get("branches"), list | dict):
        raise RegistryError(f"{path}: no list of branches in it; expected {{metadata, branches}}")
    return document


def _unusable(error: UnreadableFileError) -> RegistryError:
    return RegistryError(f"{error}; fix the registry; nothing was changed")


def _entries(branches: list[Any] | dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what to call each entry in a message, and the entry.

    Branches are a list, or a mapping by name; an entry of a mapping need not repeat its name.
    """
    if isinstance(branches, list):
        for number, entry in enumerate(branches, start=1):
            yield str(number), entry
        return
    for name, entry in branches.items():
        named = isinstance(entry, dict) and not _is_named(entry)
        yield one_line(name, 60) or '""', {**entry, "name": name} if named else entry


def _is_named(entry: dict[str, Any]) -> bool:
    name = entry.get("name")
    return isinstance(name, str) and bool(name.strip())


def _shared_addresses(branches: Sequence[Branch]) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for branch in branches:
        owners.setdefault(branch.email.casefold(), []).append(branch.name)
    for email, names in owners.items():
        if len(names) > 1:
            yield f"{email} belongs to {', '.join(names)}; its mail goes to {names[0]}"


def _wrong_total(document: dict[str, Any]) -> Iterator[str]:
    metadata, count = document.get("metadata"), len(document["branches"])
    total = metadata.get("total_branches", count) if isinstance(metadata, dict) else count
    if total != count:
        yield f"total_branches is {total!r}, the list has {count}"


def _rivals(path: Path) -> Iterator[str]:
    """Return the other registries in the folder of the one in use.

    They are not merged: one that was left behind would bring back branches that are gone.
    """
    for name in _registries(path.parent):
        if name != path.name and (name in KNOWN or _is_registry(path.with_name(name))):
            yield f"{name} beside it is not read; keep one of them here"


def _is_registry(path: Path) -> bool:
    try:
        _document(path)
    except RegistryError:
        return False
    return True


def _fit(branch: Branch) -> Branch:
    """Return the branch with its address as one line of printable text, as mail needs it."""
    email = branch.email
    if len(email) <= ADDRESS_LENGTH and email.isprintable() and " " not in email:
        return branch  # as a rule; all else takes long, ten thousand times
    line = one_line(email, ADDRESS_LENGTH)
    return branch if line == email else branch._replace(email=line)


def _strange_address(branch: Branch) -> str:
    name, email = one_line(branch.name, 60), one_line(branch.email, 60)
    return f"the address of {name} is no line of {ADDRESS_LENGTH} characters; it counts as {email}"


def _branch(entry: Any, folder: str, in_repository: bool) -> Branch | str:
    if not isinstance(entry, dict):
        return "not an object"
    name, path = entry.get("name"), entry.get("path")
    if not isinstance(name, str) or not name.strip():
        return "no name"
    if not isinstance(path, str) or not path.strip() or not is_path(path):
        return f"{name}: no usable path"
    email = entry.get("email")
    if not isinstance(email, str) or not email.strip("@ "):
        email = derived_email(name)
    status = entry.get("status")
    return Branch(
        name,
        tidy(path if path.startswith("/") else folder + path),
        email if email.startswith("@") else f"@{email}",
        status if isinstance(status, str) and status else "active",
        in_repository,
    )


def tidy(path: str) -> str:
    """Return `path` without `//`, `/./` and a `/` at its end; `..` stays, it may follow a link."""
    is_tidy = "//" not in path and "/." not in path and not path.endswith("/")
    return path if is_tidy else str(Path(path))  # a Path takes long, ten thousand times


def is_path(text: str) -> bool:
    """Return whether a text can be a path."""
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say and a path cannot
        return False
