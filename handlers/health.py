"""The health check of all branches: what needs attention, hour by hour.

Checks of each active branch: memory files against their limit, presence and readability; the
mailbox, and mail that has waited too long; README and dashboard for their age; logs for
rotation. Problems of what all branches share, the registry and `system_logs/`, are listed apart,
under `ecosystem`, so that healthy, inactive, warnings and errors add up to the number of branches.
Branches whose status is not `active` are counted as `inactive` and not checked: nobody works there
who could act on a warning. What each branch did lately is no issue, it is told beside them.

Writes `HEALTH.central.json`; remembers `last_run` and `last_status` under the seed's names.
Fires `health_check_complete`, with a `message` if there are issues.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scheduled.ecosystem import central, health_central, logs, registry
from scheduled.ecosystem.branch_cache import BranchCache
from scheduled.ecosystem.central import CentralFileError
from scheduled.ecosystem.checks import Checkups, Rules
from scheduled.ecosystem.issues import Checkup, Issue
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.sweep import Sweep
from scheduled.handler import Context, Incomplete
from scheduled.system.text import one_line

PARAMS = Rules.PARAMS

LISTED_IN_MESSAGE = 50
"""Branches; the central file has them all."""

BASIS = 2
"""To be raised whenever other things are remembered of a branch; older ones are then ignored."""


def run(context: Context) -> dict[str, object]:
    """Check every registered branch and write HEALTH.central.json."""
    rules = Rules.from_params(context.params)
    branches = registry.load(context.root, context.cache_dir)
    active = [branch for branch in branches if branch.active]
    key = [BASIS, repr(rules), str(context.zone)]
    cache = BranchCache(context.cache_dir / "health.sweep", key, context.now.timestamp())
    opened, log_times = OpenedMail(context.cache_dir), logs.newest_by_branch(context.root, active)
    checkups = Checkups(cache, rules, context.now, context.zone, opened, log_times)
    found = Sweep(cache, checkups.survey, checkups.finding).findings(active)
    examined = [*map(checkups.examined, active, found)]
    ill = [
        Checkup(branch.name, issues)
        for branch, (issues, _) in zip(active, examined, strict=True)
        if issues
    ]
    did = ((branch.name, done) for branch, (_, done) in zip(active, examined, strict=True))
    activity = health_central.activity(did)
    inactive = len(branches) - len(active)
    shared = [checkup for checkup in _shared(branches, checkups, context) if checkup.issues]
    result = _result(len(active) - len(ill), inactive, ill, shared)
    result |= {**activity["result"], "timestamp": context.local_timestamp}
    counts = {"branches": len(branches), **result}
    _remember(context, result)
    _tell(context, counts, [*ill, *shared], len(active))
    heading = health_central.heading(context.now, context.local_timestamp)
    try:
        kinds = health_central.kinds(ill)
        document = {**heading, **counts, "kinds": kinds, **activity["file"]}
        central.write(context.central_dir, health_central.NAME, document)
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
    yield checkups.system_logs(context.root / logs.SYSTEM_LOGS)


def _result(
    healthy: int, inactive: int, ill: Sequence[Checkup], shared: Sequence[Checkup]
) -> dict[str, object]:
    return {
        "healthy": healthy,
        "inactive": inactive,
        "warnings": health_central.findings(ill, "warning"),
        "errors": health_central.findings(ill, "error"),
        "ecosystem": [
            {"what": checkup.branch, "issues": [issue.text for issue in checkup.issues]}
            for checkup in shared
        ],
    }


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
