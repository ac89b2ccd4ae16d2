"""The open descriptors of this process."""

import contextlib
import os
from collections.abc import Container


def close_others(kept: Container[int | None]) -> None:
    """Close all descriptors but those in `kept`: of a lock, it would be held on."""
    for descriptor in _open():
        if descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _open() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]
    except (OSError, ValueError):
        return list(range(3, 1024))
