"""A disk that is given steps, and the trees that may be found on it after a power cut.

A step is on the disk for certain once its file (data) or its directory (names) was synced after
it. The others may be there or not, in any order: all of them, none, each one alone, all but each
one, and the last writing torn in the middle.
"""

import shutil
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from tests.powercut.recording import (
    Create,
    MakeDirectory,
    Remove,
    Rename,
    Step,
    Sync,
    Truncate,
    Write,
)

Content = dict[int, bytearray]


class Cut(NamedTuple):
    """A power cut, and what had not reached the disk by then."""

    after: int
    """How many steps had been made."""
    lost: frozenset[int]
    """The numbers of those that are not on the disk."""
    torn: bool = False
    """Whether only half of the last writing is."""


class Disk:
    """The tree before a command, and the steps of the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = {
            str(path): None if path.is_dir() else path.read_bytes()
            for path in sorted(folder.rglob("*"))
        }
        self.steps: Sequence[Step] = ()

    def cuts(self) -> Iterator[Cut]:
        """Yield each power cut that may leave another tree than the one before it."""
        for after in range(len(self.steps) + 1):
            pending = self._pending(after)
            if after and pending[-1:] != [after - 1]:
                continue  # nothing was added
            lost = [frozenset[int](), frozenset(pending)]
            lost += [frozenset((number,)) for number in pending]
            lost += [frozenset(pending) - {number} for number in pending]
            yield from (Cut(after, numbers) for numbers in dict.fromkeys(lost))
            if pending and isinstance(self.steps[pending[-1]], Write):
                yield Cut(after, frozenset(), torn=True)

    def damages(self, cut: Cut) -> bool:
        """Return whether a file is found torn, or with an end that what came before lacks."""
        written = [number for number in range(cut.after) if isinstance(self.steps[number], Write)]
        return cut.torn or any(
            lost in cut.lost and kept not in cut.lost and self._is_same_file(lost, kept)
            for lost, kept in combinations(written, 2)
        )

    def _is_same_file(self, number: int, other: int) -> bool:
        return self.steps[number].path == self.steps[other].path

    def make(self, cut: Cut) -> None:
        """Replace the tree by the one that is found after a power cut."""
        files, names = self._start()
        last = max((n for n in range(cut.after) if isinstance(self.steps[n], Write)), default=None)
        # A file that is open keeps what it is whatever becomes of its name.
        objects = dict(names)
        for number, step in enumerate(self.steps[: cut.after]):
            self._follow(step, objects, files, number)
            if number not in cut.lost:
                self._keep(step, names, objects, files, half=cut.torn and number == last)
        shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        for path, content in sorted(names.items()):
            place = Path(path)
            if content is None:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif place.parent.is_dir():
                place.write_bytes(files.get(content, b""))
                place.chmod(0o600)

    def _pending(self, cut: int) -> list[int]:
        """Return the steps before `cut` that need not have reached the disk."""
        pending: list[int] = []
        outside = str(self.folder / "ran")
        for number, step in enumerate(self.steps[:cut]):
            if isinstance(step, Sync):
                pending = [n for n in pending if not _is_synced(self.steps[n], step)]
            elif step.path != outside:  # what a job has done to the world is done
                pending.append(number)
        return pending

    def _start(self) -> tuple[Content, dict[str, int | None]]:
        files: Content = {}
        names: dict[str, int | None] = {}
        for number, (path, content) in enumerate(self.before.items(), 1):
            names[path] = None if content is None else -number
            if content is not None:
                files[-number] = bytearray(content)
        return files, names

    @staticmethod
    def _follow(step: Step, objects: dict[str, int | None], files: Content, number: int) -> None:
        """Follow which file has which name while the machine is on."""
        match step:
            case Create(path) if path not in objects:
                objects[path] = number
                files.setdefault(number, bytearray())
            case MakeDirectory(path):
                objects[path] = None
            case Rename(path, target) if path in objects:
                objects[target] = objects.pop(path)
            case Remove(path):
                objects.pop(path, None)

    @staticmethod
    def _keep(
        step: Step,
        names: dict[str, int | None],
        objects: dict[str, int | None],
        files: Content,
        *,
        half: bool,
    ) -> None:
        """Let a step reach the disk."""
        match step:
            case Create(path) if path not in names:
                names[path] = objects[path]
            case MakeDirectory(path):
                names.setdefault(path, None)
            case Rename(path, target):
                if target in objects:
                    names.pop(path, None)
                    names[target] = objects[target]
            case Remove(path):
                names.pop(path, None)
            case Write(path, data, offset):
                content = files.get(objects.get(path) or 0)
                if content is not None:
                    start = len(content) if offset is None else offset
                    kept = data[: len(data) // 2] if half else data
                    content.extend(bytes(max(start - len(content), 0)))
                    content[start : start + len(kept)] = kept
            case Truncate(path, length):
                content = files.get(objects.get(path) or 0)
                if content is not None:
                    content.extend(bytes(max(length - len(content), 0)))
                    del content[length:]


def _is_synced(step: Step, sync: Sync) -> bool:
    match step:
        case Write(path) | Truncate(path):
            return path == sync.path
        case Rename(path, target):
            return str(Path(target).parent) == sync.path
        case _:
            return str(Path(step.path).parent) == sync.path
