"""A small ecosystem to try things on: eight branches in both layouts, with a week of life.

What it holds is what the real ones hold, with something for every built-in job to find: memory
files within, near and over their limits, mail that waited too long, errors in today's logs, a
branch without a mailbox. `make demo` grows it; the tests build theirs from the same parts.
"""

import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

Document = dict[str, Any]

LINES_OF_A_SESSION = 6


class Layout(StrEnum):
    """Where a branch keeps its files."""

    HOME = "home"  # NAME.local.json, ai_mail.local/
    REPOSITORY = "repository"  # .trinity/local.json, .ai_mail.local/


def create_example(folder: Path, now: datetime, zone: tzinfo | None = None) -> Path:
    """Create the example ecosystem in `folder`, as of `now`, and return the folder.

    Naive timestamps are wall clock of `zone`, the system's if None. Raises FileExistsError,
    and changes nothing, if there is a registry already.
    """
    local = now.astimezone(zone)
    if (folder / "BRANCH_REGISTRY.json").exists():
        raise FileExistsError(f"{folder}: an ecosystem already; name another directory")
    entries = [
        add_branch(
            folder, "DEV_CENTRAL", "aipass_os/dev_central", Layout.HOME, local, lines=(512, 240)
        ),
        add_branch(folder, "ASSISTANT", "aipass_os/dev_central/assistant", Layout.HOME, local),
        add_branch(folder, "TRIGGER", "aipass_core/trigger", Layout.HOME, local, lines=(480, 130)),
        add_branch(folder, "DRONE", "aipass_core/drone", Layout.HOME, local, lines=(523, 260)),
        add_branch(folder, "FLOW", "aipass_core/flow", Layout.HOME, local, lines=(486, 612)),
        add_branch(folder, "SEED", "seed", Layout.HOME, local, lines=(495, 90)),
        add_branch(folder, "API", "src/aipass/api", Layout.REPOSITORY, local, lines=(1000, 64)),
        add_branch(folder, "PRAX", "src/aipass/prax", Layout.REPOSITORY, local, lines=(480, 500)),
    ]
    _deliver_mail(folder, local)
    _write_logs(folder / "system_logs", local)
    _write_plans(folder, local)
    _write_trigger_data(folder, local)
    _grow_old(folder / "seed" / "README.md", local - timedelta(days=45))
    (folder / "src/aipass/prax/.ai_mail.local/inbox.json").unlink()
    (folder / "src/aipass/prax/.ai_mail.local").rmdir()
    write_registry(folder, entries, Layout.HOME, local)
    return folder


def add_branch(
    home: Path,
    name: str,
    path: str,
    layout: Layout,
    local: datetime,
    lines: tuple[int, int] = (200, 120),
    limit: int | None = 600,
) -> Document:
    """Create a healthy branch at `path` in `home`; return its entry for the registry.

    `lines` are those of its two memory files, which state `limit` (None: they state none).
    """
    branch = home / path
    mailbox = branch / ("ai_mail.local" if layout is Layout.HOME else ".ai_mail.local")
    mailbox.mkdir(parents=True)
    for kind, count in zip(("local", "observations"), lines, strict=True):
        write_memory(memory_path(branch, name, kind, layout), name, kind, count, limit)
    write_inbox(mailbox, [])
    (branch / "README.md").write_text(f"# {name}\n\nWhat this branch is for, and how to call it.\n")
    _grow_old(branch / "README.md", local - timedelta(days=3))
    write_dashboard(branch, name, local)
    return {
        "name": name,
        "path": path,
        "profile": "AIPass Workshop",
        "description": "New branch - purpose TBD",
        "email": f"@{name.lower()}",
        "status": "active",
        "created": f"{local - timedelta(days=90):%Y-%m-%d}",
        "last_active": f"{local:%Y-%m-%d}",
    }


def memory_path(branch: Path, name: str, kind: str, layout: Layout) -> Path:
    """Return the path of a branch's memory file of a kind."""
    if layout is Layout.REPOSITORY:
        return branch / ".trinity" / f"{kind}.json"
    return branch / f"{name}.{kind}.json"


