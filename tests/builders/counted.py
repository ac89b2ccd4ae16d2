"""What the files of an ecosystem say, counted the simplest way there is.

An oracle for the sweeps: it reads everything each time and knows none of our modules.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HOUR = timedelta(hours=1)
NO_MEMORY = ("DASHBOARD", "CLOSED_PLANS")


def branches(home: Path) -> list[dict[str, Any]]:
    """The entries of the registry, each with its `folder`."""
    (registry,) = home.glob("*_REGISTRY.json")
    entries: list[dict[str, Any]] = json.loads(registry.read_text())["branches"]
    return [{**entry, "folder": home / entry["path"]} for entry in entries]


def memory_files(folder: Path) -> list[Path]:
    """The memory files of a branch, in either layout."""
    found = [*folder.glob("*.local.json"), *folder.glob("*.observations.json")]
    found = [path for path in found if not path.name.startswith(NO_MEMORY)]
    return [*found, *folder.glob(".trinity/local.json"), *folder.glob(".trinity/observations.json")]


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text().splitlines())


def limit(path: Path) -> int:
    """How many lines a memory file says it may have; 600 where it does not say."""
    document = json.loads(path.read_text())
    for holder in (document.get("document_metadata", {}).get("limits"), document.get("limits")):
        if holder:
            return int(holder["max_lines"])
    return int(document.get("config", {}).get("max_lines", 600))


def memory(home: Path) -> dict[str, int]:
    """The memory section of METRICS.central.json."""
    files = [path for branch in branches(home) for path in memory_files(branch["folder"])]
    return {
        "file_count": len(files),
        "total_size_bytes": sum(path.stat().st_size for path in files),
        "total_lines": sum(map(lines, files)),
        "exceeding": sum(lines(path) > limit(path) for path in files),
    }


def inbox(folder: Path) -> list[dict[str, Any]]:
    """The messages of a branch."""
    for name in ("ai_mail.local", ".ai_mail.local"):
        path = folder / name / "inbox.json"
        if path.exists():
            document = json.loads(path.read_text())
            messages: list[dict[str, Any]] = document.get("messages", document.get("inbox"))
            return messages
    return []


def logs(home: Path, now: datetime) -> dict[str, Any]:
    """The logs section of METRICS.central.json. Naive times in logs are UTC here."""
    live = [*home.glob("system_logs/*.log")]
    rotated = [*home.glob("system_logs/*.log.[0-9]*")]
    levels: dict[str, Counter[str]] = {"ERROR": Counter(), "WARNING": Counter()}
    for path in [*live, *rotated]:
        if path.name.startswith("scheduled"):
            continue  # our own: its errors are not the ecosystem's
        for moment, level in map(_time_and_level, path.read_text().splitlines()):
            if moment and level in levels and now - HOUR < moment <= now:
                levels[level][_owner(home, path)] += 1
    size = sum(path.stat().st_size for path in live)
    return {
        "total_size_bytes": size,
        "total_size_mb": round(size / 1024 / 1024, 2),
        "file_count": len(live),
        "rotated_size_bytes": sum(path.stat().st_size for path in rotated),
        "rotated_count": len(rotated),
        "recent_errors": levels["ERROR"].total(),
        "recent_warnings": levels["WARNING"].total(),
        "errors_by_branch": dict(levels["ERROR"]),
    }


def _time_and_level(line: str) -> tuple[datetime | None, str]:
    if line.startswith("{"):
        entry = json.loads(line)
        return datetime.fromtimestamp(entry["ts"], UTC), entry["level"].upper()
    separator = " | " if " | " in line else " - "
    fields = [field.strip() for field in line.split(separator)]
    try:
        return datetime.fromisoformat(fields[0]).replace(tzinfo=UTC), fields[2]
    except (ValueError, IndexError):
        return None, ""  # a traceback goes on


def _owner(home: Path, log: Path) -> str:
    """The branch a log's name begins with; the longest, if several."""
    names = [branch["name"] for branch in branches(home)]
    own = [name for name in names if log.name.startswith(f"{name.lower()}_")]
    return max(own, key=len, default="(unknown)")
