"""Files that are encrypted by a key ring, written and read as the manual says."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers.maintenance import key_rotation
from scheduled.handler import Context
from tests.builders.manual import CHECKOUT, Page

JOB = "security.key_rotation"
_lines: dict[str, Any] = {}
exec(Page(CHECKOUT / "docs" / "how-to" / "key-rotation.md").named_block("key_ring.py"), _lines)
read_by_manual: Callable[..., bytes] = _lines["read"]
write_by_manual: Callable[..., None] = _lines["write"]


class Vault:
    """A directory with a key ring in `ring.json`, for `*.token`, and for `*.db` by its other keys.

    `params` are added to those of each rotation; a rotation is in a month of 2026, at its slot.
    """

    def __init__(self, root: Path, **params: Any) -> None:
        self.root = root
        self.ring = root / "ring.json"
        self.params = {"ring": "ring.json", "files": ["*.token"], **params}
        self.memory: dict[str, Any] = {}
        self.lines: list[str] = []
        """What rotations printed."""

    def rotate(self, month: int, *, by_hand: bool = False) -> dict[str, Any]:
        """Run the handler in this process; return its result."""
        return key_rotation.run(self.context(month, by_hand=by_hand))

    def context(self, month: int, *, by_hand: bool = False) -> Context:
        """Return what the handler is given."""
        now = datetime(2026, month, 1, 1, tzinfo=UTC)
        return Context(
            job=JOB,
            run_id=JOB,
            now=now,
            zone=UTC,
            root=self.root,
            central_dir=self.root,
            cache_dir=self.root,
            slot=None if by_hand else now,
            params=self.params,
            memory=self.memory,
            log=self.lines.append,
        )

    def put(self, name: str, text: str, purpose: str = "session") -> Path:
        """Write a file as a program of its owner does."""
        write_by_manual(self.root / name, text.encode(), self.ring, purpose)
        return self.root / name

    def get(self, name: str, purpose: str = "session") -> str:
        """Read a file as a program of its owner does."""
        return read_by_manual(self.root / name, self.ring, purpose).decode()

    def document(self, name: str = "ring.json") -> dict[str, Any]:
        """Return what is in the ring."""
        document: dict[str, Any] = json.loads((self.root / name).read_text("utf-8"))
        return document

    def ids(self, purpose: str = "session", name: str = "ring.json") -> list[str]:
        """Return the names of the keys, the primary one first."""
        return [key["id"] for key in self.document(name)[purpose]["keys"]]

    def secrets(self) -> list[str]:
        """Return every key of the ring, and of those that have left it."""
        documents = [self.document(path.name) for path in self.root.glob("ring.json*")
                     if path.suffix != ".lock"]  # fmt: skip
        sets = [part for each in documents for part in each.values() if isinstance(part, Mapping)]
        return [key["key"] for part in sets for key in part["keys"]]


def vault(root: Path, texts: Mapping[str, str], **params: Any) -> Vault:
    """Return a vault whose ring was made in January, with these files."""
    made = Vault(root, **params)
    made.rotate(1)
    for name, text in texts.items():
        made.put(name, text, "database" if name.endswith(".db") else "session")
    return made
