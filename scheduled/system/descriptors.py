"""The open descriptors of this process."""

import contextlib
import math
import os
import select
from collections.abc import Container, Iterable


def close_others(kept: Container[int | None]) -> None:
    """Close all descriptors but those in `kept`: of a lock, it would be held on."""
    for descriptor in _open():
        if descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def wait_for(files: Iterable[int], seconds: float | None = None) -> set[int]:
    """Return which of these files there is something to read from, or its end, once there is.

    None after `seconds`. Unlike `select.select`, it takes descriptors from 1024 on.
    """
    poll = select.poll()
    for descriptor in files:
        poll.register(descriptor, select.POLLIN)
    limit = None if seconds is None else max(0, math.ceil(seconds * 1000))
    return {descriptor for descriptor, _ in poll.poll(limit)}


def _open() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except (OSError, ValueError):
        return list(range(3, 1024))
