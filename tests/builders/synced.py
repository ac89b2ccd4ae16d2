"""What is made sure to be on the disk, in the order in which it happens."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


class Synced:
    """From now on, each sync and rename by this process: `fsync NAME` or `replace NAME`.

    The calls are the real ones. Of a rename the name is the new one, of a folder its own. A file
    with nothing in it yet is `empty NAME`: what was to be synced was still held back.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._syncing(getattr(os, name)))
        self._replace = os.replace
        monkeypatch.setattr(os, "replace", self._replacing)

    def _syncing(self, sync: Callable[[int], None]) -> Callable[[int], None]:
        def noted(descriptor: int) -> None:
            sync(descriptor)
            name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
            self.calls.append(f"{'fsync' if os.fstat(descriptor).st_size else 'empty'} {name}")

        return noted

    def _replacing(self, source: str, target: str, **folders: int) -> None:
        self._replace(source, target, **folders)
        self.calls.append(f"replace {Path(target).name}")
