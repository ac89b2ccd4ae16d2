"""Folders of job files: which there are, which changed, and what came of each.

A file is one job, in gptme's format with our policies beside it. What is wrong with a file stops
that file alone. As long as nothing changed, this costs a look at each file's stamp: no YAML is
read, and none is imported.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scheduled import __version__, builtin, machine, places
from scheduled.config import cache, guard
from scheduled.config.draft import Draft, Reading
from scheduled.errors import ConfigError
from scheduled.files import Stamp, stamp, stamp_of
from scheduled.model import Job
from scheduled.places import Asked, Start

DEFAULT = "jobs"
"""The folder's name where none is configured: beside the configuration, else in the root."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Folder:
    """A folder that job files are looked for in."""

    path: Path
    label: str
    """What messages call it: `jobs`."""
    named_at: str = ""
    """Where it was asked for, `scheduled.yaml:3: jobs_dirs`; empty if by nobody."""


@dataclass(frozen=True)
class Found:
    """What all the folders hold."""

    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Keys nobody knows: gptme allows them, so they stop nothing."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of every folder and file looked at, from before that."""


@dataclass(frozen=True)
class _File:
    path: str
    label: str
    stamp: Stamp | None
    refusal: str = ""
    """Why it must not be read."""


def folders(asked: Asked, begun: Start, root: Path, draft: Draft) -> tuple[Folder, ...]:
    """Where job files are looked for; without a word about it in the configuration, in `jobs`.

    Raises UsageError for the home folder of a user nobody has.
    """
    config_path = begun.config_path
    if config_path is not None and "jobs_dirs" in draft.settings:
        return _named(draft, config_path, asked.environ)
    beside = [config_path.parent] if config_path is not None else []
    paths = dict.fromkeys(base / DEFAULT for base in (*beside, root))
    present = [path for path in paths if path.is_dir()]
    # One that is not there is looked at as well: it may appear, and would come first.
    until = [*paths].index(present[0]) + 1 if present else len(paths)
    return tuple(Folder(path, _label(path, path.parent)) for path in [*paths][:until])


def _named(draft: Draft, config_path: Path, environ: Mapping[str, str]) -> tuple[Folder, ...]:
    base = config_path.parent
    named_at = f"{config_path.name}:{draft.lines['jobs_dirs']}: jobs_dirs"
    texts = draft.settings["jobs_dirs"]
    paths = dict.fromkeys(places.resolved(text, base, environ) for text in texts)
    return tuple(Folder(path, _label(path, base), named_at) for path in paths)


