"""Parts that most configurations do not have: calendars, executors. Their code is loaded on use."""

from scheduled.config.all_jobs import AllJobs
from scheduled.config.parsed import ParsedConfig
from scheduled.config.paths import PathOptions, Paths
from scheduled.system.stamp_cache import StampCache
from scheduled.system.trusted import Trust


def applied(
    found: AllJobs,
    options: PathOptions,
    places: Paths,
    parsed: ParsedConfig,
    trust: Trust,
    unsaved: list[StampCache],
) -> AllJobs:
    """Return the jobs with their calendars, without those whose calendar or executor is missing."""
    jobs = (*found.jobs, *found.offered)
    if parsed.settings.get("calendars") or any(job.not_on or job.only_on for job in jobs):
        from scheduled.config import calendars

        found = calendars.applied(found, calendars.Source(options, places, parsed, trust, unsaved))
    if any(job.executor or job.resources for job in jobs):
        from scheduled.config import executors

        declared = parsed.settings.get("executors", {})
        found = executors.applied(found, declared, parsed.wrong_executors)
    return found
