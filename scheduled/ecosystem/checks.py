"""The checks of one branch: problems with its files, in the words of the seed, and its activity."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar

from scheduled.ecosystem import activity, branch, issues, logs
from scheduled.ecosystem.activity import Activity, Times
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
from scheduled.ecosystem.issues import Checkup, Flaw, Issue, Part
from scheduled.ecosystem.logs import NO_LOGS, LiveLogs
from scheduled.ecosystem.mail_check import MailCheck
from scheduled.ecosystem.memory import Limits, MemoryFile, Survey
from scheduled.ecosystem.opened_mail import OpenedMail
from scheduled.ecosystem.registry import Branch
from scheduled.errors import UnreadableFileError, reason_of
from scheduled.handler.params import Kind, Param, ParamTable, values
from scheduled.quick_classes import dataclass
from scheduled.system.files import NOWHERE, parse_json, stamp_of
from scheduled.system.stamp_cache import StampCache

DAY = 86_400


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


Examined = tuple[tuple[Issue, ...], Activity]
"""What is wrong with a branch, and what it did lately."""


class Checkups:
    """The checks of many branches, which read only what changed since the last time."""

    def __init__(
        self,
        cache: StampCache,
        rules: Rules,
        now: datetime,
        zone: tzinfo,
        opened: OpenedMail,
        log_times: Mapping[str, float],
    ) -> None:
        """Prepare to check branches; `log_times` are those of `logs.newest_by_branch`."""
        self._cache = cache
        self._mail_check = MailCheck(cache, opened, now, zone)
        self._log_times = log_times
        self._rules = rules
        self._seconds = now.timestamp()
        self._zone = zone
        self.survey = Survey(cache, rules.limits)
        self._until = math.inf
        self._times = Times()
        """Of the branch that is looked into."""

    def of(self, branch: Branch) -> Examined:
        """Examine one branch. Problems with its files are part of the result; never raises."""
        return self.examined(branch, self.finding(branch).value)

    def examined(self, branch: Branch, found: Any) -> Examined:
        """Return check and activity of a branch from what was found: `value` of `finding`.

        Its logs are looked at each time: they grow, and that changes nothing in their folder.
        """
        rows, has_logs, times = found
        live = self._logs_in(f"{branch.folder}/{LOGS}") if has_logs else NO_LOGS
        logged = self._log_times.get(branch.name)
        if live.newest is not None:
            logged = max(live.newest, logged or live.newest)
        active = activity.judge(times, logged, self._seconds, self._zone)
        if not rows and not live.oversized:
            return (), active
        return (*(Issue(*row) for row in rows), *self._oversized(live, f"{LOGS}/")), active

    def finding(self, branch: Branch) -> Finding:
        """Return the issues and times of a branch but for its logs, and until when they hold."""
        self._until = math.inf
        self._times = Times()
        self.survey.unparsed = 0
        found, has_logs = self._issues(branch)
        value = [[*map(list, found)], has_logs, [*self._times]]
        return Finding(value, self._until, self.survey.unparsed)

    def _issues(self, branch: Branch) -> tuple[Sequence[Issue], bool]:
        try:
            names = names_in(branch, self._cache)
        except (FileNotFoundError, NotADirectoryError):
            return self._out_of_reach(Flaw.MISSING, "Missing branch directory"), False
        except OSError as error:
            text = f"Branch directory unreadable ({reason_of(error)})"
            return self._out_of_reach(Flaw.UNREADABLE, text), False
        folder = branch.folder
        found = (
            *self._memory(branch, names),
            *self._mail(branch, names),
            *self._readme(folder, names),
            *self._dashboard(folder, names),
        )
        return found, LOGS in names

    def _out_of_reach(self, flaw: Flaw, text: str) -> Sequence[Issue]:
        self._times = Times(problem=text)
        return (issues.error(Part.BRANCH, flaw, text),)

    def system_logs(self, folder: Path) -> Checkup:
        """Check the logs that all branches share."""
        return Checkup(folder.name, tuple(self._oversized(self._logs_in(folder), "")))

    def _logs_in(self, folder: str | Path) -> LiveLogs:
        return logs.live_logs(folder, self._rules.max_log_bytes)

    def _oversized(self, live: LiveLogs, prefix: str) -> Iterator[Issue]:
        """Yield an issue for each log that should have been rotated."""
        limit = _megabytes(self._rules.max_log_bytes)
        for log in live.oversized:
            sizes = f"{_megabytes(log.size)}, not rotated (limit: {limit})"
            yield issues.warning(Part.LOG, Flaw.LARGE, f"{prefix}{log.name}: {sizes}")

    def _memory(self, branch: Branch, names: Sequence[str]) -> Iterator[Issue]:
        files = self.survey.among(names, branch)
        self._remember_memory(files)
        kinds = [file.kind for file in files]
        for file in files:
            if found := _memory_finding(file):
                # The seed names a file by its kind. Two of a kind are told apart by their names.
                short = f"{file.kind}.json" if kinds.count(file.kind) == 1 else file.name
                texts = f"{short}: {found}", f"{file.name}: {found}"
                if file.problem:
                    yield issues.error(Part.MEMORY, Flaw.UNREADABLE, *texts)
                else:
                    flaw = Flaw.OVER if file.is_over else Flaw.NEAR
                    yield issues.warning(Part.MEMORY, flaw, *texts)
        for kind in KINDS:
            if kind not in kinds:
                in_trinity = TRINITY in names or branch.mailbox.name == MAILBOXES[1]
                owner = "" if in_trinity else f"{branch.name.upper()}."
                texts = f"{kind}.json not found", f"{owner}{kind}.json not found"
                yield issues.warning(Part.MEMORY, Flaw.MISSING, *texts)

    def _remember_memory(self, files: Sequence[MemoryFile]) -> None:
        """Note when the newest of the memory files of a branch was written."""
        written = []
        for file in files:
            seen = self._cache.seen(file.path)
            if seen is not None:
                written.append(seen[1] / 1e9)
                continue
            place, _, name = file.path.rpartition("/")
            try:
                written.append(self._cache.folders.folder(place).followed(name).st_mtime)
            except OSError as error:
                self._times = self._times._replace(problem=f"{file.name}: {reason_of(error)}")
        self._times = self._times._replace(memory=max(written, default=None))

    def _mail(self, branch: Branch, names: Sequence[str]) -> Sequence[Issue]:
        found, worked, problem = self._mail_check.of(branch, names)
        self._times = self._times._replace(mail=worked, problem=self._times.problem or problem)
        return found

    def _readme(self, folder: str, names: Sequence[str]) -> Iterator[Issue]:
        name = next((name for name in names if is_readme(name)), None)
        try:
            changed = self._readme_changed(folder, name) if name else None
        except OSError:
            changed = None
        if changed is None:
            yield issues.warning(Part.README, Flaw.MISSING, "README.md not found")
        elif (days := self._days_over(changed, self._rules.readme_max_age)) is not None:
            text = f"{name}: not updated for {days} days"
            yield issues.warning(Part.README, Flaw.OLD, text)

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
            text = f"{DASHBOARD}: unreadable ({error.reason})"
            yield issues.error(Part.DASHBOARD, Flaw.UNREADABLE, text)
            return
        if (days := self._days_over(updated, self._rules.dashboard_max_age)) is not None:
            text = f"{DASHBOARD}: not updated for {days} days"
            yield issues.warning(Part.DASHBOARD, Flaw.OLD, text)

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


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB".replace(".0 MB", " MB")
