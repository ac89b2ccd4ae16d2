"""Cron with a memory: a one-shot scheduler for system cron, with its state in JSON files.

The names below are those of `scheduled.api`, imported on first use: an idle tick imports
this package, and would pay for all of it.

PYTEST_DONT_REWRITE: pytest would warn a program that has imported this, and then calls it.
"""

__all__ = [
    "Bus",
    "Config",
    "Decision",
    "HistoryRow",
    "Job",
    "Outcome",
    "Report",
    "ScheduledError",
    "Status",
    "Verdict",
    "Why",
    "define",
    "history",
    "job",
    "jobs_in",
    "load",
    "pause",
    "preview",
    "resume",
    "run",
    "status",
    "why",
    "with_jobs",
]

TYPE_CHECKING = False  # as in `typing`, whose import would cost more than all of this
if TYPE_CHECKING:
    from scheduled.api import (
        Bus,
        Config,
        Decision,
        HistoryRow,
        Job,
        Outcome,
        Report,
        ScheduledError,
        Status,
        Verdict,
        Why,
        define,
        history,
        job,
        jobs_in,
        load,
        pause,
        preview,
        resume,
        run,
        status,
        why,
        with_jobs,
    )
    from scheduled.version import __version__ as __version__


def __getattr__(name: str) -> object:
    if name == "__version__":
        from scheduled import version

        return version.__version__
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scheduled import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
