"""What is wrong with the text of a configuration file that is not installed yet.

It is checked as the loader would check it in the place of the file that it is to replace.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from scheduled.config import (
    conflicts,
    job_file_editor,
    job_limits,
    load,
    validate,
    yaml_document,
)
from scheduled.config.load import Config
from scheduled.config.paths import PathOptions
from scheduled.errors import ConfigError, UsageError, reason_of
from scheduled.jobs.model import Job
from scheduled.quick_classes import NamedTuple, replace
from scheduled.system import files

EMPTY = "the file is empty; `scheduled delete` and `scheduled disable` end a job"


class Checked(NamedTuple):
    """What a check of a text has found."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Mistakes that keep no job from running."""
    is_fatal: bool = False
    """Whether no job runs."""

    def without(self, known: "Checked") -> "Checked":
        """Return what is not known already, on whatever line it stood."""
        old = {_placeless(text) for text in (*known.problems, *known.warnings)}
        problems, warnings = (
            tuple(text for text in texts if _placeless(text) not in old)
            for texts in (self.problems, self.warnings)
        )
        return Checked(problems, warnings, self.is_fatal)


Check = Callable[[bytes], Checked]


def of_job_file(config: Config, data: bytes, label: str) -> Checked:
    """Check the text of a job file, which messages call `label`."""
    if not data.strip():
        return Checked((f"{label}: {EMPTY}",))
    try:
        document = yaml_document.parse(data, label)
        file = validate.validate_job_file(document, label, job_file_editor.defaults_of(config))
    except ConfigError as error:
        return Checked(error.problems)
    problems = [*file.problems]
    taken = {id_: place for id_, place in config.taken.items() if not place.startswith(f"{label}:")}
    others = [job for job in config.jobs if not job.source.startswith(f"{label}:")]
    if file.id in conflicts.BUILTIN_IDS:
        problems.append(f"{label}: id: {file.id}: is the id of a built-in job; choose another")
    elif file.id in taken:
        problems.append(f"{label}: id: {file.id}: is already used by {taken[file.id]}")
    elif file.job is not None:
        problems += _beside(file.job, others, config, label)
    return Checked(tuple(problems), tuple(file.warnings))


def _beside(job: Job, others: list[Job], config: Config, label: str) -> Iterator[str]:
    """Yield what is wrong with a job beside the others, and the calendars that there are."""
    job, unknown = job_file_editor.with_calendars(job, config)
    if unknown:
        yield f"{label}: {unknown}"
        return
    found = conflicts.dependency_problems([*others, job])
    yield from (f"{label}: {name}: {text}" for name, text in found.items())
    limits = {key: getattr(config, key) for key in job_limits.LIMITS}
    if refusal := job_limits.refusal(others, limits, job):
        yield refusal


def of_configuration(options: PathOptions, path: Path, data: bytes) -> Checked:
    """Check the text of `scheduled.yaml` at `path`, from a file beside it that is then removed.

    Raise UsageError if no such file can be made.
    """
    if not data.strip():
        return Checked((f"{path.name}: {EMPTY}",))
    beside = path.with_name(files.name_beside(path.name))
    try:
        files.create(beside, data, mode=0o600)
    except OSError as error:
        raise UsageError(f"{path.parent}: cannot be written to: {reason_of(error)}") from error
    try:
        return _renamed(_loaded(replace(options, config=str(beside))), beside.name, path.name)
    finally:
        os.unlink(beside)


def _loaded(options: PathOptions) -> Checked:
    try:
        config = load.load(options)
    except ConfigError as error:
        return Checked(error.problems, is_fatal=True)
    return Checked(config.problems, config.warnings)


def _renamed(checked: Checked, name: str, right: str) -> Checked:
    def of(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text.replace(name, right) for text in texts)

    return Checked(of(checked.problems), of(checked.warnings), checked.is_fatal)


def _placeless(text: str) -> str:
    return re.sub(r":\d+", "", text)
