"""The registry: which branches there are, and where each keeps its things.

Two layouts occur, and both in one registry: the *home* (`NAME.local.json`, `ai_mail.local/`)
and the *repository* (`.trinity/local.json`, `.ai_mail.local/`). Which one a branch has is read
off its folder, the home layout first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduled.errors import ScheduledError, UnreadableFileError
from scheduled.files import read_json

PATTERN = "*_REGISTRY.json"


class RegistryError(ScheduledError):
    """There is no registry here, or it cannot be used as one."""


@dataclass(frozen=True)
class Branch:
    """A registered workspace."""

    name: str
    path: Path
    email: str
    """With its `@`: as registered, else derived from the name."""
    status: str = "active"

    @property
    def mailbox(self) -> Path:
        """The mailbox folder: of the layout found on disk, the home's where there is neither."""
        home, repository = self.path / "ai_mail.local", self.path / ".ai_mail.local"
        if not home.is_dir() and (repository.is_dir() or (self.path / ".trinity").is_dir()):
            return repository
        return home


@dataclass(frozen=True)
class Registry:
    """The branches in the order of the file, and what was wrong with the entries left out."""

    path: Path
    branches: tuple[Branch, ...]
    problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Branch]:
        return iter(self.branches)

    def __len__(self) -> int:
        return len(self.branches)

    def by_email(self, email: str) -> Branch | None:
        """The first branch with that address, letter case ignored; None if nobody has it."""
        wanted = email.casefold()
        return next((one for one in self.branches if one.email.casefold() == wanted), None)


def find(root: Path) -> Path:
    """The registry file of the ecosystem at `root`.

    Raises RegistryError where there is none, or more than one and none of the known names.
    """
    for name in ("BRANCH_REGISTRY.json", "AIPASS_REGISTRY.json"):
        if (root / name).exists():
            return root / name
    found = sorted(root.glob(PATTERN))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise RegistryError(f"{root}: several registries ({names}); keep one of them here")
    raise RegistryError(
        f"{root}: no registry ({PATTERN}) here; name the ecosystem's folder with --root"
    )


def load(root: Path) -> Registry:
    """The registry of the ecosystem at `root`; relative paths count from the registry's folder.

    An entry that cannot be used is left out and named in `problems`. Raises RegistryError when
    the file as a whole cannot be used.
    """
    path = find(root)
    try:
        document = read_json(path)
    except UnreadableFileError as error:
        raise RegistryError(f"{error}; mend the registry, nothing was changed") from error
    entries = document.get("branches") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise RegistryError(f"{path}: no list of branches in it; expected {{metadata, branches}}")
    branches: list[Branch] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        branch = _branch(entry, path.parent)
        if isinstance(branch, Branch):
            branches.append(branch)
        else:
            problems.append(f"{path.name}: branch {number}: {branch}")
    return Registry(path, tuple(branches), tuple(problems))


def derived_email(name: str) -> str:
    """The address of a branch that registers none.

    The first word of a spaced name, `x` of `AIPASS-X`, what stands after the last `.`, else what
    stands before the first `-`; lower case. The rule is ai_mail's own.
    """
    word = name.split(maxsplit=1)[0] if name.split() else name
    if "." in word:
        word = word.rsplit(".", 1)[1]
    elif word.upper().startswith("AIPASS-"):
        word = word[len("AIPASS-") :]
    else:
        word = word.split("-", 1)[0]
    return f"@{word.lower()}"


def _branch(entry: Any, folder: Path) -> Branch | str:
    if not isinstance(entry, dict):
        return "not an object"
    name, path = entry.get("name"), entry.get("path")
    if not isinstance(name, str) or not name.strip():
        return "no name"
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        return f"{name}: no path"
    email = entry.get("email")
    if not isinstance(email, str) or not email.strip("@ "):
        email = derived_email(name)
    status = entry.get("status")
    return Branch(
        name=name,
        path=folder / path,
        email=email if email.startswith("@") else f"@{email}",
        status=status if isinstance(status, str) and status else "active",
    )
