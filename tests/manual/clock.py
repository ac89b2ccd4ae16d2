"""Sets the clocks of a session: `clock.py at WHEN`, `clock.py off WHEN`, `clock.py asleep WHEN`.

`at` lets time pass in which ticks come and have nothing to do. `WHEN` is `08:00`, the next time the
clock shows that, or a date and time; all in ZONE.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scheduled.state import heartbeat

ZONE = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 11, 21, 8, 12, 5, tzinfo=ZONE)
"""When each page begins: Saturday morning."""


def first(path: Path) -> None:
    """Write the clocks as they are when a page begins."""
    _write(path, BEGIN, since_boot=5e4, awake=5e4, boot="first")


def set_to(path: Path, how: str, when: str) -> None:
    """Let time pass until then, with the machine on and ticked, off, or asleep."""
    shown: dict[str, Any] = json.loads(path.read_text())
    then = datetime.fromisoformat(shown["wall"])
    now = _read(when, then)
    passed = (now - then).total_seconds()
    if how == "off":
        _write(path, now, since_boot=40.0, awake=40.0, boot=str(now.timestamp()))
    else:
        awake = shown["awake"] + (passed if how == "at" else 0)
        _write(path, now, since_boot=shown["since_boot"] + passed, awake=awake, boot=shown["boot"])
    if how == "at":
        _tick_idly(json.loads(path.read_text()), now.replace(second=1, microsecond=0))


def _tick_idly(shown: dict[str, Any], now: datetime) -> None:
    beat = (now.timestamp(), shown["since_boot"], shown["awake"], shown["boot"])
    for path in Path.home().glob("**/heartbeat"):
        path.write_text(heartbeat.line(heartbeat.Heartbeat(*beat)))


def _read(when: str, then: datetime) -> datetime:
    if len(when) > 8:
        return datetime.fromisoformat(when).replace(tzinfo=ZONE)
    local = then.astimezone(ZONE)
    time = datetime.strptime(when, "%H:%M:%S" if when.count(":") == 2 else "%H:%M").time()
    wanted = datetime.combine(local.date(), time, ZONE).replace(second=time.second or 2)
    return wanted if wanted > then else wanted + timedelta(days=1)


def _write(path: Path, wall: datetime, **others: Any) -> None:
    path.write_text(json.dumps({"wall": wall.astimezone(UTC).isoformat(), **others}))


if __name__ == "__main__":
    set_to(Path(os.environ["SESSION_CLOCK"]), *sys.argv[1:])
