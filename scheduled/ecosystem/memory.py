"""Memory files: which exist, how much they hold, and how much they may hold.

A branch keeps them in its folder (`NAME.local.json`, `NAME.observations.json`) or under
`.trinity/` (`local.json`, `observations.json`); if both exist, both count. They are searched in
the branch's own folder and never below it: another branch may live there. A name from the
registry never becomes part of a path.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeGuard

from scheduled.ecosystem.branch import KINDS, TRINITY, memory_in, memory_kind
from scheduled.ecosystem.branch_cache import Finding
from scheduled.ecosystem.memory_document import UNLIMITED, MemoryDocument, examine
from scheduled.ecosystem.registry import Branch
from scheduled.errors import reason_of
from scheduled.handler.params import Kind, Param, ParamTable, values
from scheduled.quick_classes import NamedTuple, dataclass, field
from scheduled.system.stamp_cache import Facts, StampCache

DEFAULT_LIMIT = 600
"""Lines; the seed's MEMORY_THRESHOLD."""

ENTRY_LIMITS = {"sessions": 20, "key_learnings": 25, "observations": 25}
"""Of the lists in a file without a limit of lines that does not state its own: a list with so many
entries is due for rollover, by the rules of AIPass."""

# Every new or changed file is looked at from both ends. All of it is parsed for this many bytes
# a sweep, and the rest in later sweeps. 2 MiB are a hundred ordinary branches and take about
# 20 ms: all but giants are parsed at once, and giants do not stall in their first sweep.
PARSED_PER_SWEEP = 2 << 20


class Amount(NamedTuple):
    """How many lines, or entries of one list, a memory file has."""

    unit: str
    """`lines`, or the name of the list."""
    number: int
    limit: int
    is_over: bool
    is_kept: bool = False
    """Whether AIPass keeps so many: a list that has reached its limit is as it should be."""

    @property
    def is_near(self) -> bool:
        """Whether it is more than five sixths of its limit (the seed's 500 of 600), or over."""
        return self.is_over or (not self.is_kept and self.number * 6 > self.limit * 5)

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


class MemoryFile(NamedTuple):
    """One memory file as it is now."""

    branch: Branch
    path: str
    kind: str
    """`local` or `observations`."""
    size: int
    """Bytes; 0 if it could not be looked at."""
    lines: int | None
    """As an editor counts them; None if it could not be read."""
    limit: int | None
    """The most lines it may have; None where the format knows no limit."""
    problem: str
    """Why it cannot be used as a memory file; empty if it can."""
    entries: Mapping[str, int] = {}
    """Where the format knows no limit of lines: how many entries each list has."""
    kept: Mapping[str, int | None] = {}
    """How many of them each list keeps, where the file states that; None: all."""

    @property
    def name(self) -> str:
        """The file's name: `DRONE.local.json`, or `local.json` under `.trinity/`."""
        return os.path.basename(self.path)

    @property
    def amounts(self) -> list[Amount]:
        """What it has of each thing of which it may have only so much."""
        if self.limit is not None:
            lines = self.lines or 0
            return [Amount("lines", lines, self.limit, is_over=lines > self.limit)]
        amounts = [self._of_list(name) for name in ENTRY_LIMITS if name in self.entries]
        return [amount for amount in amounts if amount is not None]

    def _of_list(self, name: str) -> Amount | None:
        number = self.entries[name]
        if name not in self.kept:
            limit = ENTRY_LIMITS[name]
            return Amount(name, number, limit, is_over=number >= limit)
        keep = self.kept[name]
        # AIPass archives what is beyond it, and leaves exactly so many.
        return Amount(name, number, keep, is_over=number > keep, is_kept=True) if keep else None

    @property
    def is_over(self) -> bool:
        """Whether it has more lines than allowed, or as many entries as AIPass rolls over."""
        return any(amount.is_over for amount in self.amounts)

    @property
    def is_near(self) -> bool:
        """Whether it is near one of its limits, or over."""
        return any(amount.is_near for amount in self.amounts)


@dataclass(frozen=True)
class Limits:
    """The configured limits, for files that state none."""

    default: int = DEFAULT_LIMIT
    by_branch: Mapping[str, int] = field(default_factory=dict)
    """Keyed by the upper-case name of the branch."""

    PARAMS: ClassVar[ParamTable] = {
        "default_limit": Param(
            "how many lines a memory file may have that states no limit itself",
            Kind.COUNT,
            DEFAULT_LIMIT,
        ),
        "limits": Param("the same for the files of single branches", Kind.COUNTS, {}),
    }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Limits":
        """Return the limits of a job's params `default_limit: n` and `limits: {NAME: n}`.

        Raises ValueError that names the param if a limit is not a positive whole number.
        """
        given = values(cls.PARAMS, params)
        return cls(
            default=given["default_limit"],
            by_branch={name.upper(): limit for name, limit in given["limits"].items()},
        )

    def of(self, branch: Branch) -> int:
        """Return the limit of a file of `branch` that states none."""
        return self.by_branch.get(branch.name.upper(), self.default)


