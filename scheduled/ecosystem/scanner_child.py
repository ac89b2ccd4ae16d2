"""The process in which a scanner of somebody else's looks at a project.

It is started by its path, `python -I -B scanner_child.py FOLDER MODULE CLASS PROJECT`, and imports
nothing of this program. It prints one JSON object, whatever the scanner prints.
"""

import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

METHODS = ("scan_project", "scan", "check_project", "check", "run")
"""What the method may be called; the first one there is counts."""


def main() -> None:
    """Call the scanner and print what it found, or `error`."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the scanner prints is no answer
    folder, module, name, project = sys.argv[1:]
    sys.path.insert(0, folder)
    try:
        found = _facts(_scanned(module, name, Path(project)))
    except Exception as error:  # noqa: BLE001 - anything may go wrong in there
        found = {"error": f"{type(error).__name__}: {error}"}
    json.dump(found, answer)
    answer.close()


def _scanned(module: str, name: str, project: Path) -> Any:
    scanner = getattr(importlib.import_module(module), name)
    instance = scanner(project) if _takes_one(scanner) else scanner()
    for method in METHODS:
        function = getattr(instance, method, None)
        if callable(function):
            return function(project) if _takes_one(function) else function()
    raise TypeError(f"{name} has none of the methods {', '.join(METHODS)}")


def _takes_one(function: Any) -> bool:
    """Return whether something has to be called with an argument."""
    parameters = inspect.signature(function).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(each.kind in positional and each.default is each.empty for each in parameters)


def _facts(report: Any) -> dict[str, Any]:
    """Return what a scanner reports, be it an object, a mapping, a list of issues, or a flag."""
    if isinstance(report, bool):
        return {"passed": report, "issues": 0 if report else 1, "scanned_files": 0}
    if isinstance(report, list | tuple):
        report = {"issues": report}
    if report is None:
        raise TypeError("it returned nothing")
    given = report if isinstance(report, dict) else _Attributes(report)
    issues, scanned = _number(given.get("issues")), _number(given.get("scanned_files"))
    passed = given.get("passed")
    is_passed = bool(passed) if passed is not None else issues == 0
    return {"passed": is_passed, "issues": issues, "scanned_files": scanned}


class _Attributes:
    """The attributes of an object, asked for as the keys of a mapping."""

    def __init__(self, of: object) -> None:
        self._of = of

    def get(self, name: str) -> Any:
        """Return one; None if there is none of that name."""
        return getattr(self._of, name, None)


def _number(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    return len(value) if hasattr(value, "__len__") else 0


if __name__ == "__main__":
    main()
