"""Everything about one job: `show JOB --json`."""

from typing import Any

from scheduled.jobs.model import Job
from scheduled.planning import decide
from scheduled.planning.slot_cache import Sky
from scheduled.runs import output_files
from scheduled.view import definition, jobs, upcoming
from scheduled.view.picture import Picture

NEXT_SHOWN = 5
LINES_SHOWN = 10


def document(picture: Picture, job: Job) -> dict[str, Any]:
    """`show JOB --json`."""
    above = Sky.at(picture.now)
    decision = decide.decide(job, picture.record(job.id), above, picture.late_after)
    row = jobs.row(picture, decision, above)
    entry = dict(picture.entry(job.id))
    kept = output_files.newest(picture.state_dir, job.id)
    return {
        "job": row,
        "definition": {
            name: value for name, value in definition.of_job(job).items() if name not in row
        },
        "last": entry.pop("last", None),
        "state": entry,
        "next": upcoming.of_job(picture, job, NEXT_SHOWN)["next"],
        "output": {
            "run_id": kept.run_id,
            "path": str(kept.path),
            "lines": kept.tail(LINES_SHOWN),
        }
        if kept
        else None,
    }
