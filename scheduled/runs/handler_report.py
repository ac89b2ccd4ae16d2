"""What the process of a handler leaves beside its output: its result, or why there is none."""

import json
import os
from pathlib import Path
from typing import Any

from scheduled.errors import UnreadableFileError
from scheduled.jobs.model import Job
from scheduled.jobs.permissions import CONFINED
from scheduled.runs.executors.local import RESULT
from scheduled.system import files, private

LARGEST_REPORT = 1024 * 1024
"""How much a confined handler may return, remember and fire altogether."""


def read(path: Path, job: Job) -> dict[str, Any]:
    """Return what a handler's process left beside the output; {} if it left nothing complete.

    One that is confined may have written anything there.
    """
    try:
        result_path = path.with_suffix(RESULT)
        if job.level in CONFINED and os.lstat(result_path).st_size > LARGEST_REPORT:
            error = f"what the handler returned is larger than {LARGEST_REPORT // 1024**2} MiB"
            return {"error": error, "final": True}
        report = files.parse_json(private.read(result_path), result_path)
    except (OSError, UnreadableFileError):
        return {}
    if job.level in CONFINED and not _is_as_written(report):
        return {}
    return report if _is_report(report) else {}


def _is_as_written(report: Any) -> bool:
    """Return whether `handler_child` could have written this: it looks at what handlers return."""
    try:
        json.dumps(report, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    parts = report.values() if isinstance(report, dict) else ()
    is_result = isinstance(report, dict) and isinstance(report.get("result"), dict | None)
    return is_result and not any(map(files.is_too_deep, parts))


def _is_report(report: Any) -> bool:
    """Return whether a document has the shape in which `handler_child` writes it."""
    if not isinstance(report, dict) or not isinstance(report.get("seconds", 0.0), int | float):
        return False
    if "result" not in report:
        reasons = (report.get("not_now"), report.get("skipped"))
        return "error" in report or any(isinstance(reason, str) for reason in reasons)
    fired = report.get("events")
    return (
        isinstance(report.get("memory"), dict)
        and isinstance(fired, list)
        and all(isinstance(event, list) and len(event) == 2 for event in fired)
        and all(isinstance(data, dict) for _, data in fired)
    )
