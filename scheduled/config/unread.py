"""What is known where the configuration cannot be read: the places, and what the machine says."""

from collections.abc import Sequence

from scheduled.config import paths
from scheduled.config.load import DEFAULTS, Config
from scheduled.config.paths import PathOptions
from scheduled.errors import ScheduleError
from scheduled.system import machine


def without_jobs(options: PathOptions, problems: Sequence[str]) -> Config:
    """Return a configuration without jobs, and with the defaults for all else.

    Only for a state of which is known that it belongs to these places.
    """
    settings = {**DEFAULTS, "host": machine.named_host(options.environ) or None}
    return Config(
        places=paths.find(options),
        jobs=(),
        timezone=_zone(options),
        problems=tuple(problems),
        sources=(),
        has_all_channels=False,
        zone_is_local=True,
        **settings,
    )


def _zone(options: PathOptions) -> str:
    from scheduled.timing.local_zone import local_zone

    try:
        return local_zone(options.environ).name
    except ScheduleError:
        return "UTC"
