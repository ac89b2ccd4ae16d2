"""Cron with a memory: a one-shot scheduler for system cron, with its state in JSON files.

The names below are those of `scheduled.api`, imported when one of them is first asked for: an
idle tick imports this package, and would pay for all of it.
"""

__version__ = "0.1.0"

__all__ = [
    "Bus",
    "Config",
    "Decision",
    "Job",
    "Outcome",
    "Report",
    "ScheduledError",
    "Verdict",
    "define",
    "job",
    "jobs_in",
    "load",
    "preview",
    "run",
    "with_jobs",
]

TYPE_CHECKING = False  # as in `typing`, whose import would cost more than all of this
if TYPE_CHECKING:
    from scheduled.api import (
        Bus,
        Config,
        Decision,
        Job,
        Outcome,
        Report,
        ScheduledError,
        Verdict,
        define,
        job,
        jobs_in,
        load,
        preview,
        run,
        with_jobs,
    )


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scheduled import api

    return getattr(api, name)
