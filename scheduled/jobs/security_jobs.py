"""The built-in job that rotates keys, as data."""

from scheduled.jobs.model import SYSTEM_ZONE, Job

JOBS: tuple[Job, ...] = (
    Job(
        id="security.key_rotation",
        schedule="0 1 1 * *",
        timezone=SYSTEM_ZONE,
        handler="scheduled.handlers.maintenance.key_rotation",
        description="Rotate the keys of a key ring, and re-encrypt the files it is for",
        max_retries=3,
        tags=("security",),
    ),
)
