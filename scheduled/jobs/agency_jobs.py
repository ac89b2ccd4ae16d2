"""The built-in jobs of AICO's agency, as data: bound to a command or a handler, they do its work.

They start only while the machine is idle. Until something is bound to them they skip their runs.
"""

from scheduled.jobs.model import SYSTEM_ZONE, Job, Priority

UNBOUND = "scheduled.handlers.maintenance.unbound"


def _job(name: str, schedule: str, description: str) -> Job:
    return Job(
        id=f"agency.{name}",
        schedule=schedule,
        timezone=SYSTEM_ZONE,
        handler=UNBOUND,
        description=description,
        priority=Priority.LOW,
        idle_only=True,
        tags=("agency",),
    )


JOBS: tuple[Job, ...] = (
    _job("background_learning", "*/30 * * * *", "Learn in the background; bind a command to it"),
    _job("memory_consolidation", "0 2 * * *", "Consolidate memories; bind a command to it"),
    _job("emotion_training", "0 3 * * 0", "Train the model of emotions; bind a command to it"),
    _job("personality_evolution", "0 4 1 * *", "Evolve the personality; bind a command to it"),
)
