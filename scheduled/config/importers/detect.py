"""From a file of another scheduler to its content: detects the kind and calls the importer."""

from collections.abc import Container
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from scheduled.config import yaml_document
from scheduled.config.importers import (
    aico,
    aipass,
    aipass_files,
    anacrontab,
    ciris,
    crontab,
    crontab_shape,
    gptme,
    json_objects,
)
from scheduled.config.importers.aipass import DaemonFile
from scheduled.config.importers.findings import Findings, LeftOut, SourceKind
from scheduled.errors import ConfigError, UsageError
from scheduled.quick_classes import dataclass

_SIGNS = {SourceKind.AICO: {"scheduler", "tasks"}, SourceKind.GPTME: gptme.SIGNS}
"""Keys by one of which a file is recognised."""
ANACRONTAB = "anacrontab"
SYSTEM_TABLES = (Path("/etc/crontab"), Path("/etc/cron.d"))


@dataclass(frozen=True)
class Reader:
    """Who imports, and where: what the reading of a file depends on besides its text."""

    now: datetime
    """A one-time job whose time has passed by then is left out."""
    user: str = ""
    """The owner of the jobs in a crontab that names users; empty for one that does not."""
    users: Container[str] = ()
    """The users of this machine, by which a crontab that names users is recognised."""
    is_root: bool = False
    zone: tzinfo = UTC
    """The zone that times without one are in."""
    halves_backslashes: bool = False
    """Whether cron is Debian's, for which two backslashes in a command are one."""


def read(
    data: bytes, label: str, folder: Path, kind: SourceKind | None, reader: Reader
) -> Findings:
    """Return the content of `data`, which is from `folder` and called `label` in messages.

    Without a `kind` it is detected. Raise UsageError for an unknown kind, for a crontab that would
    be misread as a whole, and for invalid JSON; ConfigError for invalid YAML.
    """
    kind = kind or _kind_of(data, label)
    match kind:
        case SourceKind.CRONTAB:
            _refuse_misreading(data, label, reader)
            halves = reader.halves_backslashes
            return crontab.read(
                data, user=reader.user, users=reader.users, halves_backslashes=halves
            )
        case SourceKind.ANACRON:
            _refuse_crlf(data, label)
            return anacrontab.read(data, is_root=reader.is_root)
        case SourceKind.AIPASS:
            return aipass.read([_daemon_file(data, label, folder)], reader.now, reader.zone)
        case SourceKind.CIRIS:
            return ciris.read(json_objects.read(data, label, ciris.LISTS), reader.now)
    document = yaml_document.parse(json_objects.without_surrogates(data), label)
    if not document.is_mapping:
        raise UsageError(f"{label}: no keys with values, so it is not a file of {kind}")
    return aico.read(document) if kind is SourceKind.AICO else gptme.read(document, folder)


def read_branches(folder: Path | None, root: Path, reader: Reader) -> Findings:
    """Return the jobs of AIPass below `folder`, or of the branches that are registered at `root`.

    Raise UsageError if there are none.
    """
    found = aipass_files.of_registry(root) if folder is None else aipass_files.below(folder)
    files = [file for file in found if isinstance(file, DaemonFile)]
    problems = [file for file in found if isinstance(file, LeftOut)]
    return aipass.read(files, reader.now, reader.zone, problems)


def names_users(path: Path) -> bool:
    """Whether this is a system crontab, whose lines name a user."""
    return path in SYSTEM_TABLES or path.parent in SYSTEM_TABLES


def _daemon_file(data: bytes, label: str, folder: Path) -> DaemonFile:
    """Return a file of AIPass's jobs: its branch is the directory that `.daemon` is in."""
    branch = folder.parent if folder.name == aipass_files.FOLDER else folder
    return DaemonFile(label, data, str(branch), branch.name.casefold() or "root")


def _kind_of(data: bytes, label: str) -> SourceKind:
    if aipass.is_job_list(data):
        return SourceKind.AIPASS
    if ciris.is_task_list(data):
        return SourceKind.CIRIS
    if label == ANACRONTAB or crontab_shape.is_anacrontab(data):
        return SourceKind.ANACRON
    if crontab_shape.has_entries(data):
        return SourceKind.CRONTAB
    if crontab_shape.is_without_entries(data):
        raise UsageError(
            f"{label}: only comments and variables, so there is nothing to import;"
            " to make a job, type: scheduled create"
        )
    return _kind_of_document(data, label)


def _kind_of_document(data: bytes, label: str) -> SourceKind:
    try:
        document = yaml_document.parse(json_objects.without_surrogates(data), label)
    except ConfigError as error:
        raise UsageError(f"{label}: neither a crontab nor YAML ({error})") from error
    keys = document.value.keys() if document.is_mapping else set()
    for kind, signs in _SIGNS.items():
        if keys & signs:
            return kind
    raise UsageError(
        f"{label}: not recognised as a crontab, an anacrontab, gptme's scheduler.yaml, AICO's"
        " core.yaml, CIRIS's tasks or AIPass's jobs;"
        f" name the kind with --from {', '.join(SourceKind)}"
    )


def _refuse_misreading(data: bytes, label: str, reader: Reader) -> None:
    """Raise UsageError for a crontab of which each line would be misread for the same reason."""
    _refuse_crlf(data, label)
    named = "" if reader.user else crontab_shape.user_column(data, reader.users)
    if named:
        raise UsageError(
            f"{label}: most lines name a user before the command (the first is {named}), as in"
            " /etc/crontab; import yours with --system, or all as they stand with --no-system"
        )


def _refuse_crlf(data: bytes, label: str) -> None:
    line = crontab_shape.crlf_line(data)
    if line:
        raise UsageError(
            f"{label}:{line}: the lines end with CRLF, as on Windows, and cron makes the CR a part"
            " of the command; convert the file first: sed -i 's/\\r$//' FILE"
        )
