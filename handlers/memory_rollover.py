"""Memory files over their limit: each branch is told once, until it has acted.

All `*.local.json` and `*.observations.json` of every active branch are counted, in its own
folder or under `.trinity/`. A file that has more lines than its limit, or from schema 3.0.0 on as
many entries in one of its lists as AIPass rolls over, fires
`memory_threshold_exceeded` once; when it is back within the limit it is forgotten, so the next
time fires again. A file or folder that cannot be examined at the moment keeps its entry.

Remembers `notified_files` (`BRANCH:FILE`) and `last_check`, under the seed's names.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scheduled.ecosystem import registry
from scheduled.ecosystem.branch_cache import BranchCache
from scheduled.ecosystem.memory import Found, Limits, MemoryFile, Survey
from scheduled.ecosystem.registry import Branch
from scheduled.ecosystem.sweep import Sweep
from scheduled.handler import Context

PARAMS = Limits.PARAMS


def run(context: Context) -> dict[str, object]:
    """Tell each branch once about a memory file over its limit."""
    limits = Limits.from_params(context.params)
    everywhere = registry.load(context.root, context.cache_dir)
    branches = [branch for branch in everywhere if branch.active]
    path = context.cache_dir / "memory_rollover.sweep"
    cache = BranchCache(path, repr(limits), context.now.timestamp())
    survey = Survey(cache, limits, thorough=False)
    findings = Sweep(cache, survey, survey.finding).findings(branches)
    number, files, unreachable = Found.in_all(branches, findings)

    over = [file for file in files if file.is_over]
    notified = list(_still_notified(context.memory, files, unreachable))
    fresh = _fresh(over, notified)
    for file in fresh:
        _tell(context, file)
    context.memory["notified_files"] = notified + [_key(file) for file in fresh]
    context.memory["last_check"] = context.local_timestamp
    return {
        "files": number,
        "exceeding": [record(file) for file in over],
        "notified": len(fresh),
        "timestamp": context.local_timestamp,
    }


def record(file: MemoryFile) -> dict[str, Any]:
    """Return the facts about a file over its limit, with the seed's keys."""
    facts: dict[str, Any] = {
        "branch": file.branch.name.upper(),
        "file_name": file.name,
        "file_path": file.path,
        "line_count": file.lines,
        "threshold": file.limit,
    }
    if file.limit is None:
        facts["entries"] = {
            amount.unit: {"count": amount.number, "threshold": amount.limit}
            for amount in file.amounts
            if amount.is_over
        }
    return facts


def rollover_message(file: MemoryFile, time: str) -> dict[str, str]:
    """Return subject, body and key of the message to the branch that owns the file."""
    over = [amount for amount in file.amounts if amount.is_over]
    found = "\n".join(f"- {amount} (threshold: {amount.limit})" for amount in over)
    if file.limit is None:
        excess = f"holds {' and '.join(map(str, over))}"
        goal = f"it has fewer than {' and '.join(f'{each.limit} {each.unit}' for each in over)}"
    else:
        excess = f"exceeds {file.limit} lines"
        goal = f"it is back within {file.limit} lines"
    body = f"""\
## Memory Check
Time: {time.replace("T", " ")}

**{file.name}**
{found}
- {file.path}

Please compress it: roll older entries over into your archive and keep what you still need,
until {goal}. This is said once, and again only if it grows over
its limit another time.

---
This is an automated memory check. For details, run:
scheduled status"""
    return {
        "subject": f"[SCHEDULED] Memory Rollover - {file.name} {excess}",
        "body": body,
        "key": f"memory:{file.name}",
    }


def _fresh(over: Sequence[MemoryFile], notified: Sequence[str]) -> list[MemoryFile]:
    """Yield the files that were not reported yet, one of each key."""
    unknown = {_key(file): file for file in over}
    for key in notified:
        unknown.pop(key, None)
    return list(unknown.values())


def _still_notified(
    memory: dict[str, Any], files: Sequence[MemoryFile], unreachable: Sequence[Branch]
) -> Iterator[str]:
    """Yield the entries to keep: files that are still over, and those that may be."""
    keep = {_key(file) for file in files if file.is_over or file.lines is None}
    out_of_sight = tuple(f"{branch.name.upper()}:" for branch in unreachable)
    before = memory.get("notified_files")
    keys = [key for key in before if isinstance(key, str)] if isinstance(before, list) else []
    for key in dict.fromkeys(keys):
        if key in keep or key.startswith(out_of_sight):
            yield key


def _tell(context: Context, file: MemoryFile) -> None:
    context.fire(
        "memory_threshold_exceeded",
        **record(file),
        email=file.branch.email,
        message=rollover_message(file, context.local_timestamp),
    )


def _key(file: MemoryFile) -> str:
    return f"{file.branch.name.upper()}:{file.name}"
