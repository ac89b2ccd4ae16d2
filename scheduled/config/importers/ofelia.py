"""Jobs of ofelia, from its INI file or the labels of containers, as drafts (pure).

`job-local` runs a command on the host, and so does its job here; the other kinds call docker. All
are disabled until somebody has looked at them.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from scheduled.config import yaml_document
from scheduled.config.importers.findings import Findings, ImportedJob, LeftOut, SourceKind
from scheduled.config.importers.go_cron import translated
from scheduled.config.importers.job_names import as_id
from scheduled.config.yaml_document import MAX_BYTES, Node
from scheduled.errors import ScheduleError, UsageError
from scheduled.jobs.model import NAME
from scheduled.quick_classes import NamedTuple
from scheduled.system.text import excerpt

_SECTION = re.compile(r"\[(?P<kind>job-[a-z-]+|global)(?:\s+\"?(?P<name>[^\"\]]*)\"?)?\]")
_SIGN = re.compile(
    rb"^\s*\[job-(?:local|exec|run|service-run)\b|ofelia\.job-[a-z-]+\.", re.MULTILINE
)
_LABEL = re.compile(r"ofelia\.(?P<kind>job-[a-z-]+)\.(?P<name>[^.]+)\.(?P<key>[a-z-]+)")
_DRAFT = "each is a draft, disabled: look at its command, then enable it"
_NO_LIMIT = "ofelia lets a job run forever; here each has a `timeout: 1d`"
_NO_MAIL = "save-folder, mail and slack of ofelia: `notify` says who is told"
_KNOWN = {"schedule", "command", "dir", "environment", "no-overlap", "container", "image", "user"}


class _Entry(NamedTuple):
    kind: str
    name: str
    line: int
    values: dict[str, list[str]]


def is_ofelia(data: bytes) -> bool:
    """Whether this looks like a configuration of ofelia, or like labels for it."""
    return _SIGN.search(data) is not None


def read(data: bytes, label: str) -> Findings:
    """Return the jobs of a configuration. Raise UsageError or ConfigError for what is none."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"{label}: more than {MAX_BYTES // 1024**2} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{label}:{line}: not UTF-8") from None
    if re.search(r"^\s*\[job-", text, re.MULTILINE):
        entries, has_global = _of_ini(text, label)
    else:
        entries, has_global = _of_labels(yaml_document.parse(data, label)), False
    results = [_job(entry) for entry in entries]
    jobs = tuple(result for result in results if isinstance(result, ImportedJob))
    left_out = tuple(result for result in results if isinstance(result, LeftOut))
    notes = (_DRAFT, _NO_LIMIT, *([_NO_MAIL] if has_global else [])) if jobs else ()
    return Findings(SourceKind.OFELIA, jobs, left_out=left_out, notes=notes)


def _of_ini(text: str, label: str) -> tuple[list[_Entry], bool]:
    entries: list[_Entry] = []
    has_global = is_global = False
    for number, line in enumerate(text.split("\n"), start=1):
        plain = line.strip()
        if not plain or plain[0] in "#;":
            continue
        if match := _SECTION.fullmatch(plain):
            is_global = match["kind"] == "global"
            has_global |= is_global
            if not is_global:
                entries.append(_Entry(match["kind"], match["name"] or "", number, {}))
            continue
        key, sign, value = plain.partition("=")
        if plain.startswith("[") or not sign:
            raise UsageError(f"{label}:{number}: neither a section of ofelia's nor key = value")
        if entries and not is_global:
            unquoted = value.strip()
            if len(unquoted) > 1 and unquoted[0] == unquoted[-1] == '"':
                unquoted = unquoted[1:-1].replace('\\"', '"')
            entries[-1].values.setdefault(key.strip().lower(), []).append(unquoted)
    return entries, has_global


def _of_labels(node: Node) -> list[_Entry]:
    found: dict[tuple[str, str, str], _Entry] = {}
    for owner, name, line, value in _labels(node, ""):
        match = _LABEL.fullmatch(name)
        if match is None:
            continue
        key = (owner, match["kind"], match["name"])
        entry = found.setdefault(key, _Entry(match["kind"], match["name"], line, {}))
        values = entry.values.setdefault(match["key"], [])
        values.append(value)
        if match["kind"] == "job-exec" and owner:
            entry.values.setdefault("container", [owner])
    return [*found.values()]


def _labels(node: Node, owner: str) -> Iterator[tuple[str, str, int, str]]:
    """Yield the labels of each service: the service, the name, the line, the value."""
    items: Mapping[str, Node] = node.value if node.is_mapping else {}
    for key, value in items.items():
        if key == "labels" and value.is_mapping:
            yield from (
                (owner, name, label.line, label.text) for name, label in value.value.items()
            )
        elif key == "labels" and isinstance(value.value, list):
            for item in value.value:
                name, _, text = item.text.partition("=")
                yield owner, name, item.line, text
        elif _LABEL.fullmatch(key):
            yield owner, key, value.line, value.text
        else:
            yield from _labels(value, key)


def _job(entry: _Entry) -> ImportedJob | LeftOut:
    shown = excerpt(f"{entry.kind} {entry.name}")
    one = {key: values[-1] for key, values in entry.values.items()}
    try:
        schedule, zone = translated(one.get("schedule", ""), has_seconds=True)
    except ScheduleError as error:
        return LeftOut(entry.line, shown, f"schedule: {error}")
    command = one.get("command", "")
    if not command and entry.kind != "job-run":
        return LeftOut(entry.line, shown, "no command")
    try:
        words = shlex.split(command)
    except ValueError:
        return LeftOut(entry.line, shown, "command: quotes that do not match")
    action = _action(entry.kind, one, words)
    if isinstance(action, str):
        return LeftOut(entry.line, shown, action)
    others = sorted(entry.values.keys() - _KNOWN)
    fields: dict[str, Any] = {
        "id": as_id(entry.name) or "job",
        "schedule": schedule,
        "timezone": zone,
        "command": action,
        "cwd": one.get("dir", "") if entry.kind == "job-local" else "",
        "env": _environment(entry),
        "overlap": "skip" if one.get("no-overlap", "").lower() in ("true", "1") else "allow",
        "timeout": "1d",
        "enabled": False,
        "params": {key: one[key] for key in others},
    }
    given = {key: value for key, value in fields.items() if value not in ("", {})}
    return ImportedJob(entry.line, shown, given, is_named=False)


def _action(kind: str, one: Mapping[str, str], words: list[str]) -> list[str] | str:
    """Return what a job runs, or, as text, why it cannot."""
    user = ["--user", one["user"]] if one.get("user") else []
    for key in ("container", "image"):
        if one.get(key, "").startswith("-"):
            return f"{key}: {excerpt(one[key])} would be an option of docker"
    match kind:
        case "job-local":
            return words
        case "job-exec" if one.get("container"):
            return ["docker", "exec", *user, one["container"], *words]
        case "job-run" if one.get("image"):
            return ["docker", "run", "--rm", *user, one["image"], *words]
        case "job-run" if one.get("container"):
            return ["docker", "start", "--attach", one["container"]]
        case "job-exec" | "job-run":
            return "no container and no image"
    return f"{kind}: a service of Docker Swarm, which no command stands for"


def _environment(entry: _Entry) -> dict[str, str]:
    if entry.kind != "job-local":
        return {}
    pairs = (value.partition("=") for value in entry.values.get("environment", ()))
    return {name: text for name, sign, text in pairs if sign and re.fullmatch(NAME, name)}
