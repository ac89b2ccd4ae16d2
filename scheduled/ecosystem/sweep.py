"""A sweep over all branches: only those are looked into in which something may have changed.

Where there are many, and two processors, a second process takes half of them. What is parsed as a
whole in a sweep is limited, in the order of the branches: the second process parses nothing for
that, and what is left for its half is parsed afterwards.
"""

from collections.abc import Callable, Sequence
from typing import Any

from scheduled.ecosystem.branch_cache import BranchCache, Finding, Look
from scheduled.ecosystem.memory import Survey
from scheduled.ecosystem.registry import Branch
from scheduled.system import second_process

ENOUGH = 2000
"""Branches; with fewer a second process costs more than it saves."""

Looks = list[Look | None]
"""For each branch what was found; None where that of the last sweep is still true."""


class Sweep:
    """A sweep with what is known from the last one."""

    def __init__(
        self, cache: BranchCache, survey: Survey, examine: Callable[[Branch], Finding]
    ) -> None:
        self._cache = cache
        self._survey = survey
        self._examine = examine

    def findings(self, branches: Sequence[Branch]) -> list[Any]:
        """Return what there is to find in each branch, and save it for the next sweep."""
        if len(branches) >= ENOUGH and second_process.is_of_use():
            middle = len(branches) // 2
            first, second = branches[:middle], branches[middle:]
            mine, theirs = second_process.both(
                lambda: self._looks(first), lambda: self._looks_without_parsing(second)
            )
            looks = [*mine, *self._with_parsing(second, theirs)]
        else:
            looks = self._looks(branches)
        findings = self._cache.keep_all(branches, looks)
        self._cache.save()
        return findings

    def _looks(self, branches: Sequence[Branch]) -> Looks:
        still_true, survey = self._cache.still_true, self._survey
        return [
            None if still_true(branch, survey.to_parse) else self._look(branch)
            for branch in branches
        ]

    def _look(self, branch: Branch) -> Look:
        before = self._survey.to_parse
        self._cache.enter(branch)
        row = self._cache.leave(branch, self._examine(branch))
        return row, before - self._survey.to_parse

    def _looks_without_parsing(self, branches: Sequence[Branch]) -> Looks:
        """Return what can be handed over from one process to the other."""
        to_parse, self._survey.to_parse = self._survey.to_parse, 0
        looks = self._looks(branches)
        self._survey.to_parse = to_parse
        return looks

    def _with_parsing(self, branches: Sequence[Branch], looks: Looks) -> Looks:
        """Look again into branches with files that there is still time for."""
        if self._survey.to_parse <= 0:
            return looks
        complete: Looks = []
        for branch, look in zip(branches, looks, strict=True):
            if 0 < self._cache.unparsed(branch, look) <= self._survey.to_parse:
                complete.append(self._look(branch))
                continue
            complete.append(look)
            if look:
                _, parsed = look
                self._survey.to_parse -= parsed
        return complete