def write_registry(home: Path, entries: list[Document], layout: Layout, local: datetime) -> Path:
    """Write the registry under the name that belongs to the layout."""
    name = "BRANCH_REGISTRY.json" if layout is Layout.HOME else "AIPASS_REGISTRY.json"
    metadata = {
        "version": "1.0.0",
        "last_updated": f"{local:%Y-%m-%d}",
        "total_branches": len(entries),
    }
    return write_json(home / name, {"metadata": metadata, "branches": entries})


def write_memory(path: Path, name: str, kind: str, lines: int, limit: int | None = 600) -> Path:
    """Write a memory file with exactly that many lines."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_memory(kind, lines, limit).replace(b"BRANCH", name.encode()))
    return path


def write_inbox(mailbox: Path, messages: list[Document]) -> Path:
    """Write an inbox in the current format, its counts included; newest message first."""
    unread = sum(message["status"] == "new" for message in messages)
    counts = {"mailbox": "inbox", "total_messages": len(messages), "unread_count": unread}
    return write_json(mailbox / "inbox.json", {**counts, "messages": messages})


def message(number: int, sender: str, subject: str, sent: datetime, **more: Any) -> Document:
    """Return a message as ai_mail delivers it, new unless `more` says otherwise."""
    return {
        "id": f"{number:08x}",
        "timestamp": f"{sent:%Y-%m-%d %H:%M:%S}",
        "from": f"@{sender.lower()}",
        "from_name": sender,
        "subject": subject,
        "message": f"{subject}.\n\nDetails are in the plan; reply when it is done.",
        "status": "new",
        "auto_execute": False,
        "priority": "normal",
        **more,
    }


def write_dashboard(branch: Path, name: str, local: datetime) -> Path:
    """Write a dashboard that its services updated on the day of `local`."""
    today = f"{local:%Y-%m-%d}"
    document = {
        "branch": name,
        "last_updated": today,
        "quick_status": {"new_mail": 0, "opened_mail": 0, "active_plans": 0, "summary": ""},
        "sections": {
            "ai_mail": {"managed_by": "ai_mail", "new": 0, "total": 0, "last_updated": today},
            "flow": {"managed_by": "flow", "active_plans": 0, "last_updated": today},
        },
    }
    return write_json(branch / "DASHBOARD.local.json", document)


def write_log(path: Path, lines: Iterable[tuple[datetime, str, str]]) -> Path:
    """Write a log of (local time, level, text), in the style of the ecosystem's logger."""
    path.parent.mkdir(exist_ok=True)
    module = path.stem.partition("_")[2] or path.stem
    path.write_text(
        "".join(
            f"{at:%Y-%m-%d %H:%M:%S} - captured_{module} - {level} - {text}\n"
            for at, level, text in lines
        )
    )
    return path


def write_json(path: Path, document: Any) -> Path:
    """Write a document as the ecosystem's own programs do."""
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


@lru_cache(maxsize=32)
def _memory(kind: str, lines: int, limit: int | None) -> bytes:
    """Return a memory file of that many lines, in which BRANCH stands for the name."""
    document = _empty_memory(kind, limit)
    missing = lines - len(_rendered(document).splitlines())
    if missing < 0:
        raise ValueError(f"{lines} lines are fewer than an empty memory file has")
    sessions, notes = divmod(missing, LINES_OF_A_SESSION)
    document["sessions"] += [_session(number) for number in range(2, sessions + 2)]
    document["key_learnings"] += [f"Learned on the way: lesson {n}" for n in range(notes)]
    return _rendered(document)


def _empty_memory(kind: str, limit: int | None) -> Document:
    limits = {"max_lines": limit, "note": "Auto-rollover when max_lines exceeded"}
    metadata = {
        "document_type": "session_history" if kind == "local" else "collaboration_patterns",
        "document_name": f"BRANCH.{kind.upper()}",
        "version": "1.0.0",
        "schema_version": "1.0.0",
        "managed_by": "BRANCH",
        "tags": ["session_tracking", "work_log", "BRANCH"],
        **({"limits": limits} if limit else {}),
        "status": {"health": "healthy", "current_lines": 0},
    }
    return {
        "document_metadata": metadata,
        "key_learnings": ["Code is truth - fail honestly"],
        "sessions": [_session(1)],
    }


