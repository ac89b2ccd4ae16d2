"""The pings that failed, by check, until one of the same check is answered: a note, no record."""

import contextlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.system import private
from scheduled.timing.instants import format_utc

NOTE = "failed-pings.json"
"""In the state directory, while there is one."""
TICK = "the tick"
"""What the check is called that belongs to no job."""


def note(state_dir: Path, answers: Iterable[tuple[str, str]], now: datetime) -> list[str]:
    """Note what became of pings: check and reason, '' if it was answered.

    Returns a sentence for each that failed. A note that cannot be written is lost.
    """
    known = {row["job"] or "": row for row in load(state_dir)}
    noted, at, sentences = dict(known), format_utc(now), []
    for check, reason in answers:
        if not reason:
            noted.pop(check, None)
            continue
        sentences.append(sentence(check, reason))
        before = noted.get(check, {"since": at, "count": 0})
        noted[check] = {
            "job": check or None,
            "since": before["since"],
            "at": at,
            "count": before["count"] + 1,
            "reason": reason,
        }
    if noted != known:
        with contextlib.suppress(OSError):
            _write(state_dir / NOTE, [noted[check] for check in sorted(noted)])
    return sentences


def load(state_dir: Path) -> list[dict[str, Any]]:
    """Return the checks whose last ping failed; none if there is no note that can be read."""
    try:
        rows = json.loads(private.read(state_dir / NOTE))["failed"]
        return [row for row in rows if _is_row(row)]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def sentence(check: str | None, reason: str) -> str:
    """Return a sentence about a ping that failed."""
    return f"ping of {check or TICK}: {reason}"


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("job"), str | None)
        and all(isinstance(row.get(key), str) for key in ("since", "at", "reason"))
        and isinstance(row.get("count"), int)
    )


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        private.remove(path)
        return
    private.make_folder(path.parent)
    private.replace(path, json.dumps({"version": 1, "failed": rows}).encode("ascii") + b"\n")
