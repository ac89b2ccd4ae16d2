"""The built-in jobs that look after the projects of GAIA's registry, as data."""

from scheduled.jobs.model import SYSTEM_ZONE, Job

TIMEOUT = 300.0


def _job(name: str, schedule: str, title: str, description: str) -> Job:
    return Job(
        id=name,
        schedule=schedule,
        timezone=SYSTEM_ZONE,
        handler=f"scheduled.handlers.gaia.{name}",
        name=title,
        description=description,
        timeout=TIMEOUT,
        max_retries=3,
        tags=("projects",),
    )


JOBS: tuple[Job, ...] = (
    _job(
        "project_health",
        "hourly",
        "Project health",
        "Look into every registered project and write PROJECTS.central.json",
    ),
    _job(
        "warden_scan",
        "daily",
        "Compliance of projects",
        "Check every registered project against the rules in its params",
    ),
    _job(
        "stale_cache",
        "every_15m",
        "Stale bytecode",
        "Count __pycache__ below every registered project; delete old *.pyc if configured",
    ),
)
