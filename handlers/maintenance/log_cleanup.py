"""Delete logs that are old, then the oldest while all logs together are too large.

The logs are the output of runs, the `scheduled.log` of ticks with what was rotated, and the files
that `paths` names. One that somebody writes to is left alone, or with `truncate` shortened from
its beginning if whoever writes to it appends. What had to go by a rule and could not is listed.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scheduled.errors import UsageError, reason_of
from scheduled.handler import Context, Incomplete, Kind, Param, values
from scheduled.system import log_files, private
from scheduled.system.file_patterns import Search
from scheduled.system.file_writers import Writers
from scheduled.system.log_files import QUIET_SECONDS, LeftError, LogFile
from scheduled.system.text import one_line

PARAMS = {
    "retention_days": Param(
        "after how many days a log that is not written to is deleted", Kind.AMOUNT, 30
    ),
    "max_size_mb": Param("how large all logs may be together, in MiB", Kind.AMOUNT, 500),
    "paths": Param("more logs: files, or patterns such as `/srv/app/*.log`", Kind.TEXTS, []),
    "truncate": Param(
        "whether a log that is appended to is shortened from its beginning if all are too large",
        Kind.FLAG,
        False,
    ),
    "dry_run": Param("whether nothing is changed, only said", Kind.FLAG, False),
}
MIB = 1024 * 1024
MOST_LISTED, MOST_NAMED = 50, 10
SOURCES = (".yaml", ".yml", ".py")
"""What job files and handlers, and the modules that these import, end in."""
OWN_LOGS = "system_logs/scheduled.log*"


def run(context: Context) -> dict[str, object]:
    """Delete what the rules say, and return what was done and what was left."""
    params = values(PARAMS, context.params)
    cleanup = _Cleanup(params, context)
    cleanup.find_outputs()
    cleanup.find_own(context.root)
    matched = set(context.memory.get("matched", ()))
    for pattern in params["paths"]:
        if cleanup.find(pattern, context.root, may_be_empty=pattern in matched):
            matched.add(pattern)
    context.memory["matched"] = sorted(matched.intersection(params["paths"]))
    cleanup.delete_old()
    cleanup.delete_excess()
    if params["truncate"]:
        cleanup.shorten_excess()
    result = cleanup.result()
    for path, reason in cleanup.listed():
        context.log(f"left: {path}: {reason}")
    if cleanup.problems:
        more = len(cleanup.problems) - MOST_NAMED
        rest = [f"and {more} more"] if more > 0 else []
        raise Incomplete("; ".join([*cleanup.problems[:MOST_NAMED], *rest]), result)
    return result


class _Cleanup:
    """One run: the logs that are left so far, and what was done."""

    def __init__(self, params: dict[str, Any], context: Context) -> None:
        self.params, self.now = params, context.now.timestamp()
        self.state_dir = context.state_dir
        self.own = _OwnFiles(context)
        self.writers = Writers()
        self.files: dict[str, LogFile] = {}
        """By path."""
        self.left: dict[str, str] = {}
        """Why a path is left that a rule is about."""
        self.unfit: dict[str, str] = {}
        """Why what a pattern finds is no log to be deleted."""
        self.problems: list[str] = []
        self.deleted = self.runs = self.shortened = self.freed = 0

    @property
    def total(self) -> int:
        """Return the bytes of all logs that are there."""
        return sum(file.bytes for file in self.files.values())

    @property
    def excess(self) -> int:
        """Return how many bytes there are too many; 0 or less if there are not."""
        return self.total - int(self.params["max_size_mb"] * MIB)

    def find_outputs(self) -> None:
        """Add the output of runs. A job's newest one goes by its age alone."""
        for job in _entries(self.state_dir / "runs") if self.state_dir else ():
            if not job.is_dir(follow_symlinks=False):
                continue
            logs = [*_outputs(job.path)]
            newest = max(logs, key=lambda file: (file.written, file.path), default=None)
            for file in logs:
                self.files[file.path] = file._replace(is_newest=file is newest)

    def find_own(self, root: Path) -> None:
        """Add the log of ticks, and those that it was rotated to, if there are any."""
        try:
            found = Search(OWN_LOGS, root).paths()
        except UsageError:  # there is no such directory
            return
        for path in found:
            self._add(path, is_named=False)

    def find(self, pattern: str, base: Path, *, may_be_empty: bool) -> bool:
        """Add the logs of a pattern; return whether there are any. What is wrong is noted."""
        try:
            search = Search(pattern, base)
            found = search.paths()
            self.problems += [one_line(problem) for problem in search.problems]
            if not found and not may_be_empty:
                raise UsageError(f"{pattern}: matches no file")
        except UsageError as error:
            self.problems.append(f"params.paths: {one_line(error)}")
            return False
        is_named = len(found) == 1 and os.path.basename(found[0]) == os.path.basename(pattern)
        for path in found:
            self._add(path, is_named=is_named)
        return bool(found)

    def _add(self, path: str, *, is_named: bool) -> None:
        if path in self.files:
            return
        try:
            file = log_files.look(path)
            if reason := self.own.reason(path):
                raise LeftError(reason)
            self.files[path] = file
        except FileNotFoundError:
            return
        except LeftError as error:
            if f"{error}" != "a directory":
                self.unfit[path] = f"{error}"
            elif is_named:
                advice = f"name the files in it, such as {path}/*.log"
                self.problems.append(f"params.paths: {one_line(path)}: a directory; {advice}")
        except OSError as error:
            self.left[path] = reason_of(error)

    def delete_old(self) -> None:
        """Delete what was not written to for longer than the retention."""
        oldest = self.now - self.params["retention_days"] * 86_400
        for file in [*self.files.values()]:
            if file.written < oldest:
                self._delete(file)

    def delete_excess(self) -> None:
        """Delete the oldest logs while all together are too large."""
        excess = self.excess
        for file in sorted(self.files.values(), key=lambda file: (file.written, file.path)):
            if excess <= 0:
                return
            if file.is_newest or file.path in self.left:
                continue
            if file.written > self.now - QUIET_SECONDS:
                self.left[file.path] = "was written to within the last minute"
            elif self._delete(file):
                excess -= file.bytes

    def shorten_excess(self) -> None:
        """Shorten the largest logs that are appended to while all together are too large."""
        for file in sorted(self.files.values(), key=lambda file: (-file.bytes, file.path)):
            excess = self.excess
            if excess <= 0:
                return
            if file.is_output:  # it is trimmed while it grows
                continue
            try:
                freed = log_files.shorten(file, excess, dry_run=self.params["dry_run"])
            except (LeftError, OSError) as error:
                self.left[file.path] = _why(error)
                continue
            self.files[file.path] = file._replace(bytes=file.bytes - freed)
            self.shortened += 1
            self.freed += freed
            self.left.pop(file.path, None)

    def _delete(self, file: LogFile) -> bool:
        try:
            log_files.delete(file, self.writers, dry_run=self.params["dry_run"])
        except FileNotFoundError:
            del self.files[file.path]
            return True
        except LeftError as error:
            self.left[file.path] = f"{error}"
            return False
        except OSError as error:
            self.left[file.path] = reason_of(error)
            self.problems.append(f"{one_line(file.path)}: {reason_of(error)}")
            return False
        del self.files[file.path]
        self.runs += file.is_output
        self.deleted += not file.is_output
        self.freed += file.bytes
        return True

    def listed(self) -> list[tuple[str, str]]:
        """Return the first of what is left, each with the reason; what a rule is about first."""
        every = itertools.chain(self.left.items(), self.unfit.items())
        first = itertools.islice(every, MOST_LISTED)
        return [(one_line(path), reason) for path, reason in first]

    def result(self) -> dict[str, object]:
        """Return what was done, in AICO's keys, and what was left and why."""
        return {
            "files_deleted": self.deleted,
            "files_cleaned_mb": round(self.freed / MIB, 3),
            "runs_deleted": self.runs,
            "files_shortened": self.shortened,
            "total_mb": round(self.total / MIB, 3),
            "over_limit_mb": round(max(self.excess, 0) / MIB, 3),
            "left": [{"path": path, "reason": reason} for path, reason in self.listed()],
            "left_count": len(self.left) + len(self.unfit),
            "dry_run": self.params["dry_run"],
        }


