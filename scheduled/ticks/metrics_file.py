"""The metrics in a file: for `metrics --output`, and for full ticks where `metrics_file` is set."""

from datetime import datetime
from pathlib import Path

from scheduled.config.load import Config
from scheduled.errors import is_no_space, reason_of
from scheduled.state.store import Store
from scheduled.system.folder import Folder
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info
from scheduled.views import health, metrics, status
from scheduled.views.snapshot import Snapshot, observe


def text(snapshot: Snapshot) -> str:
    """Return the metrics of an installation."""
    worst, _ = health.judge(status.problems(snapshot))
    return metrics.text(snapshot, worst)


def publish(config: Config, store: Store, report: Report, now: datetime) -> None:
    """Write `metrics_file` after a tick; that it cannot be written is noted in the report.

    A directory that is missing is a problem of the configuration already.
    """
    path = config.metrics_path
    if path is None or not path.parent.is_dir():
        return
    zone = zone_info(config.timezone)
    try:
        write(path, observe(config, store.state, now, zone, store.recovered))
    except OSError as error:
        sentence = f"metrics_file: {path}: cannot be written: {reason_of(error)}"
        if is_no_space(error):
            report.note_space("metrics", path.parent, sentence)
        else:
            report.warn_hourly(sentence)
    else:
        report.note_space("metrics", path.parent, "")


def write(path: Path, snapshot: Snapshot) -> None:
    """Write the metrics to a file, aside and renamed, so that no reader finds half of it.

    Raises OSError, also where the directory is missing.
    """
    data = text(snapshot).encode("utf-8", "replace")
    with Folder.open(path.parent) as folder, folder.found(path.name) as found:
        found.folder.replace(found.name, data)
