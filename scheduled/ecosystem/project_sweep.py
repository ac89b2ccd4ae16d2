"""A sweep over the folders of projects: only those are looked into in which something changed.

Root looks into a folder as the user who decides what is in there, in a process that has given up
root. In each of them git is run, unless the repository belongs to somebody else yet.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from scheduled.ecosystem import project
from scheduled.ecosystem.git.program import Git
from scheduled.ecosystem.git.scratch import Scratch
from scheduled.ecosystem.project import Look
from scheduled.ecosystem.project_cache import ProjectCache
from scheduled.quick_classes import NamedTuple
from scheduled.system import owners_work, second_process
from scheduled.system.text import one_line

ENOUGH = 20
"""Folders to look into; with fewer a second process costs more than it saves."""
OUT_OF_TIME = "not compared: the sweep ran out of time, and the next one goes on"


class Limits(NamedTuple):
    """How git is run."""

    git: str
    """The program; empty if there is none."""
    seconds: float
    """For one repository."""
    all_seconds: float
    """For all of them; what is left is only read."""


class Sweep:
    """A sweep with what is known from the last one."""

    def __init__(self, cache: ProjectCache, limits: Limits, place: Path) -> None:
        """`place` is a folder for what git needs."""
        self._cache = cache
        self._limits = limits
        self._place = place
        self._user = os.geteuid()

    def looks(self, folders: Sequence[str]) -> dict[str, Look]:
        """Return what there is in each folder, and save it for the next sweep."""
        found: dict[str, Look] = {}
        for folder in dict.fromkeys(folders):
            look = self._cache.known(folder)
            if look is not None:
                found[folder] = look
        unknown = [folder for folder in dict.fromkeys(folders) if folder not in found]
        seconds = self._limits.all_seconds
        for folder, answer in owners_work.in_each(unknown, self._look_into, seconds):
            is_refused = isinstance(answer, str)
            found[folder] = _not_looked_into(folder, answer) if is_refused else Look(*answer)
            self._cache.learn(folder, found[folder])
        self._cache.save()
        return found

    def _look_into(self, folders: list[str], until: float) -> Iterable[Any]:
        """Look into folders, as the user of this process; two processes of ours share them."""
        if os.geteuid() != self._user:
            return self._in_turn(folders, until, None)
        middle = len(folders) // 2 if len(folders) >= ENOUGH and second_process.is_of_use() else 0
        if not middle:
            return self._in_turn(folders, until, self._place)
        first, second = second_process.both(
            lambda: [*self._in_turn(folders[:middle], until, self._place)],
            lambda: [*self._in_turn(folders[middle:], until, self._place)],
        )
        return [*first, *second]

    def _in_turn(
        self, folders: Sequence[str], until: float, place: Path | None
    ) -> Iterator[tuple[Any, ...]]:
        """Look into one folder after the other, with git for as long as there is time."""
        git, seconds, _ = self._limits
        scratch = Scratch(Git(git, seconds), place) if git else None
        try:
            for folder in folders:
                yield _look(folder, until, scratch)
        finally:
            if scratch is not None:
                scratch.close()


def _look(folder: str, until: float, scratch: Scratch | None) -> tuple[Any, ...]:
    is_late = scratch is not None and time.monotonic() > until
    try:
        look = project.look(folder, None if is_late else scratch)
    except (OSError, ValueError) as error:  # changed meanwhile; the next sweep looks again
        return tuple(_not_looked_into(folder, f"not looked into: {one_line(error)}"))
    if is_late and "dirty" in look.facts:
        look = look._replace(problems=[*look.problems, OUT_OF_TIME], is_final=False)
    return tuple(look)


def _not_looked_into(folder: str, reason: str) -> Look:
    facts = {**project.ABSENT, **project.seen_from_outside(folder)}
    return Look(facts, [reason], [], [], is_final=False)
