"""Everything about one job: `show JOB --json`."""

from collections.abc import Mapping
from typing import Any

from scheduled.jobs.model import Job
from scheduled.notify import masked
from scheduled.quick_classes import fields
from scheduled.runs import output_files
from scheduled.system.masking import STARS, Mask, is_secret
from scheduled.views import jobs, upcoming
from scheduled.views.snapshot import Snapshot

NEXT_SHOWN = 5
LINES_SHOWN = 10
JSON_NAMES = {"memory_section": "remembers_in", "last_run_key": "noted_as"}
"""Fields that have another name in JSON, which stays as it was."""
UNSAID = ("calendars",)
"""Fields that hold what others name."""


def definition(job: Job) -> dict[str, Any]:
    """Return every field by its name in JSON; the umask in octal digits.

    Values of variables that hold secrets are hidden, there and wherever else they occur.
    """
    names = [field.name for field in fields(job) if field.name not in UNSAID]
    return as_json({JSON_NAMES.get(name, name): getattr(job, name) for name in names})


def as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a job, or of `defaults`, as JSON has them: without secrets."""
    env = fields.get("env", {})
    mask = Mask(env)
    values: dict[str, Any] = mask.value(fields) if mask else dict(fields)
    if "env" in fields:
        values["env"] = {
            name: STARS if is_secret(name) else mask.text(value) for name, value in env.items()
        }
    if "ping" in fields:
        values["ping"] = masked.settings(fields["ping"])
    if fields.get("umask") is not None:
        values["umask"] = f"{fields['umask']:03o}"
    return values


def document(snapshot: Snapshot, job: Job) -> dict[str, Any]:
    """Return `show JOB --json`."""
    row = jobs.row(snapshot, job)
    entry = dict(snapshot.entry(job.id))
    output_file = output_files.newest(snapshot.state_dir, job.id)
    return {
        "job": row,
        "definition": {name: value for name, value in definition(job).items() if name not in row},
        "last": entry.pop("last", None),
        "state": entry,
        "next": upcoming.of_job(snapshot, job, NEXT_SHOWN)["next"],
        "output": {
            "run_id": output_file.run_id,
            "path": str(output_file.path),
            "lines": output_file.tail(LINES_SHOWN),
        }
        if output_file
        else None,
    }
