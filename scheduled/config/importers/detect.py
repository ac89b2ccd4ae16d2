"""From a file of another scheduler to its content: detects the kind and calls the importer."""

from datetime import datetime
from pathlib import Path

from scheduled.config import yaml_document
from scheduled.config.importers import aico, ciris, crontab, gptme, json_objects
from scheduled.config.importers.findings import Findings, SourceKind
from scheduled.errors import ConfigError, UsageError

_SIGNS = {SourceKind.AICO: {"scheduler", "tasks"}, SourceKind.GPTME: {*gptme.KEYS}}
"""Keys by one of which a file is recognised."""
SYSTEM_TABLES = (Path("/etc/crontab"), Path("/etc/cron.d"))


def read(
    data: bytes, label: str, folder: Path, kind: SourceKind | None, user: str, now: datetime
) -> Findings:
    """Return the content of `data`, which is from `folder` and called `label` in messages.

    Without a `kind` it is detected. `user` is the owner of the jobs in a crontab that names
    users; empty for one that does not. A one-time job whose time has passed at `now` is left out.
    Raise UsageError for an unknown kind or invalid JSON, ConfigError for invalid YAML.
    """
    kind = kind or _kind_of(data, label)
    if kind is SourceKind.CRONTAB:
        return crontab.read(data, user=user)
    if kind is SourceKind.CIRIS:
        return ciris.read(json_objects.read(data, label, ciris.LISTS), now)
    document = yaml_document.parse(data, label)
    if not document.is_mapping:
        raise UsageError(f"{label}: no keys with values, so it is not a file of {kind}")
    return aico.read(document) if kind is SourceKind.AICO else gptme.read(document, folder)


def names_users(path: Path) -> bool:
    """Whether this is a system crontab, whose lines name a user."""
    return path in SYSTEM_TABLES or path.parent in SYSTEM_TABLES


def _kind_of(data: bytes, label: str) -> SourceKind:
    if ciris.is_task_list(data):
        return SourceKind.CIRIS
    if crontab.has_entries(data):
        return SourceKind.CRONTAB
    try:
        document = yaml_document.parse(data, label)
    except ConfigError as error:
        raise UsageError(f"{label}: neither a crontab nor YAML ({error})") from error
    keys = document.value.keys() if document.is_mapping else set()
    for kind, signs in _SIGNS.items():
        if keys & signs:
            return kind
    raise UsageError(
        f"{label}: not recognised as a crontab, gptme's scheduler.yaml, AICO's core.yaml or CIRIS's"
        f" tasks; name the kind with --from {', '.join(SourceKind)}"
    )
