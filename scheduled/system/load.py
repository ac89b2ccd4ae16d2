"""How busy this machine is: its processors and its memory, as the kernel tells in /proc.

psutil counts the same, and is asked where there is no /proc.
"""

import time
from pathlib import Path

from scheduled.quick_classes import NamedTuple

STAT, MEMORY = Path("/proc/stat"), Path("/proc/meminfo")
_COUNTED = 8
"""The times of /proc/stat up to `steal`; those of guests are part of others."""
_IDLE = (3, 4)
"""The places of `idle` and `iowait` among them."""


class Load(NamedTuple):
    """What is in use, in percent."""

    processors: float
    memory: float


def measure(seconds: float) -> Load:
    """Return the load of the next `seconds`. Raises OSError or ImportError if it is not known."""
    try:
        return _by_kernel(seconds)
    except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError):
        import psutil

        return Load(psutil.cpu_percent(interval=seconds), psutil.virtual_memory().percent)


def _by_kernel(seconds: float) -> Load:
    before = _times()
    time.sleep(seconds)
    passed = [now - then for now, then in zip(_times(), before, strict=True)]
    total = max(sum(passed), 1)  # clock ticks; none if it was asked for too short a time
    idle = sum(passed[place] for place in _IDLE)
    return Load(min(max(100 * (1 - idle / total), 0.0), 100.0), _memory())


def _times() -> list[int]:
    name, *times = STAT.read_text("ascii").partition("\n")[0].split()
    if name != "cpu":
        raise ValueError(name)
    counted = [int(count) for count in times[:_COUNTED]]
    return counted + [0] * (_COUNTED - len(counted))


def _memory() -> float:
    sizes = {}
    for line in MEMORY.read_text("ascii").splitlines():
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0])
    return 100 - 100 * sizes["MemAvailable"] / sizes["MemTotal"]
