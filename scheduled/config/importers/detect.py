"""From a file of somebody else's scheduler to what is in it, whatever kind of file it is."""

from datetime import datetime
from pathlib import Path

from scheduled.config import yaml_document
from scheduled.config.importers import aico, ciris, crontab, gptme, json_objects
from scheduled.config.importers.findings import Findings, SourceKind
from scheduled.errors import ConfigError, UsageError

_SIGNS = {SourceKind.AICO: {"scheduler", "tasks"}, SourceKind.GPTME: {*gptme.KEYS}}
"""Keys by one of which a file is known."""
SYSTEM_TABLES = (Path("/etc/crontab"), Path("/etc/cron.d"))


def read(
    data: bytes, label: str, folder: Path, kind: SourceKind | None, user: str, now: datetime
) -> Findings:
    """What is in `data`, which came from `folder` and is called `label` in messages.

    Without a `kind` it is found out. `user` is whose jobs are meant in a crontab that names
    users; empty for one that does not. A single time that has passed at `now` makes no job. Raises
    UsageError for a file of no known kind or of no JSON, ConfigError for one that is not YAML.
    """
    kind = kind or _kind_of(data, label)
    if kind is SourceKind.CRONTAB:
        return crontab.read(data, user=user)
    if kind is SourceKind.CIRIS:
        return ciris.read(json_objects.read(data, label, ciris.LISTS), now)
    document = yaml_document.parse(data, label)
    if not document.is_mapping:
        raise UsageError(f"{label}: no names with values in it, so it is none of {kind}'s")
    return aico.read(document) if kind is SourceKind.AICO else gptme.read(document, folder)


def names_users(path: Path) -> bool:
    """Whether this is one of the machine's own crontabs, whose lines name a user."""
    return path in SYSTEM_TABLES or path.parent in SYSTEM_TABLES


def _kind_of(data: bytes, label: str) -> SourceKind:
    if ciris.is_task_list(data):
        return SourceKind.CIRIS
    if crontab.has_entries(data):
        return SourceKind.CRONTAB
    try:
        document = yaml_document.parse(data, label)
    except ConfigError as error:
        raise UsageError(f"{label}: no crontab, and no YAML either ({error})") from error
    keys = document.value.keys() if document.is_mapping else set()
    for kind, signs in _SIGNS.items():
        if keys & signs:
            return kind
    raise UsageError(
        f"{label}: neither a crontab, nor gptme's scheduler.yaml, nor AICO's core.yaml, nor CIRIS's"
        f" tasks, as far as can be seen; say which with --from {', '.join(SourceKind)}"
    )
