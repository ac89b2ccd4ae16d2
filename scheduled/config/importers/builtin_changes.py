"""Built-in jobs of another scheduler's file, as `jobs:` of the configuration has them (pure)."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from scheduled.config import validate, yaml_document
from scheduled.config.importers.findings import ImportedJob, LeftOut
from scheduled.config.job_file_editor import NewJobFile
from scheduled.config.load import Config
from scheduled.config.yaml_writer import text_of
from scheduled.errors import ConfigError
from scheduled.jobs import builtin
from scheduled.timing.local_zone import LocalZone

Checked = tuple[list[tuple[ImportedJob, NewJobFile]], list[LeftOut]]


def check(changes: Iterable[ImportedJob], config: Config, path: Path) -> Checked:
    """Return the changes that the configuration at `path` may have, and why others may not.

    The text of a file is an entry of `jobs:`.
    """
    accepted: list[tuple[ImportedJob, NewJobFile]] = []
    refused: list[LeftOut] = []
    known = {job.id: job.source for job in config.jobs if job.source != builtin.BUILT_IN}
    for change in changes:
        id_ = str(change.fields["id"])
        if id_ in known:
            reason = f"already configured: {known[id_].removeprefix('built-in, ')}"
            refused.append(LeftOut(change.line, change.text, reason))
            continue
        try:
            file = _entry(id_, change.fields, config, path)
        except ConfigError as error:
            refused += [LeftOut(change.line, change.text, reason) for reason in error.problems]
        else:
            accepted.append((change, file))
            known[id_] = f"line {change.line}"
    return accepted, refused


def _entry(id_: str, fields: Mapping[str, Any], config: Config, path: Path) -> NewJobFile:
    """Return the entry of a job. Raise ConfigError with what is wrong with it."""
    keys = {name: value for name, value in fields.items() if name != "id"}
    text = f"{id_}:\n{indent(text_of(keys), '  ')}"
    document = yaml_document.parse(f"jobs:\n{indent(text, '  ')}".encode(), path.name)
    zone, timeout = LocalZone(config.timezone), config.default_timeout
    parsed = validate.validate_config(
        document, path.name, lambda: zone, timeout, lambda _: config.offer
    )
    place = re.compile(rf"{re.escape(path.name)}:\d+: (?:jobs\.{re.escape(id_)}(?:\.|: ))?")
    if parsed.problems:
        raise ConfigError([place.sub("", problem, count=1) for problem in parsed.problems])
    job = next(job for job in parsed.jobs if job.id == id_)
    return NewJobFile(path, path.name, text, job, fields)
