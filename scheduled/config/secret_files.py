"""Files with secrets and certificates that channels, subscribers and pings name, and their state.

They are looked for on this machine. A tick does not ask: what needs one says so when it does.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scheduled.config.load import Config
from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import channel_kinds
from scheduled.notify.channel import ChannelContext, Settings
from scheduled.notify.http_post import HttpPost
from scheduled.notify.kinds import Kind
from scheduled.notify.secrets import Secrets
from scheduled.system.text import excerpt

_SECONDS = 10.0


def problems(
    config: Config, environ: Mapping[str, str], *, is_of_ticks: bool = False
) -> Iterator[str]:
    """Yield why channels, subscribers and pings cannot be used.

    `is_of_ticks` says that ticks have this environment, so that what is not set there is missing.
    """
    context = _context(config, environ)
    for key, told in (("notify", config.notify), ("subscribe", config.subscribe)):
        for name, settings in told.items():
            for sentence in _of_channel(name, settings, context, is_of_ticks):
                yield f"{config.origins[key]}: {key}.{excerpt(name)}: {sentence}"
    for sentence in _of_ping(config.ping, context, is_of_ticks):
        yield f"{config.origins['ping']}: ping: {sentence}"
    for job in config.jobs:
        for sentence in _of_ping(job.ping, context, is_of_ticks):
            yield f"{job.source}: {job.id}: ping: {sentence}"


def _of_channel(
    name: str, settings: Settings, context: ChannelContext, is_of_ticks: bool
) -> list[str]:
    found = _of_files(settings, context)
    if found or settings["kind"] == Kind.MAILBOX or not (is_of_ticks or _is_whole(settings)):
        return found
    try:
        channel_kinds.make(name, settings, Secrets(settings, context), context)
    except (ScheduledError, OSError) as error:
        return [_reason(error)]
    return []


def _of_ping(settings: Mapping[str, Any], context: ChannelContext, is_of_ticks: bool) -> list[str]:
    found = _of_files(settings, context)
    if found or not settings or not (is_of_ticks or _is_whole(settings)):
        return found
    try:
        HttpPost(Secrets(settings, context), _SECONDS)
    except (ScheduledError, OSError) as error:
        return [_reason(error)]
    return []


def _is_whole(settings: Mapping[str, Any]) -> bool:
    """Return whether nothing of it is in a variable."""
    return not any(key.endswith("_env") for key in settings)


def _of_files(settings: Mapping[str, Any], context: ChannelContext) -> list[str]:
    """Return why files with secrets or certificates cannot be read, each by itself."""
    found = []
    for key in settings:
        if key.endswith("_file"):
            try:
                Secrets({key: settings[key]}, context)
            except (ScheduledError, OSError) as error:
                found.append(_reason(error))
    return found


def _reason(error: Exception) -> str:
    return reason_of(error) if isinstance(error, OSError) else str(error)


def _context(config: Config, environ: Mapping[str, str]) -> ChannelContext:
    places = config.places
    return ChannelContext(
        places.root,
        places.central_dir,
        UTC,
        datetime.fromtimestamp(0, UTC),
        config.notify,
        environ,
        _folder(config),
        config.trust,
    )


def _folder(config: Config) -> Path:
    return config.places.config_folder
