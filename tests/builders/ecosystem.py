"""Ecosystems for tests: homes and repositories, grown from the parts of the built-in example.

A branch is healthy unless the test makes it otherwise. Everything is relocated into the
test's own folder; nothing outside it is touched.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from handlers import health
from scheduled.demo import example
from scheduled.demo.example import Layout
from scheduled.handler import Context

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

Document = dict[str, Any]


def home(folder: Path, document: Document | None = None, *, now: datetime = NOW) -> Path:
    """An ecosystem in the home layout, from a registry whose paths lead to `/home/aipass`."""
    entries = document["branches"] if document else [entry("DRONE"), entry("FLOW")]
    planted = []
    for branch in entries:
        path = branch["path"].removeprefix("/home/aipass/")
        example.add_branch(folder, branch["name"], path, Layout.HOME, now)
        planted.append({**branch, "path": str(folder / path)})
    return _registered(folder, planted, document, Layout.HOME, now)


def repository(folder: Path, document: Document | None = None, *, now: datetime = NOW) -> Path:
    """An ecosystem in the repository layout: paths relative to the registry."""
    entries = document["branches"] if document else [entry("DRONE"), entry("FLOW")]
    for branch in entries:
        example.add_branch(folder, branch["name"], branch["path"], Layout.REPOSITORY, now)
    return _registered(folder, entries, document, Layout.REPOSITORY, now)


def many(folder: Path, count: int, layout: Layout = Layout.HOME, *, now: datetime = NOW) -> Path:
    """An ecosystem of `count` branches, a hundred a folder; files as long as in real life."""
    entries = [
        example.add_branch(
            folder,
            f"BRANCH_{number}",
            f"group_{number // 100}/branch_{number}",
            layout,
            now,
            lines=(450 + number % 50, 200 + number % 10),
        )
        for number in range(count)
    ]
    return _registered(folder, entries, None, layout, now)


def entry(name: str, path: str | None = None, **more: Any) -> Document:
    """A registry entry with what every entry has."""
    return {
        "name": name,
        "path": path or name.lower(),
        "email": f"@{name.lower()}",
        "status": "active",
        **more,
    }


def context(root: Path, *, now: datetime = NOW, **more: Any) -> Context:
    """What a handler is told about a run in the ecosystem at `root`; UTC, caches beside it."""
    told = {
        "job": "test",
        "run_id": "run-1",
        "now": now,
        "zone": UTC,
        "root": root,
        "central_dir": root / "aipass_os" / "AI_CENTRAL",
        "cache_dir": root / "cache",
    }
    return Context(**{**told, **more})


def add_memory(branch: Path, name: str, lines: int, limit: int | None = 600) -> Path:
    """Give a branch of the home layout a memory file; its name says the kind."""
    return example.write_memory(branch / name, branch.name.upper(), "local", lines, limit)


def add_message(mailbox: Path, subject: str, sent: datetime, **more: Any) -> Document:
    """Put a message in front of an inbox, as a delivery does; returns the message."""
    import json

    messages = json.loads((mailbox / "inbox.json").read_text())["messages"]
    added = example.message(len(messages) + 1, "SEED", subject, sent, **more)
    example.write_inbox(mailbox, [added, *messages])
    return added


def add_log(folder: Path, name: str, *lines: tuple[datetime, str, str]) -> Path:
    """Write a log of (time, level, text) lines."""
    return example.write_log(folder / name, lines)


def _registered(
    folder: Path, entries: list[Document], document: Document | None, layout: Layout, now: datetime
) -> Path:
    path = example.write_registry(folder, entries, layout, now)
    if document:
        example.write_json(path, {**document, "branches": entries})
    return folder


def central_file(root: Path, name: str = "HEALTH") -> Any:
    """What the central file of an ecosystem in the home layout says."""
    return json.loads((root / f"aipass_os/AI_CENTRAL/{name}.central.json").read_text())


def aged(path: Path, **age: float) -> None:
    """Have a file last written that long before NOW."""
    moment = (NOW - timedelta(**age)).timestamp()
    os.utime(path, (moment, moment))


def issues(root: Path, **more: Any) -> dict[str, list[str]]:
    """The issues that the health check finds, by branch or by what all branches share."""
    result: Any = health.run(context(root, **more))
    return {
        **{found["branch"]: found["issues"] for found in result["warnings"] + result["errors"]},
        **{found["what"]: found["issues"] for found in result["ecosystem"]},
    }
