"""A home as it is lived in: old and new mail, memory files of all lengths, logs of today."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scheduled.demo import example
from tests.builders import counted, ecosystem

NOW = datetime(2026, 11, 21, 14, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def lived_in(folder: Path, registry: dict[str, Any]) -> Path:
    """The home that the registry describes, as it stands at NOW."""
    folder.mkdir()
    home = ecosystem.home(folder, registry, now=NOW)
    for number, branch in enumerate(counted.branches(home)):
        _write_memory(branch["folder"], branch["name"], number)
        _write_inbox(branch["folder"], number)
    _write_logs(home / "system_logs")
    return home


def _write_memory(folder: Path, name: str, number: int) -> None:
    """From 480 to 1,000 lines over the branches; every fourth states a limit of its own."""
    limits = (600, 600, None, 900)
    lines = 480 + number * 520 // 30
    example.write_memory(
        folder / f"{name}.local.json", name, "local", lines, limit=limits[number % 4]
    )
    example.write_memory(
        folder / f"{name}.observations.json", name, "observations", 130 + 30 * (number % 17)
    )


def _write_inbox(folder: Path, number: int) -> None:
    """One of five mixes; none of it crosses a line within the next hours."""
    mixes: list[Any] = [
        {"messages": []},
        {"messages": [_letter(1, hours=2), _letter(2, hours=50)]},
        {
            "messages": [
                _letter(1, hours=40),
                _letter(2, days=8, status="opened", opened_at=_written(NOW - 8 * DAY)),
            ],
            "kept": True,
        },
        {
            "messages": [
                _letter(1, days=3, priority="high"),
                _letter(2, days=9, status="opened", opened_at=_written(NOW - timedelta(hours=30))),
                _letter(3, days=20, status="opened", auto_opened_at=_iso(NOW - 8 * DAY)),
            ]
        },
        {
            "inbox": [
                _letter(1, hours=3, status=None, read=False),
                _letter(2, days=4, status=None, read=False),
                _letter(3, days=2, status=None, read=True),
            ]
        },
    ]
    inbox = folder / "ai_mail.local/inbox.json"
    inbox.write_text(json.dumps(mixes[number % 5], indent=2))
    # What was opened by hand was opened at the latest when its inbox was last written.
    written = (NOW - timedelta(hours=20)).timestamp()
    os.utime(inbox, (written, written))


def _letter(number: int, *, hours: float = 0, days: float = 0, **more: Any) -> dict[str, Any]:
    sent = NOW - timedelta(hours=hours, days=days)
    fields = {**example.message(number, "SEED", f"Letter {number}", sent), **more}
    return {key: value for key, value in fields.items() if value is not None}


def _write_logs(folder: Path) -> None:
    """The last hour in every style, and around it what must not be counted."""

    def ago(minutes: float) -> datetime:
        return NOW - timedelta(minutes=minutes)

    ecosystem.add_log(folder, "flow_flow.log", (ago(59), "ERROR", "Failed"), (ago(61), "ERROR", ""))
    ecosystem.add_log(folder, "api_api.log", (ago(5), "INFO", "0 calls ended in ERROR"))
    ecosystem.add_log(folder, "api_api.log.1", (ago(30), "ERROR", "x"), (ago(31), "WARNING", "y"))
    ecosystem.add_log(folder, "dev_central_main.log", *[(ago(9), "ERROR", "Failed")] * 2)
    ecosystem.add_log(folder, "zebra_main.log", (ago(9), "ERROR", "nobody's"))
    ecosystem.add_log(folder, "scheduled.log", (ago(1), "ERROR", "health: failed"))
    (folder / "drone_ops.log").write_text(
        f"{_written(ago(20))} | ops | ERROR | it broke\n"
        "Traceback (most recent call last):\n"
        '  File "ops.py", line 3, in run\n'
        f"ValueError: 2026 | x | ERROR | no line of its own\n"
        f"{_written(ago(19))} | ops | WARNING | slowly\n"
    )
    entries = [(ago(3), "error"), (ago(2), "WARNING"), (ago(1), "info"), (ago(70), "error")]
    (folder / "drone_json.log").write_text(
        "".join(f'{{"ts": {at.timestamp()}, "level": "{level}"}}\n' for at, level in entries)
    )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
