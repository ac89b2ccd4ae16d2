"""The health check of all branches: what needs attention, hour by hour.

Checks of each active branch: memory files against their limit, presence and readability; the
mailbox, and mail that has waited too long; README and dashboard for their age; logs for
rotation. Problems of what all branches share, the registry and `system_logs/`, are listed apart,
under `ecosystem`, so that healthy, inactive, warnings and errors add up to the number of branches.
Branches whose status is not `active` are counted as `inactive` and not checked: nobody works there
who could act on a warning.

Writes `HEALTH.central.json`; remembers `last_run` and `last_status` under the seed's names.
Fires `health_check_complete`, with a `message` if there are issues.
"""

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any

from scheduled.ecosystem import central, registry
from scheduled.ecosystem.branch_cache import BranchCache
from scheduled.ecosystem.central import CentralFileError
from scheduled.ecosystem.checks import Checkup, Checkups, Issue, Rules
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.sweep import Sweep
from scheduled.handler import Context, Incomplete
from scheduled.system.text import one_line

PARAMS = Rules.PARAMS

LISTED_IN_MESSAGE = 50
"""Branches; the central file has them all."""


def run(context: Context) -> dict[str, object]:
    """Check every registered branch and write HEALTH.central.json."""
    rules = Rules.from_params(context.params)
    branches = registry.load(context.root, context.cache_dir)
    active = [branch for branch in branches if branch.active]
    key = [repr(rules), str(context.zone)]
    cache = BranchCache(context.cache_dir / "health.sweep", key, context.now.timestamp())
    checkups = Checkups(cache, rules, context.now, context.zone, OpenedMail(context.cache_dir))
    found = Sweep(cache, checkups.survey, checkups.finding).findings(active)
    doubtful = (pair for pair in zip(active, found, strict=True) if any(pair[1]))
    ill = [checkup for checkup in starmap(checkups.checkup, doubtful) if checkup.issues]
    healthy = len(active) - len(ill)
    shared = [checkup for checkup in _shared(branches, checkups, context) if checkup.issues]
    inactive = len(branches) - len(active)
    result = _result(healthy, inactive, ill, shared, context.local_timestamp)
    counts = {"branches": len(branches), **result}
    service = {"service": "scheduled", "last_updated": context.local_timestamp}
    _remember(context, result)
    _tell(context, counts, [*ill, *shared], len(active))
    try:
        central.write(context.central_dir, "HEALTH", {**service, **counts})
    except CentralFileError as error:
        raise Incomplete(str(error), result) from error
    return result


def health_message(ill: Sequence[Checkup], checked: int, time: str) -> dict[str, str]:
    """Return subject, body and key of the message about the issues, in the seed's format."""
    count = sum(len(checkup.issues) for checkup in ill)
    lines = [
        "## Health Check Summary",
        f"Time: {time.replace('T', ' ')}",
        f"Branches checked: {checked}",
        "",
        "### Issues Found",
        "",
    ]
    worst_first = sorted(ill, key=lambda checkup: checkup.status != "error")
    for checkup in worst_first[:LISTED_IN_MESSAGE]:
        lines += [f"**{checkup.status.title()}: {one_line(checkup.branch)}**"]
        lines += [f"- {one_line(issue.in_full)}" for issue in checkup.issues] + [""]
    if len(ill) > LISTED_IN_MESSAGE:
        lines += [f"And {len(ill) - LISTED_IN_MESSAGE} more: see HEALTH.central.json.", ""]
    lines += ["---", "This is an automated health check. For details, run:", "scheduled status"]
    issues = "1 Issue" if count == 1 else f"{count} Issues"
    return {
        "subject": f"[SCHEDULED] Health Check - {issues} Found",
        "body": "\n".join(lines),
        "key": "health",  # one slot in the inbox, updated: not a message an hour
        "fingerprint": "\n".join(lines[2:]),  # another hour alone is no news
    }


def _shared(branches: registry.Registry, checkups: Checkups, context: Context) -> Iterator[Checkup]:
    """Yield the problems of what all branches share: the registry, and the system's logs."""
    problems = [problem.removeprefix(f"{branches.path.name}: ") for problem in branches.problems]
    yield Checkup(branches.path.name, tuple(Issue(text, text) for text in problems))
    yield Checkup("system_logs", tuple(checkups.logs(context.root / "system_logs")))


def _result(
    healthy: int,
    inactive: int,
    ill: Sequence[Checkup],
    shared: Sequence[Checkup],
    timestamp: str,
) -> dict[str, object]:
    return {
        "healthy": healthy,
        "inactive": inactive,
        "warnings": [_entry(checkup) for checkup in ill if checkup.status == "warning"],
        "errors": [_entry(checkup) for checkup in ill if checkup.status == "error"],
        "ecosystem": [
            {"what": checkup.branch, "issues": [issue.text for issue in checkup.issues]}
            for checkup in shared
        ],
        "timestamp": timestamp,
    }


def _entry(checkup: Checkup) -> dict[str, object]:
    issues = [issue.text for issue in checkup.issues]
    return {"branch": checkup.branch, "status": checkup.status, "issues": issues}


def _remember(context: Context, result: dict[str, Any]) -> None:
    context.memory["last_run"] = context.local_timestamp
    context.memory["last_status"] = {
        "healthy": result["healthy"],
        "warnings": len(result["warnings"]),
        "errors": len(result["errors"]),
    }


def _tell(context: Context, counts: dict[str, Any], ill: Sequence[Checkup], checked: int) -> None:
    event = dict(counts)
    if ill:
        event["message"] = health_message(ill, checked, context.local_timestamp)
    context.fire("health_check_complete", **event)