class Found(NamedTuple):
    """The memory files of many branches, as far as they need attention."""

    number: int
    """How many files there are."""
    notable: list[MemoryFile]
    """Those that are over a limit or cannot be read."""
    unreachable: list[Branch]
    """The branches whose folder could not be looked into."""

    @classmethod
    def in_all(cls, branches: Iterable[Branch], findings: Iterable[Any]) -> "Found":
        """Return what was found in these branches: the values of `Survey.finding`."""
        number, notable, unreachable = 0, [], []
        for branch, value in zip(branches, findings, strict=True):
            if value is None:
                unreachable.append(branch)
                continue
            count, rows = value
            number += count
            for place, *rest in rows:
                notable.append(MemoryFile(branch, f"{branch.folder}/{place}", *rest))
        return cls(number, notable, unreachable)


_IN_TRINITY = {f"{kind}.json": kind for kind in KINDS}


class Survey:
    """A survey of the memory files of many branches that reads only changed ones.

    A `thorough` one also looks for flaws in the middle of a file; lengths and limits need less.
    """

    def __init__(self, cache: StampCache, limits: Limits, *, thorough: bool = True) -> None:
        self.unreachable: list[Branch] = []
        """The branches whose folder could not be looked into, so far."""
        self._cache = cache
        self._limits = limits
        self.to_parse = PARSED_PER_SWEEP if thorough else 0
        """Bytes that there is still time to parse as a whole."""
        self.unparsed = 0
        """Bytes of the shortest file of the last branch that has still to be; 0 if none has."""
        self._is_thorough = thorough

    def files(self, branches: Iterable[Branch]) -> Iterator[MemoryFile]:
        """Yield the memory files of the branches, in their order."""
        for branch in branches:
            try:
                names = memory_in(branch, self._cache)
            except OSError:
                self.unreachable.append(branch)
                continue
            yield from self.among(names, branch)

    def finding(self, branch: Branch) -> Finding:
        """Return what there is to know of a branch for `Found`, for a sweep that keeps it."""
        try:
            names = memory_in(branch, self._cache)
        except OSError:
            return Finding(None)
        files = self.among(names, branch)
        start = len(branch.folder) + 1
        notable = [[file.path[start:], *file[2:]] for file in files if _is_notable(file)]
        return Finding([len(files), notable], unparsed=self.unparsed)

    def among(self, names: Iterable[str], branch: Branch) -> list[MemoryFile]:
        """Return the memory files of a branch whose folder holds these names."""
        folder = branch.folder
        self.unparsed = 0
        files: list[MemoryFile | None] = []
        for name in names:
            if kind := memory_kind(name):
                files.append(self._at(f"{folder}/{name}", kind, branch))
            elif name == TRINITY:
                inside = f"{folder}/{TRINITY}"
                kinds = self._kinds_in(inside)
                files += [self._at(f"{inside}/{kind}.json", kind, branch) for kind in kinds]
        return [file for file in files if file is not None]

    def _kinds_in(self, folder: str) -> list[str]:
        """Return the kinds of memory files that may be in `.trinity`."""
        try:
            names = self._cache.names(folder, _IN_TRINITY.__contains__)
        except OSError:  # not a folder, a link of others, or it cannot be listed: try them
            return [*KINDS]
        return [kind for name, kind in _IN_TRINITY.items() if name in names]

    def _at(self, path: str, kind: str, branch: Branch) -> MemoryFile | None:
        """Return the memory file at `path`; None if there is none."""
        try:
            facts = self._cache.unchanged(path)
            document = MemoryDocument(*facts) if _are_complete(facts) else self._read(path)
            # What was looked at from both ends only is read as a whole while there is time.
            if not document.whole and document.size <= self.to_parse:
                document = self._read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = reason_of(error)
            return MemoryFile(branch, path, kind, 0, None, None, reason)
        size, lines, stated, problem, whole, entries, kept = document
        if self._is_thorough and not whole:
            self.unparsed = min(size, self.unparsed or size)
        limit = None if stated == UNLIMITED else stated or self._limits.of(branch)
        return MemoryFile(branch, path, kind, size, lines, limit, problem, entries, kept)

    def _read(self, path: str) -> MemoryDocument:
        seen, data = self._cache.folders.read(path)
        document = examine(data, whole=len(data) <= self.to_parse)
        if document.whole:
            self.to_parse -= len(data)
        self._cache.remember(path, seen, list(document))
        return document


def _is_notable(file: MemoryFile) -> bool:
    if file.lines is None or file.limit is None:
        return file.lines is None or file.is_over
    return file.lines > file.limit  # as `is_over` has it, at less cost


def _are_complete(facts: Facts | None) -> TypeGuard[Facts]:
    """Return whether facts are of this version; an older one did not count entries."""
    return facts is not None and len(facts) == len(MemoryDocument._fields)