def _session(number: int) -> Document:
    return {
        "session_number": number,
        "date": "2026-03-05",
        "summary": "Moved file access out of the module; all tests green again",
        "status": "completed",
    }


def _rendered(document: Document) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"


def _deliver_mail(folder: Path, local: datetime) -> None:
    def ago(**age: float) -> datetime:
        return local - timedelta(**age)

    core = folder / "aipass_core"

    def opened(**age: float) -> dict[str, str]:
        return {"status": "opened", "opened_at": f"{ago(**age):%Y-%m-%d %H:%M:%S}"}

    write_inbox(
        core / "flow/ai_mail.local",
        [
            message(0xF103, "ASSISTANT", "Close the plans that are done", ago(hours=2)),
            message(0xF102, "SEED", "Standards review: two findings", ago(hours=70)),
            message(
                0xF101, "DEV_CENTRAL", "Plan for the next release", ago(days=9), **opened(days=8)
            ),
        ],
    )
    write_inbox(
        core / "drone/ai_mail.local",
        [
            message(
                0xD101, "PRAX", "Routing table has a dead entry", ago(hours=30), **opened(hours=28)
            )
        ],
    )
    write_inbox(
        folder / "seed/ai_mail.local",
        [
            message(0x5E02, "FLOW", "Please review the new handler", ago(hours=51)),
            message(0x5E01, "API", "Where do exceptions belong?", ago(hours=60)),
        ],
    )
    write_inbox(
        folder / "src/aipass/api/.ai_mail.local",
        [message(0xA101, "DRONE", "Key rotation is due", ago(minutes=40), priority="high")],
    )


def _write_logs(folder: Path, local: datetime) -> None:
    def earlier(minutes: int) -> datetime:
        return local - timedelta(minutes=minutes)

    write_log(
        folder / "flow_close_plan.log",
        [
            (earlier(190), "INFO", "[close_plan] Closed FPLAN-0041"),
            (earlier(35), "WARNING", "[close_plan] Dashboard update failed (non-critical)"),
        ],
    )
    write_log(
        folder / "api_api.log",
        [
            (earlier(300), "ERROR", "[-] openrouter_client - import error: no such module"),
            (earlier(50), "INFO", "[api] 0 calls ended in ERROR"),
            (earlier(20), "ERROR", "[api] Request failed: 502 from upstream"),
        ],
    )


def _write_plans(folder: Path, local: datetime) -> None:
    subjects = {"FPLAN-0042": "Compress the memory of API", "FPLAN-0043": "", "DPLAN-0007": "Demo"}
    plans = [
        {
            "plan_id": plan,
            "subject": subject,
            "status": "open",
            "created": f"{local - timedelta(days=2):%Y-%m-%dT%H:%M:%S%z}",
            "file_path": str(folder / "aipass_core/flow" / f"{plan}.md"),
            "relative_path": "flow",
            "branch": "flow",
        }
        for plan, subject in subjects.items()
    ]
    statistics = {"total_active": len(plans), "total_closed": 0, "branches_reporting": 1}
    central = folder / "aipass_os/AI_CENTRAL"
    central.mkdir()
    document = {"generated_at": local.isoformat(), "global_statistics": statistics}
    write_json(central / "PLANS.central.json", {**document, "active_plans": plans})


def _write_trigger_data(folder: Path, local: datetime) -> None:
    place = folder / "aipass_core/trigger/trigger_json"
    place.mkdir()
    yesterday = f"{local - timedelta(days=1):%Y-%m-%dT%H:%M:%S}"
    write_json(place / "trigger_data.json", {"error_catchup": {"last_check": yesterday}})


def _grow_old(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