def _label(path: Path, base: Path) -> str:
    """A folder as a person would write it who stands in `base`."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def load(folders: Sequence[Folder], draft: Draft, timeout: float, kept: Path) -> Found:
    """The jobs in `folders`, beside those of the configuration in `draft`, whose ids are taken.

    A job that does not say has the draft's zone and `timeout`, in seconds. `kept` is the file
    that spares the reading next time.
    """
    stamps = {str(folder.path): stamp(folder.path) for folder in folders}
    files: list[_File] = []
    problems: list[str] = []
    for folder in folders:
        try:
            files += _listed(folder)
        except ConfigError as error:
            problems += error.problems
    readings = _readings(files, _key(folders, draft, timeout), kept)
    problems += [one.refusal for one in files if one.refusal]
    problems += [sentence for one in readings for sentence in one.problems]
    clashes = dict(_clashes(readings, _taken(draft)))
    return Found(
        jobs=tuple(one.job for one in readings if one.job and one.id not in clashes),
        problems=(*problems, *(sentence for group in clashes.values() for sentence in group)),
        warnings=tuple(sentence for one in readings for sentence in one.warnings),
        stamps=stamps | {one.path: one.stamp for one in files},
    )


def _listed(folder: Folder) -> list[_File]:
    """The job files of a folder, by name. Raises ConfigError if none of them may be followed."""
    try:
        refusals = guard.folder_problems(folder.path)
        if refusals:
            raise ConfigError(refusals)
        # In a sticky folder that everybody can write to, it depends on whose each file is.
        is_open = bool(os.stat(folder.path).st_mode & guard.OTHERS)
        with os.scandir(folder.path) as entries:
            named = sorted((one for one in entries if _is_named_so(one.name)), key=lambda e: e.name)
        return [file for one in named for file in _looked_at(folder, one, is_open=is_open)]
    except (FileNotFoundError, NotADirectoryError):
        if not folder.named_at:
            return []
        sentence = f"{folder.named_at}: {folder.path}: no such folder; none of its jobs runs"
        raise ConfigError([sentence]) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ConfigError([f"{folder.path}: {reason}; none of its jobs runs"]) from error


def _is_named_so(name: str) -> bool:
    return name.endswith(SUFFIXES) and not name.startswith(".")


def _looked_at(folder: Folder, entry: os.DirEntry[str], *, is_open: bool) -> Iterator[_File]:
    """A file with its stamp, or nothing for one that has gone since the folder was read."""
    label = _printable(f"{folder.label}/{entry.name}")
    is_link = entry.is_symlink()
    try:
        status = entry.stat()
    except FileNotFoundError:
        if is_link:
            yield _File(entry.path, label, None, f"{label}: a link that leads nowhere")
        return
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        yield _File(entry.path, label, None, f"{label}: {reason}")
        return
    refusal = ""
    if not stat.S_ISREG(status.st_mode):
        refusal = f"{label}: not a file"
    elif is_link or is_open or status.st_mode & guard.OTHERS:
        refusal = "; ".join(guard.problems(Path(entry.path)))
    yield _File(entry.path, label, stamp_of(status), refusal)


def _printable(name: str) -> str:
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def _key(folders: Sequence[Folder], draft: Draft, timeout: float) -> cache.Key:
    """What the jobs depend on besides their files."""
    return {
        "version": __version__,
        "folders": [[str(folder.path), folder.label] for folder in folders],
        "timezone": draft.timezone,
        "timeout": timeout,
        "machine": machine.identity(),  # for what was drawn on it
    }


def _readings(files: Sequence[_File], key: cache.Key, kept: Path) -> list[Reading]:
    """What each file that may be read says, in their order, read anew only where it changed."""
    before = cache.read_files(kept, key) if files else {}
    now: cache.Readings = {}
    for file in files:
        if file.refusal or file.stamp is None:
            continue
        known = before.get(file.path)
        is_same = known is not None and known[0] == file.stamp
        now[file.path] = known if known and is_same else (file.stamp, _read(file, key))
    worth_keeping = {path: one for path, one in now.items() if one[1].job is not None}
    if worth_keeping != before:
        cache.write_files(kept, key, worth_keeping)
    return [reading for _, reading in now.values()]


def _read(file: _File, key: cache.Key) -> Reading:
    from scheduled.config import check, source

    try:
        document = source.read(Path(file.path), file.label)
    except ConfigError as error:
        return Reading(problems=error.problems)
    return check.job_file(document, file.label, key["timezone"], key["timeout"])


def _taken(draft: Draft) -> dict[str, str]:
    """The ids a job file may not have, each with the reason."""
    elsewhere = {job.id: job.source for job in draft.jobs} | dict(draft.left_out)
    shipped = "is that of a shipped job, which stays as it is; to change that, use jobs: in"
    return {
        id_: f"is that of {place} as well; the one in this file does not run"
        for id_, place in elsewhere.items()
    } | {job.id: f"{shipped} {places.CONFIG_NAME}" for job in builtin.JOBS}


def _clashes(
    readings: Sequence[Reading], taken: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """The ids that are claimed more than once, each with what to tell about it."""
    claims: dict[str, list[Reading]] = {}
    for one in readings:
        if one.id:
            claims.setdefault(one.id, []).append(one)
    for id_, claimants in claims.items():
        reason, later = taken.get(id_, ""), claimants
        if not reason and len(claimants) > 1:
            reason = f"is that of {claimants[0].place} as well; neither of them runs"
            later = claimants[1:]
        if reason:
            shown = _printable(id_[:100])
            yield id_, [f'{one.place}: id: "{shown}" {reason}' for one in later]
