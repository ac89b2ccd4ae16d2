"""The built-in jobs of AICO's maintenance, as data: they look after files of this machine.

A job that has nothing to work on skips its runs.
"""

from scheduled.jobs.model import SYSTEM_ZONE, Job

_HANDLERS = "scheduled.handlers.maintenance"


def _job(name: str, schedule: str, description: str) -> Job:
    return Job(
        id=f"maintenance.{name}",
        schedule=schedule,
        timezone=SYSTEM_ZONE,
        handler=f"{_HANDLERS}.{name}",
        description=description,
        tags=("maintenance",),
    )


JOBS: tuple[Job, ...] = (
    _job("log_cleanup", "0 3 * * *", "Delete logs that are old, or too large together"),
    _job("health_check", "*/5 * * * *", "Check state, messages, disk and memory of this machine"),
    _job("database_vacuum", "0 5 * * 0", "Compact databases of SQLite that params.databases names"),
    _job("vector_optimization", "weekly", "Optimize vector stores, by params.stores or a command"),
)

BINDABLE = frozenset({"maintenance.vector_optimization"})
"""What it looks after may be of a kind that only a command of its own can optimize."""
