"""`HEALTH.central.json`: what the last health check found in each branch, and what each did lately.

The result of a health check in the history has the same lists. Readers believe nothing that either
holds: any program may write a central file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from scheduled.ecosystem import central, timestamps
from scheduled.ecosystem.activity import Activity, Status
from scheduled.ecosystem.formats import one_line
from scheduled.ecosystem.issues import Checkup, Flaw, Part
from scheduled.quick_classes import NamedTuple, dataclass

NAME = "HEALTH"
SERVICE = "scheduled"

NAME_LENGTH = 100
TEXT_LENGTH = 300


class Finding(NamedTuple):
    """What is wrong with a branch, or with what all branches share."""

    name: str
    issues: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """Part and flaw of each issue, `memory over`; empty where that is not known."""

    @property
    def about_limits(self) -> tuple[bool, ...]:
        """Of each issue, whether it is that a memory file is near its limit, or over."""
        if self.kinds:
            return tuple(kind in _LIMITS for kind in self.kinds)
        return tuple(_LIMIT_TEXT.search(text) is not None for text in self.issues)

    @property
    def is_over(self) -> bool:
        """Whether a memory file is over its limit."""
        if self.kinds:
            return _LIMITS[0] in self.kinds
        return any(_OVER_TEXT.search(text) for text in self.issues)

    @property
    def flaws(self) -> dict[str, Flaw]:
        """The worst flaw of each part that has one."""
        worst: dict[str, Flaw] = {}
        for kind in self.kinds:
            part, _, word = kind.partition(" ")
            flaw = Flaw(word)
            if part not in worst or _RANK[flaw] < _RANK[worst[part]]:
                worst[part] = flaw
        return worst


@dataclass(frozen=True)
class Health:
    """The result of a health check."""

    checked_at: datetime
    """UTC."""
    healthy: int = 0
    warnings: tuple[Finding, ...] = ()
    errors: tuple[Finding, ...] = ()
    ecosystem: tuple[Finding, ...] = ()
    red_flags: tuple[tuple[str, str], ...] = ()
    """Branch and reason."""
    by_activity: Mapping[Status, tuple[str, ...]] | None = None
    """The branches of each activity; None if that was not written."""
    activity_known: bool = False
    """Whether it was found out which branches are red flags."""


_RANK = {flaw: number for number, flaw in enumerate(Flaw)}
_LIMITS = (f"{Part.MEMORY} {Flaw.OVER}", f"{Part.MEMORY} {Flaw.NEAR}")
_LIMIT_TEXT = re.compile(r"\((threshold: \d+|approaching threshold)\)$")
_OVER_TEXT = re.compile(r"\(threshold: \d+\)")
_KINDS = frozenset(f"{part} {flaw}" for part in Part for flaw in Flaw)


def findings(ill: Iterable[Checkup], status: str) -> list[dict[str, object]]:
    """Return the entries of the branches with this status, as the file has them."""
    return [
        {
            "branch": checkup.branch,
            "status": status,
            "issues": [issue.text for issue in checkup.issues],
        }
        for checkup in ill
        if checkup.status == status
    ]


def kinds(ill: Sequence[Checkup]) -> dict[str, list[list[str]]]:
    """Return part and flaw of each issue, in the order of `warnings` and of `errors`."""
    return {
        f"{status}s": [
            [issue.kind for issue in checkup.issues] for checkup in ill if checkup.status == status
        ]
        for status in ("warning", "error")
    }


def activity(active: Iterable[tuple[str, Activity]]) -> dict[str, dict[str, Any]]:
    """Return what the branches did, as results have it and as only the file has it."""
    names: dict[str, list[str]] = {status.value: [] for status in Status}
    red_flags = []
    for name, (status, reason) in active:
        names[status].append(name)
        if status is Status.RED_FLAG:
            red_flags.append({"branch": name, "reason": reason})
    counts = {status: len(branches) for status, branches in names.items()}
    return {"result": {"activity": counts, "red_flags": red_flags}, "file": {"by_activity": names}}


def heading(now: datetime, local_timestamp: str) -> dict[str, str]:
    """Return how the file begins: who wrote it, and when."""
    checked_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"service": SERVICE, "last_updated": local_timestamp, "checked_at": checked_at}


def read(folder: Path, zone: tzinfo) -> Health | None:
    """Return the published result of the last health check; None if there is none to be used."""
    return understood(central.read(folder, NAME), zone)


def understood(document: Any, zone: tzinfo) -> Health | None:
    """Return a published result; None if it is none.

    What has no `checked_at` in UTC is of an older version, or of another program: then its local
    time counts, whatever zone its writer took that to be.
    """
    if not isinstance(document, dict):
        return None
    stated = (
        timestamps.readable(document.get(key), zone) for key in ("checked_at", "last_updated")
    )
    checked_at = next((moment for moment in stated if moment is not None), None)
    return None if checked_at is None else of_result(document, checked_at)


def of_result(document: Mapping[str, Any], checked_at: datetime) -> Health:
    """Return the result of a health check, as the history has it."""
    healthy = document.get("healthy")
    kinds = document.get("kinds")
    known = kinds if isinstance(kinds, dict) else {}
    return Health(
        checked_at,
        healthy=healthy if isinstance(healthy, int) else 0,
        warnings=_findings(document.get("warnings"), known.get("warnings")),
        errors=_findings(document.get("errors"), known.get("errors")),
        ecosystem=_findings(document.get("ecosystem"), None, "what"),
        red_flags=_red_flags(document.get("red_flags")),
        by_activity=_by_activity(document.get("by_activity")),
        activity_known=isinstance(document.get("red_flags"), list),
    )


def found(
    ill: Iterable[Checkup], did: Iterable[tuple[str, Activity]], healthy: int, now: datetime
) -> Health:
    """Return the result of looking at all branches now, as one that was published reads."""
    told = activity(did)
    by_status: dict[str, list[Finding]] = {"warning": [], "error": []}
    for checkup in ill:
        texts = tuple(_text(issue.text) for issue in checkup.issues)
        kinds = tuple(issue.kind for issue in checkup.issues)
        by_status[checkup.status].append(Finding(name_of(checkup.branch), texts, kinds))
    return Health(
        now,
        healthy=healthy,
        warnings=tuple(by_status["warning"]),
        errors=tuple(by_status["error"]),
        red_flags=_red_flags(told["result"]["red_flags"]),
        by_activity=_by_activity(told["file"]["by_activity"]),
        activity_known=True,
    )


def _findings(listed: Any, kinds: Any, about: str = "branch") -> tuple[Finding, ...]:
    entries, known = _list(listed), _list(kinds)
    if len(known) != len(entries):
        known = [()] * len(entries)
    return tuple(
        _entry(entry.get(about), _list(entry.get("issues")), _list(its_kinds))
        for entry, its_kinds in zip(entries, known, strict=True)
        if isinstance(entry, dict)
    )


def _entry(name: Any, texts: list[Any], kinds: list[Any]) -> Finding:
    is_known = len(kinds) == len(texts) and all(
        isinstance(kind, str) and kind in _KINDS for kind in kinds
    )
    return Finding(name_of(name), tuple(map(_text, texts)), tuple(kinds) if is_known else ())


def _red_flags(listed: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name_of(each.get("branch")), _text(each.get("reason"))) for each in _dicts(listed)
    )


def _by_activity(names: Any) -> dict[Status, tuple[str, ...]] | None:
    if not isinstance(names, dict):
        return None
    return {status: tuple(map(name_of, _list(names.get(status.value)))) for status in Status}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in _list(value) if isinstance(entry, dict)]


def name_of(value: Any) -> str:
    """Return how a branch is called where its name comes from a file."""
    return one_line(value, NAME_LENGTH)


def _text(value: Any) -> str:
    return one_line(value, TEXT_LENGTH)
