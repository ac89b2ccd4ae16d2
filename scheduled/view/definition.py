"""A job's definition as it may be shown: without secrets."""

from dataclasses import fields
from typing import Any

from scheduled.jobs.model import Job
from scheduled.runs.masking import STARS, Mask, is_secret


def of_job(job: Job) -> dict[str, Any]:
    """Every field by its name; JSON values, the umask in octal digits.

    Values of variables that hold secrets are hidden, and wherever else they stand as well.
    """
    shown = {one.name: getattr(job, one.name) for one in fields(job)}
    mask = Mask(job.env)
    if mask:
        shown = mask.value(shown)
    shown["env"] = {
        name: STARS if is_secret(name) else mask.text(value) for name, value in job.env.items()
    }
    if job.umask is not None:
        shown["umask"] = f"{job.umask:03o}"
    return shown
