"""`branches`: what the last health check found in each branch, and what has changed by then.

It is read and not looked for: with ten thousand branches that takes no longer than to read the
registry, and who may not look into the branches sees it as well. So it says how old it is.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduled.ecosystem.activity import Status
from scheduled.ecosystem.health_central import Finding, Health, name_of
from scheduled.ecosystem.issues import Part
from scheduled.ecosystem.registry import Branch
from scheduled.quick_classes import NamedTuple
from scheduled.timing.instants import format_utc

PARTS = (Part.MEMORY, Part.MAIL, Part.README, Part.DASHBOARD, Part.LOG)
"""What a branch is checked for, a column each."""

HEALTHY = "healthy"
NOT_CHECKED = "not checked"
INACTIVE = "inactive"

FINE = "ok"
UNKNOWN = "?"
NONE = "-"

_WORST_FIRST = ("error", "warning", "red flag", NOT_CHECKED, HEALTHY, INACTIVE)


class Change(NamedTuple):
    """Which branches something is true of now and was not then, and the other way round."""

    added: list[str]
    removed: list[str]


def document(
    branches: Iterable[Branch],
    health: Health | None,
    since: Mapping[str, Any] | None,
    now: datetime,
    *,
    problems: bool,
) -> dict[str, Any]:
    """Return `branches --json`: a row for each branch, the worst first; or for those in trouble.

    `since` is what has changed since about a day before the check, if that is known.
    """
    known = _Known(health)
    rows = sorted((known.row(branch) for branch in branches), key=_rank)
    age = (now - health.checked_at).total_seconds() if health else None
    return {
        "version": 1,
        "checked_at": format_utc(health.checked_at) if health else None,
        "age_seconds": None if age is None else int(age),
        "counts": _counts(rows),
        "since": since,
        "ecosystem": [
            {"what": finding.name, "issues": [*finding.issues]}
            for finding in (health.ecosystem if health else ())
        ],
        "branches": [*filter(_is_in_trouble, rows)] if problems else rows,
    }


def changes(health: Health, earlier: Health, among: Container[str] | None) -> dict[str, Change]:
    """Return what has changed between two checks, by what it is about.

    Of the branches of these names only, unless it is None.
    """
    pairs = {
        "over": (_over(health), _over(earlier)),
        "errors": (_names(health.errors), _names(earlier.errors)),
        "warnings": (_names(health.warnings), _names(earlier.warnings)),
    }
    if health.activity_known and earlier.activity_known:
        flags = ({name for name, _ in each.red_flags} for each in (health, earlier))
        pairs["red_flags"] = (next(flags), next(flags))
    return {
        about: Change(_chosen(now - then, among), _chosen(then - now, among))
        for about, (now, then) in pairs.items()
    }


def _chosen(names: set[str], among: Container[str] | None) -> list[str]:
    return sorted(name for name in names if among is None or name in among)


class _Known:
    """What a health check says, by the name of each branch."""

    def __init__(self, health: Health | None) -> None:
        self._is_checked = health is not None
        self._status: dict[str, str] = {}
        self._findings: dict[str, list[Finding]] = {}
        self._activity: dict[str, str] | None = None
        self._reasons: dict[str, str] = {}
        if health is None:
            return
        for status, findings in (("warning", health.warnings), ("error", health.errors)):
            for finding in findings:
                self._status[finding.name] = status
                self._findings.setdefault(finding.name, []).append(finding)
        self._reasons = dict(health.red_flags)
        if health.by_activity is not None:
            # Of several branches with one name the worst counts.
            self._activity = {
                name: status.value
                for status, names in reversed([*health.by_activity.items()])
                for name in names
            }

    def row(self, branch: Branch) -> dict[str, Any]:
        """Return what is known of a branch."""
        name = name_of(branch.name)
        if not branch.active:
            return _row(branch, INACTIVE, dict.fromkeys(PARTS, NONE))
        if not self._is_checked or self._is_news(name):
            return _row(branch, NOT_CHECKED, dict.fromkeys(PARTS, UNKNOWN))
        findings = self._findings.get(name, [])
        activity = self._activity.get(name) if self._activity is not None else None
        return _row(
            branch,
            self._status.get(name, HEALTHY),
            _cells(findings),
            activity=activity,
            reason=self._reasons.get(name),
            issues=[text for finding in findings for text in finding.issues],
        )

    def _is_news(self, name: str) -> bool:
        """Return whether a branch was registered since the check."""
        is_known = self._activity is None or name in self._activity
        return not is_known and name not in self._status


def _row(
    branch: Branch,
    status: str,
    cells: Mapping[Part, str],
    *,
    activity: str | None = None,
    reason: str | None = None,
    issues: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "branch": branch.name,
        "path": branch.folder,
        "status": status,
        **{part.value: cells[part] for part in PARTS},
        "activity": activity,
        "reason": reason,
        "issues": [*issues],
    }


def _cells(findings: Sequence[Finding]) -> dict[Part, str]:
    """Return a word for each part: what is worst about it, or that it is fine."""
    if any(finding.issues and not finding.kinds for finding in findings):
        return dict.fromkeys(PARTS, UNKNOWN)  # as an older version wrote it
    cells: dict[Part, str] = dict.fromkeys(PARTS, FINE)
    for finding in findings:
        for part, flaw in finding.flaws.items():
            for each in PARTS if part == Part.BRANCH else (Part(part),):
                cells[each] = flaw.value
    return cells


def _counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many branches have each status, and how many are red flags."""
    found = dict.fromkeys((HEALTHY, "warning", "error", INACTIVE, NOT_CHECKED), 0)
    red_flags = 0
    for row in rows:
        found[row["status"]] += 1
        red_flags += row["activity"] == Status.RED_FLAG
    return {**found, "red_flags": red_flags}


def _is_in_trouble(row: Mapping[str, Any]) -> bool:
    return _standing(row) in ("error", "warning", "red flag")


def _standing(row: Mapping[str, Any]) -> str:
    status: str = row["status"]
    is_flagged = status == HEALTHY and row["activity"] == Status.RED_FLAG
    return "red flag" if is_flagged else status


def _rank(row: Mapping[str, Any]) -> int:
    return _WORST_FIRST.index(_standing(row))


def _names(findings: Iterable[Finding]) -> set[str]:
    return {finding.name for finding in findings}


def _over(health: Health) -> set[str]:
    return {finding.name for finding in (*health.errors, *health.warnings) if finding.is_over}
