"""Folders of job files: which there are, which changed, and what came of each.

A file is one job, in gptme's format with our policies beside it. What is wrong with a file stops
that file alone. As long as nothing changed, this costs a look at each file's stamp: no YAML is
read, and none is imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scheduled import builtin, machine, places
from scheduled.config import cache
from scheduled.config.claims import clashing
from scheduled.config.draft import Draft, Reading
from scheduled.config.folders import File, Folder, Kind, all_listed, label, named
from scheduled.errors import ConfigError
from scheduled.files import Stamp, stamp
from scheduled.model import Job
from scheduled.places import Asked, Start
from scheduled.version import __version__

DEFAULT = "jobs"
"""The folder's name where none is configured: beside the configuration, else in the root."""
KIND = Kind("jobs", (".yaml", ".yml"))


@dataclass(frozen=True)
class Found:
    """What all the folders hold."""

    jobs: tuple[Job, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The ids of files whose job does not run, each with its place."""
    warnings: tuple[str, ...] = ()
    """Keys nobody knows: gptme allows them, so they stop nothing."""
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    """Those of every folder and file looked at, from before that."""


def folders(asked: Asked, begun: Start, root: Path, draft: Draft) -> tuple[Folder, ...]:
    """Where job files are looked for; without a word about it in the configuration, in `jobs`.

    Raises ConfigError for the home folder of a user nobody has.
    """
    config_path = begun.config_path
    if config_path is not None and "jobs_dirs" in draft.settings:
        return named("jobs_dirs", draft, config_path, asked.environ)
    beside = [config_path.parent] if config_path is not None else []
    paths = dict.fromkeys(base / DEFAULT for base in (*beside, root))
    present = [path for path in paths if path.is_dir()]
    # One that is not there is looked at as well: it may appear, and would come first.
    until = [*paths].index(present[0]) + 1 if present else len(paths)
    return tuple(Folder(path, label(path, path.parent)) for path in [*paths][:until])


def load(folders: Sequence[Folder], draft: Draft, timeout: float, kept: Path) -> Found:
    """The jobs in `folders`, beside those of the configuration in `draft`, whose ids are taken.

    A job that does not say has the draft's zone and `timeout`, in seconds. `kept` is the file
    that spares the reading next time.
    """
    stamps = {str(folder.path): stamp(folder.path) for folder in folders}
    files, problems = all_listed(folders, KIND)
    key = _key(folders, draft, timeout)
    readings = cache.refreshed(kept, key, files, lambda file: _read(file, key), FORM)
    problems += [sentence for one in readings for sentence in one.problems]
    claims = ((one.id, one.place) for one in readings if one.id)
    clashes = dict(clashing(claims, _taken(draft), "id"))
    return Found(
        jobs=tuple(one.job for one in readings if one.job and one.id not in clashes),
        problems=(*problems, *(sentence for group in clashes.values() for sentence in group)),
        left_out={
            one.id: one.place for one in readings if one.id and (not one.job or one.id in clashes)
        },
        warnings=tuple(sentence for one in readings for sentence in one.warnings),
        stamps=stamps | {one.path: one.stamp for one in files},
    )


def _row(reading: Reading) -> cache.Row | None:
    if reading.job is None:
        return None  # read again each time: what is missing may come without a change to the file
    return [cache.row_of(reading.job), reading.warnings]


def _reading(row: cache.Row) -> Reading:
    job = cache.job_of(row[0])
    return Reading(job.id, job.source, job, warnings=tuple(row[1]))


FORM = cache.Form(_row, _reading)


def _key(folders: Sequence[Folder], draft: Draft, timeout: float) -> cache.Key:
    """What the jobs depend on besides their files."""
    return {
        "version": __version__,
        "folders": [[str(folder.path), folder.label] for folder in folders],
        "timezone": draft.timezone,
        "timeout": timeout,
        "machine": machine.mark(),  # for what was drawn on it
        "handlers": draft.targets,
    }


def _read(file: File, key: cache.Key) -> Reading:
    from scheduled.config import check, source

    try:
        document = source.read(Path(file.path), file.label)
    except ConfigError as error:
        return Reading(problems=error.problems)
    return check.job_file(
        document, file.label, check.Defaults(key["timezone"], key["timeout"], key["handlers"])
    )


def _taken(draft: Draft) -> dict[str, str]:
    """The ids a job file may not have, each with the reason."""
    elsewhere = {one.name: one.place for one in draft.handlers if one.claims}
    elsewhere |= {job.id: job.source for job in draft.jobs} | dict(draft.left_out)
    shipped = "is that of a shipped job, which stays as it is; to change that, use jobs: in"
    return {
        id_: f"is that of {place} as well; the one in this file does not run"
        for id_, place in elsewhere.items()
    } | {job.id: f"{shipped} {places.CONFIG_NAME}" for job in builtin.JOBS}
