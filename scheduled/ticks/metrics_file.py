"""The metrics in a file: for `metrics --output`, and for full ticks where `metrics_file` is set."""

import os
from datetime import datetime
from pathlib import Path

from scheduled.config.load import Config
from scheduled.errors import reason_of
from scheduled.state.store import Store
from scheduled.system.folder import Folder
from scheduled.timing.timezones import zone_info
from scheduled.views import health, metrics, status
from scheduled.views.snapshot import Snapshot, observe


def text(snapshot: Snapshot) -> str:
    """Return the metrics of an installation."""
    worst, _ = health.judge(status.problems(snapshot))
    return metrics.text(snapshot, worst)


def publish(config: Config, store: Store, now: datetime) -> list[str]:
    """Write `metrics_file` after a tick; return a warning if that is impossible."""
    base = (config.places.config_path or config.places.root / "scheduled.yaml").parent
    path = base / os.path.expanduser(config.metrics_file)
    zone = zone_info(config.timezone)
    try:
        write(path, observe(config, store.state, now, zone, store.recovered))
    except OSError as error:
        return [f"metrics_file: {path}: cannot be written: {reason_of(error)}"]
    return []


def write(path: Path, snapshot: Snapshot) -> None:
    """Write the metrics to a file, aside and renamed, so that no reader finds half of it.

    Raises OSError.
    """
    data = text(snapshot).encode("utf-8", "replace")
    with Folder.made(path.parent) as folder, folder.found(path.name) as found:
        found.folder.replace(found.name, data)
