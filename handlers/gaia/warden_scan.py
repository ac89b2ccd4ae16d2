"""Whether projects comply with rules: files they need, files they may not have, secrets, sizes.

The rules are params. Besides, any scanner `module:Class` of a folder is called for each project, in
a process of its own with a time limit. Without rules there is nothing to do.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scheduled.ecosystem import compliance, gaia_registry, projects_central, scanner
from scheduled.ecosystem.central import CentralFileError
from scheduled.ecosystem.compliance import LISTED, MIB, Rules
from scheduled.ecosystem.scanner import Scanner
from scheduled.ecosystem.workspace import Workspaces
from scheduled.errors import UsageError
from scheduled.handler import Context, Incomplete, Kind, Param, Skip, values
from scheduled.system import owners_work

PARAMS = {
    "registry": Param("another registry than that in the root", Kind.TEXT, ""),
    "required": Param("files that every project must have, or patterns", Kind.TEXTS, []),
    "forbidden": Param("files that no project may have, or patterns", Kind.TEXTS, []),
    "secrets": Param("whether files are searched for secrets", Kind.FLAG, False),
    "max_file_mb": Param("how large a file may be, in MiB; 0: any size", Kind.NUMBER, 0),
    "ignore": Param("files that no rule is about, or patterns", Kind.TEXTS, []),
    "scanners": Param("more scanners, each as `module:Class`", Kind.TEXTS, []),
    "scanner_dir": Param("the directory of these modules", Kind.TEXT, ""),
    "scanner_seconds": Param("how long a scanner may take for one project", Kind.AMOUNT, 60),
}
WITHIN = 230.0
"""Seconds for all projects."""
LATE = "not looked into: there was no time left"
IN_RESULT = 500
"""Projects in the result."""
Entries = dict[str, dict[str, Any]]


def run(context: Context) -> dict[str, object]:
    """Check every registered project that exists against the rules."""
    params = values(PARAMS, context.params)
    rules = _rules(params)
    scanners = _scanners(params, context.root)
    if not rules and not scanners:
        raise Skip("no rules configured")
    spaces = gaia_registry.find(context.root, params["registry"], context.cache_dir)
    entries = _scanned(spaces, rules, scanners, params["scanner_seconds"])
    failed = [name for name, entry in entries.items() if not entry.get("passed")]
    for name in failed:
        context.log(f"{name}: {_sentence(entries[name])}")
    part = {"timestamp": context.local_timestamp, "failed": len(failed), "projects": entries}
    result: dict[str, object] = {**_most_important(entries)}
    try:
        projects_central.update(context, {"warden_scan": part})
    except CentralFileError as error:
        raise Incomplete(str(error), result) from error
    return result


def _rules(params: dict[str, Any]) -> Rules:
    for name in ("required", "forbidden", "ignore"):
        if problem := compliance.problem_of(params[name]):
            raise UsageError(f"params.{name}: {problem}")
    largest = max(0.0, params["max_file_mb"]) * MIB
    lists = params["required"], params["forbidden"], params["ignore"]
    return Rules(*lists, params["secrets"], largest)


def _scanners(params: dict[str, Any], root: Path) -> list[Scanner]:
    if not params["scanners"]:
        return []
    if not params["scanner_dir"]:
        raise UsageError("params.scanners: name the directory of the modules in scanner_dir")
    folder = Path(os.path.realpath(root / os.path.expanduser(params["scanner_dir"])))
    return [scanner.named(text, folder) for text in params["scanners"]]


def _scanned(spaces: Workspaces, rules: Rules, scanners: list[Scanner], seconds: float) -> Entries:
    folders: dict[str, list[str]] = {}
    for space in spaces.all:
        if space.folder and os.path.isdir(space.folder):
            folders.setdefault(space.folder, []).append(space.name)

    def work(members: list[str], until: float) -> Iterator[Any]:
        for folder in members:
            is_late = time.monotonic() > until
            yield LATE if is_late else _scan(folder, rules, scanners, seconds)

    found: Entries = {}
    for folder, answer in owners_work.in_each(folders, work, WITHIN):
        entry = {"error": answer} if isinstance(answer, str) else answer
        found |= dict.fromkeys(folders[folder], entry)
    return {space.name: found[space.name] for space in spaces.all if space.name in found}


def _scan(folder: str, rules: Rules, scanners: list[Scanner], seconds: float) -> dict[str, Any]:
    """Return how a project complies with our rules and with those of all scanners together."""
    entries = [compliance.scan(folder, rules)] if rules else []
    entries += [each.scan(folder, seconds) for each in scanners]
    errors = [entry["error"] for entry in entries if "error" in entry]
    whole = [entry for entry in entries if "error" not in entry]
    if not whole:
        return {"error": "; ".join(errors)}
    scanned = {
        "passed": all(entry["passed"] for entry in whole) and not errors,
        "issues": sum(entry["issues"] for entry in whole),
        "scanned_files": max(entry["scanned_files"] for entry in whole),
        "findings": [text for entry in whole for text in entry.get("findings", ())][:LISTED],
    }
    return {**scanned, "error": "; ".join(errors)} if errors else scanned


def _sentence(entry: dict[str, Any]) -> str:
    found = [f"{entry['issues']} issues"] if "issues" in entry else []
    return "; ".join([*found, *entry.get("findings", ()), *filter(None, [entry.get("error")])])


def _most_important(entries: Entries) -> Entries:
    if len(entries) <= IN_RESULT:
        return entries
    worst_first = sorted(entries, key=lambda name: bool(entries[name].get("passed")))
    return {name: entries[name] for name in worst_first[:IN_RESULT]}
