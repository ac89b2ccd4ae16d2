"""The checks of one branch: problems with its files, in the words of the seed.

An *error* keeps a branch from working: its folder or mailbox is missing, or one of its files
cannot be read. Everything else is a *warning*. The seed tells them apart by the word "Missing"
in the text, so no warning uses that word.
"""

import contextlib
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from scheduled.ecosystem import branch, logs, mailbox
from scheduled.ecosystem.branch import (
    DASHBOARD,
    KINDS,
    LOGS,
    MAILBOXES,
    TRINITY,
    is_readme,
    names_in,
)
from scheduled.ecosystem.branch_cache import Finding
from scheduled.ecosystem.mailbox import Mailbox
from scheduled.ecosystem.memory import Limits, MemoryFile, Survey
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError, reason_of
from scheduled.handler.params import Kind, Param, ParamTable, values
from scheduled.quick_classes import NamedTuple, dataclass
from scheduled.system.files import NOWHERE, parse_json, stamp_of
from scheduled.system.stamp_cache import Facts, StampCache

LISTED = 5
"""Messages of unknown age named for each inbox."""

DAY = 86_400
FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


class Issue(NamedTuple):
    """One problem."""

    text: str
    """As it stands in the central file: `local.json: 612 lines (threshold: 600)`."""
    in_full: str
    """As it stands in a message: `FLOW.local.json: 612 lines (threshold: 600)`."""
    is_error: bool = False


@dataclass(frozen=True)
class Checkup:
    """The issues of one branch, or of what all branches share."""

    branch: str
    issues: tuple[Issue, ...] = ()

    @property
    def status(self) -> str:
        """`healthy`, `warning` or `error`: as bad as the worst issue."""
        if any(issue.is_error for issue in self.issues):
            return "error"
        return "warning" if self.issues else "healthy"


@dataclass(frozen=True)
class Rules:
    """The limits beyond which something is an issue."""

    limits: Limits
    readme_max_age: timedelta
    dashboard_max_age: timedelta
    max_log_bytes: int

    PARAMS: ClassVar[ParamTable] = {
        **Limits.PARAMS,
        "readme_max_age_days": Param("how old a README may be, in days", Kind.AMOUNT, 30),
        "dashboard_max_age_days": Param("how old a dashboard may be, in days", Kind.AMOUNT, 7),
        "max_log_mb": Param("how large a log may grow, in MiB", Kind.AMOUNT, 10),
    }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Rules":
        """Return the rules of a job's params. Raises ValueError that names the wrong one."""
        given = values(cls.PARAMS, params)
        return cls(
            limits=Limits.from_params(params),
            readme_max_age=timedelta(days=given["readme_max_age_days"]),
            dashboard_max_age=timedelta(days=given["dashboard_max_age_days"]),
            max_log_bytes=int(given["max_log_mb"] * 1024 * 1024),
        )