class _OwnFiles:
    """What the scheduler needs itself, however it is reached."""

    def __init__(self, context: Context) -> None:
        places = context.configuration
        self._state = os.path.realpath(context.state_dir) if context.state_dir else ""
        self._configuration = tuple(map(os.path.realpath, places))
        self._folders: dict[str, str] = {}
        """The directories that were asked about, without links."""

    def reason(self, path: str) -> str:
        """Return why a file is kept, or ''. Directories of job files may hold logs as well."""
        above, name = os.path.split(path)
        folder = self._folders.get(above)
        if folder is None:
            folder = self._folders[above] = os.path.realpath(above)
        if self._state and _is_within(folder, self._state):
            return "part of the state of the scheduler"
        if f"{folder}/{name}" in self._configuration or (
            name.endswith(SOURCES)
            and any(_is_within(folder, place) for place in self._configuration)
        ):
            return "part of the configuration of the scheduler"
        return ""


def _is_within(folder: str, place: str) -> bool:
    return folder == place or folder.startswith(f"{place}/")


def _why(error: LeftError | OSError) -> str:
    return reason_of(error) if isinstance(error, OSError) else f"{error}"


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        return private.entries(folder)
    except OSError:
        return []


def _outputs(folder: str) -> Iterator[LogFile]:
    """Yield the output of each run of a job."""
    for entry in _entries(folder):
        if entry.name.endswith(".log"):
            try:
                file = log_files.look(entry.path)
            except (LeftError, OSError):  # `state check` names what does not belong there
                continue
            yield file._replace(is_output=True)
