"""All handlers that are no part of this program: those of directories, then those of packages.

What a person has written keeps its name: a package whose handler or job has it as well yields.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from scheduled.config import cache, handler_files, installed_packages
from scheduled.config.handler_files import HandlerScan
from scheduled.config.parsed import Offer, ParsedConfig
from scheduled.jobs.model import Job
from scheduled.quick_classes import replace
from scheduled.system.trusted import Trust


def find(
    parsed: ParsedConfig,
    timeout: float,
    config_path: Path | None,
    environ: Mapping[str, str],
    file_for: Callable[[str], cache.CacheFile],
    trust: Trust,
) -> HandlerScan:
    """Return the handlers on offer under the settings in `parsed`.

    A job without a zone or a timeout has that of `parsed`, and `timeout`, in seconds. Results are
    kept in the files that `file_for` names. Raise ConfigError for the home directory of an unknown
    user.
    """
    scan = HandlerScan()
    if config_path is not None:
        file = file_for("handlers")
        scan = handler_files.load(parsed, timeout, config_path, environ, file, trust)
    kept = file_for("package-handlers")
    known = installed_packages.Known(kept.path.parent, kept.unsaved)
    offer = Offer()
    problems: tuple[str, ...] = ()
    if known.entry_points or known.former:
        from scheduled.config import handler_packages  # nearly nobody has such packages

        offer, problems = handler_packages.load(parsed, timeout, known, kept, trust, scan.handlers)
    return replace(
        scan,
        handlers=scan.handlers + offer.handlers,
        unusable=offer.unusable,
        problems=scan.problems + problems,
        stamps={**scan.stamps, **known.stamps},
    )


def unchanged_jobs(offer: Offer, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Return those of `jobs` that packages bring, and that nobody has written anything about."""
    places = {handler.name: handler.place for handler in offer.handlers if handler.package}
    return tuple(job for job in jobs if job.source == places.get(job.id)) if places else ()