class Checkups:
    """The checks of many branches, which read only what changed since the last time."""

    def __init__(
        self, cache: StampCache, rules: Rules, now: datetime, zone: tzinfo, opened: OpenedMail
    ) -> None:
        self._cache = cache
        self._opened = opened
        self._rules = rules
        self._now = now
        self._seconds = now.timestamp()
        self._zone = zone
        self.survey = Survey(cache, rules.limits)
        self._until = math.inf

    def of(self, branch: Branch) -> Checkup:
        """Check one branch. Problems with its files are part of the result; never raises."""
        finding = self.finding(branch)
        return self.checkup(branch, finding.value)

    def checkup(self, branch: Branch, found: Any) -> Checkup:
        """Return the check of a branch from what was found in its files: `value` of `finding`.

        Its logs are looked at each time: they grow, and that changes nothing in their folder.
        """
        issues, has_logs = found
        logs = self.logs(f"{branch.folder}/{LOGS}", f"{LOGS}/") if has_logs else ()
        return Checkup(branch.name, (*(Issue(*issue) for issue in issues), *logs))

    def finding(self, branch: Branch) -> Finding:
        """Return the issues of a branch but for its logs, and until when they are the same."""
        self._until = math.inf
        self.survey.unparsed = 0
        issues, has_logs = self._issues(branch)
        value = [[*map(list, issues)], has_logs]
        return Finding(value, self._until, self.survey.unparsed)

    def _issues(self, branch: Branch) -> tuple[Sequence[Issue], bool]:
        try:
            names = names_in(branch, self._cache)
        except (FileNotFoundError, NotADirectoryError):
            return (_error("Missing branch directory"),), False
        except OSError as error:
            return (_error(f"Branch directory unreadable ({reason_of(error)})"),), False
        folder = branch.folder
        issues = (
            *self._memory(branch, names),
            *self._mail(branch, folder, names),
            *self._readme(folder, names),
            *self._dashboard(folder, names),
        )
        return issues, LOGS in names

    def logs(self, folder: str | Path, prefix: str = "") -> Iterator[Issue]:
        """Yield an issue for each log in a folder that should have been rotated."""
        limit = self._rules.max_log_bytes
        for log in logs.oversized_logs(folder, limit):
            sizes = f"{_megabytes(log.size)}, not rotated (limit: {_megabytes(limit)})"
            yield _warning(f"{prefix}{log.name}: {sizes}")

    def _memory(self, branch: Branch, names: Sequence[str]) -> Iterator[Issue]:
        files = self.survey.among(names, branch)
        kinds = [file.kind for file in files]
        for file in files:
            if found := _memory_finding(file):
                # The seed names a file by its kind. Two of a kind are told apart by their names.
                short = f"{file.kind}.json" if kinds.count(file.kind) == 1 else file.name
                yield Issue(f"{short}: {found}", f"{file.name}: {found}", bool(file.problem))
        for kind in KINDS:
            if kind not in kinds:
                in_trinity = TRINITY in names or branch.mailbox.name == MAILBOXES[1]
                owner = "" if in_trinity else f"{branch.name.upper()}."
                yield Issue(f"{kind}.json not found", f"{owner}{kind}.json not found")

    def _mail(self, branch: Branch, folder: str, names: Sequence[str]) -> Iterator[Issue]:
        place = next((name for name in MAILBOXES if name in names), None)
        inbox = f"{folder}/{place}/{mailbox.INBOX}"
        try:
            facts = self._cache.unchanged(inbox) if place else None
        except OSError:
            facts = None
        try:
            if facts is None or len(facts) != 3:
                facts = self._stale(branch, place, inbox)
        except UnreadableFileError as error:
            yield _error(f"{mailbox.INBOX}: unreadable ({error.reason})")
            return
        if facts is None:
            yield _error(f"Missing {branch.mailbox.name} directory")
            return
        new, opened, unreadable = facts
        if new:
            yield _warning(f"{mailbox.INBOX}: {_messages(new, 'new')} older than 48 hours")
        if opened:
            yield _warning(f"{mailbox.INBOX}: {_messages(opened, 'opened')} for over 24 hours")
        for message in unreadable[:LISTED]:
            yield _warning(f"{mailbox.INBOX}: {message}")
        if len(unreadable) > LISTED:
            yield _warning(f"{mailbox.INBOX}: and {len(unreadable) - LISTED} more of unknown age")

    def _stale(self, branch: Branch, place: str | None, inbox: str) -> Facts | None:
        """Return what waits in the mailbox of a branch; None if there is none."""
        box = self._inbox(branch, place)
        if box is None:
            return None
        opened_by = self._opened.opened_by(box, self._now)
        stale = mailbox.stale(box, self._now, self._zone, opened_by)
        facts = [stale.new, stale.opened, list(stale.unreadable)]
        # Worth remembering only if no message in it can become stale by waiting longer.
        if box.seen and mailbox.stale(box, FAR_FUTURE, self._zone, opened_by) == stale:
            self._cache.remember(inbox, box.seen, facts)
        return facts

    def _inbox(self, branch: Branch, place: str | None) -> Mailbox | None:
        if place is not None:
            with (
                contextlib.suppress(OSError),
                self._cache.folders.folder(branch.folder).inner_within(place) as folder,
            ):
                return mailbox.read_in(folder, Path(f"{branch.folder}/{place}"))
        box = branch.mailbox
        return mailbox.read(box) if os.path.isdir(box) else None

    def _readme(self, folder: str, names: Sequence[str]) -> Iterator[Issue]:
        name = next((name for name in names if is_readme(name)), None)
        try:
            changed = self._readme_changed(folder, name) if name else None
        except OSError:
            changed = None
        if changed is None:
            yield _warning("README.md not found")
        elif (days := self._days_over(changed, self._rules.readme_max_age)) is not None:
            yield _warning(f"{name}: not updated for {days} days")

    def _readme_changed(self, folder: str, name: str) -> float:
        path = f"{folder}/{name}"
        facts = None
        with contextlib.suppress(OSError):  # of a link that leads to itself; asked below anyway
            facts = self._cache.unchanged(path)
        if not facts:
            status = self._cache.folders.folder(folder).followed(name)
            facts = [status.st_mtime]
            self._cache.remember(path, stamp_of(status), facts)
        return float(facts[0])

    def _dashboard(self, folder: str, names: Sequence[str]) -> Iterator[Issue]:
        if DASHBOARD not in names:
            return  # not every branch has one
        try:
            updated = self._dashboard_updated(f"{folder}/{DASHBOARD}")
        except UnreadableFileError as error:
            yield _error(f"{DASHBOARD}: unreadable ({error.reason})")
            return
        if (days := self._days_over(updated, self._rules.dashboard_max_age)) is not None:
            yield _warning(f"{DASHBOARD}: not updated for {days} days")

    def _dashboard_updated(self, path: str) -> float:
        """Return when a dashboard was updated, in epoch seconds: as it says, else its mtime."""
        try:
            facts = self._cache.unchanged(path)
            if facts is None:
                seen, data = self._cache.folders.read(path)
                document = parse_json(data, NOWHERE)
                updated = branch.updated_at(document, self._zone)
                facts = [updated.timestamp() if updated else seen[1] / 1e9]
                self._cache.remember(path, seen, facts)
        except OSError as error:
            raise UnreadableFileError(Path(path), reason_of(error)) from error
        return float(facts[0])

    def _days_over(self, moment: float, limit: timedelta) -> int | None:
        """Return the age in whole days if it is over `limit`, else None."""
        age, seconds = self._seconds - moment, limit.total_seconds()
        days = int(age // DAY) if age > seconds else None
        until = moment + (seconds if days is None else (days + 1) * DAY)
        self._until = min(self._until, until - 1)  # that second is no matter of rounding then
        return days


def _memory_finding(file: MemoryFile) -> str:
    if not file.problem and file.limit is not None and (file.lines or 0) * 6 <= file.limit * 5:
        return ""  # as nearly all are, and as `is_near` would find at more cost
    if file.problem:
        return f"unreadable ({file.problem})"
    found = [
        f"{amount} (threshold: {amount.limit})"
        if amount.is_over
        else f"{amount} (approaching threshold)"
        for amount in file.amounts
        if amount.is_near
    ]
    return ", ".join(found)


def _warning(text: str) -> Issue:
    return Issue(text, text)


def _error(text: str) -> Issue:
    return Issue(text, text, is_error=True)


def _messages(count: int, status: str) -> str:
    return f"{count} {status} message{'' if count == 1 else 's'}"


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB".replace(".0 MB", " MB")
