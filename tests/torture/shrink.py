"""Shorten a sequence that fails, by leaving out what it does not need."""

from collections.abc import Callable, Sequence

from tests.torture.operations import Operation, Ticks


def shrink(
    operations: Sequence[Operation], fails: Callable[[Sequence[Operation]], bool]
) -> list[Operation]:
    """Return a shortest part of `operations` that still fails, as far as leaving out finds one."""
    left = list(operations)
    size = len(left) // 2
    while size:
        position = 0
        while position < len(left):
            shorter = left[:position] + left[position + size :]
            if shorter and fails(shorter):
                left = shorter
            else:
                position += size
        size //= 2
    return _calmed(left, fails)


def _calmed(
    operations: list[Operation], fails: Callable[[Sequence[Operation]], bool]
) -> list[Operation]:
    """Replace ticks by a single one that nobody kills, wherever that still fails."""
    for position, operation in enumerate(operations):
        if isinstance(operation, Ticks) and operation != Ticks((None,)):
            calmer = [*operations[:position], Ticks((None,)), *operations[position + 1 :]]
            if fails(calmer):
                operations = calmer
    return operations
