"""From a file of another scheduler to its content: detects the kind and calls the importer."""

import re
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from scheduled.config import yaml_document
from scheduled.config.importers import (
    agent_jobs,
    aico,
    aipass,
    aipass_files,
    anacrontab,
    ciris,
    crontab,
    crontab_shape,
    gptme,
    json_objects,
    kubernetes,
    ofelia,
    recognised,
    systemd,
    systemd_units,
)
from scheduled.config.importers.aipass import DaemonFile
from scheduled.config.importers.findings import Findings, LeftOut, SourceKind
from scheduled.errors import ConfigError, UsageError
from scheduled.quick_classes import dataclass, field

_SIGNS = {SourceKind.AICO: {"scheduler", "tasks"}, SourceKind.GPTME: gptme.SIGNS}
"""Keys by one of which a file is recognised."""
ANACRONTAB = "anacrontab"
_HAS_TIMER = re.compile(rb"^\s*\[Timer\]\s*$", re.MULTILINE)
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
    name: str = ""
    """The name of the user who imports."""
    home: str = "/"
    specifiers: Mapping[str, str] = field(default_factory=dict)
    """What `%h` and others stand for in a unit of systemd's."""


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
        case SourceKind.OPENCLAW | SourceKind.HERMES:
            entries = json_objects.read(data, label, agent_jobs.LISTS)
            return agent_jobs.read(entries, kind, reader.now, reader.zone)
        case SourceKind.SYSTEMD:
            return _units(data, label, folder, reader)
        case SourceKind.KUBERNETES:
            return kubernetes.read(data, label)
        case SourceKind.OFELIA:
            return ofelia.read(data, label)
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


def has_timers(folder: Path) -> bool:
    """Whether a directory holds timers of systemd's."""
    return bool(systemd_units.timers(folder, "/"))


def read_timers(folder: Path, reader: Reader) -> Findings:
    """Return the jobs of the timers in a directory. Raise UsageError if there are none."""
    places = systemd_units.places_of(folder, reader.home)
    names = systemd_units.timers(folder, reader.home)
    if not names:
        raise UsageError(f"{folder}: no timer of systemd's in it, NAME.timer")
    return _of_timers(names, places, reader)


def _units(data: bytes, label: str, folder: Path, reader: Reader) -> Findings:
    """Return the jobs of a timer; `data` is its file, or what `systemctl cat` printed."""
    if label.endswith(".timer"):
        return _of_timers([label], systemd_units.places_of(folder, reader.home), reader)
    if label.endswith(".service"):
        timer = f"{label.removesuffix('.service')}.timer"
        if (folder / timer).exists():
            return _of_timers([timer], systemd_units.places_of(folder, reader.home), reader)
        raise UsageError(f"{label}: says what runs and not when; name its timer, {timer}")
    pairs = systemd_units.printed(data, label)
    if not pairs:
        raise UsageError(f"{label}: no timer in it; type: systemctl cat NAME.timer NAME.service")
    return _of_pairs(pairs, reader)


def _of_timers(names: Sequence[str], places: systemd_units.Places, reader: Reader) -> Findings:
    pairs, problems = [], []
    for name in names:
        try:
            pairs.append(systemd_units.load(name, places))
        except UsageError as error:
            if len(names) == 1:
                raise
            problems.append(systemd.unreadable(error, name))
    return _of_pairs(pairs, reader, problems)


def _of_pairs(
    pairs: Sequence[systemd_units.Pair], reader: Reader, problems: Sequence[LeftOut] = ()
) -> Findings:
    now = reader.now.astimezone(reader.zone)
    return systemd.read(
        pairs, reader.name, reader.specifiers, now, is_root=reader.is_root, problems=problems
    )


def names_users(path: Path) -> bool:
    """Whether this is a system crontab, whose lines name a user."""
    return path in SYSTEM_TABLES or path.parent in SYSTEM_TABLES


def _daemon_file(data: bytes, label: str, folder: Path) -> DaemonFile:
    """Return a file of AIPass's jobs: its branch is the directory that `.daemon` is in."""
    branch = folder.parent if folder.name == aipass_files.FOLDER else folder
    return DaemonFile(label, data, str(branch), branch.name.casefold() or "root")


def _kind_by_signs(data: bytes, label: str) -> SourceKind | None:
    """Return the kind of a file with a sign that no other has."""
    if label.endswith((".timer", ".service")) or _HAS_TIMER.search(data):
        return SourceKind.SYSTEMD
    if kind := agent_jobs.kind_of(data):
        return kind
    if kubernetes.is_manifest(data):
        return SourceKind.KUBERNETES
    return SourceKind.OFELIA if ofelia.is_ofelia(data) else None


def _kind_of(data: bytes, label: str) -> SourceKind:
    if kind := _kind_by_signs(data, label):
        return kind
    if advice := recognised.advice(data, label):
        raise UsageError(advice)
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
        f"{label}: not recognised as a crontab, an anacrontab, a timer of systemd, gptme's"
        " scheduler.yaml, AICO's core.yaml, the jobs of CIRIS, AIPass, OpenClaw, Hermes or ofelia,"
        " or a CronJob of Kubernetes;"
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
