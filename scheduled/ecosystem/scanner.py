"""Scanners of somebody else's, `module:Class` in a folder: whose they are, and how they are run."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from scheduled.errors import UsageError, reason_of
from scheduled.quick_classes import NamedTuple
from scheduled.system import bounded
from scheduled.system.bounded import NotStartedError
from scheduled.system.text import one_line, output_line
from scheduled.system.trusted import Trust

CHILD = Path(__file__).with_name("scanner_child.py")
LARGEST = 1 << 20
"""Bytes of an answer."""
MOST_FILES = 10_000


class Scanner(NamedTuple):
    """A class to call for each project."""

    folder: str
    module: str
    name: str

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.module}:{self.name}"

    def scan(self, project: str, seconds: float) -> dict[str, Any]:
        """Return `passed`, `issues` and `scanned_files`, or `error`, of a process of its own."""
        arguments = [str(CHILD), self.folder, self.module, self.name, project]
        answer = _Answer()
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        try:
            ended = bounded.run(
                [sys.executable, "-I", "-B", *arguments],
                {**environ, "LC_ALL": "C.UTF-8"},
                seconds,
                answer.take,
                self.folder,
            )
        except NotStartedError as error:
            return {"error": f"{self.label}: cannot be started: {error}"}
        if ended.code is None:
            return {"error": f"{self.label}: took longer than {seconds:g} seconds"}
        found = answer.facts()
        if found is None:
            said = ended.complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
            reason = output_line(said, 200) or f"ended with {ended.code} and said nothing"
            return {"error": f"{self.label}: {reason}"}
        if "error" in found:
            return {"error": f"{self.label}: {one_line(found['error'])}"}
        return found


class _Answer:
    """What a scanner's process prints."""

    def __init__(self) -> None:
        self._data = b""

    def take(self, chunk: bytes) -> None:
        """Keep a piece of it."""
        self._data = (self._data + chunk)[:LARGEST]

    def facts(self) -> dict[str, Any] | None:
        """Return what it says; None if it is not what was agreed."""
        try:
            found = json.loads(self._data)
        except (ValueError, RecursionError):
            return None
        if isinstance(found, dict) and isinstance(found.get("error"), str):
            return {"error": found["error"]}
        numbers = {"passed": bool, "issues": int, "scanned_files": int}
        if not isinstance(found, dict):
            return None
        fits = all(isinstance(found.get(name), kind) for name, kind in numbers.items())
        return {name: found[name] for name in numbers} if fits else None


def named(text: str, folder: Path) -> Scanner:
    """Return the scanner that is meant. Raises UsageError, also if others could have written it."""
    module, colon, name = text.partition(":")
    parts = [*module.split("."), name]
    if not colon or not all(part.isidentifier() for part in parts):
        raise UsageError(f"{one_line(text, 100)}: expected a scanner as module:Class")
    _check(folder)
    return Scanner(str(folder), module, name)


def _check(folder: Path) -> None:
    """Raise UsageError if anybody else could have written something in a folder of scanners."""
    trust = Trust()
    count = 0
    try:
        for above, folders, names in os.walk(folder, onerror=_raise):
            count += len(names)
            problems = trust.folder_problems(Path(above))
            problems += [
                problem
                for name in (*names, *folders)
                if name in names or os.path.islink(f"{above}/{name}")
                for problem in trust.problems(Path(above, name))
            ]
            if problems:
                raise UsageError(f"scanners are not run: {problems[0]}")
            if count > MOST_FILES:
                raise UsageError(f"{folder}: more than {MOST_FILES} files; name the scanners' own")
    except OSError as error:
        where = error.filename or folder
        raise UsageError(f"scanner_dir: {where}: {reason_of(error)}") from error


def _raise(error: OSError) -> None:
    raise error
