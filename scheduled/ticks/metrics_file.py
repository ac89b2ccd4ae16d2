"""The metrics as text: for `metrics`, and for full ticks where `metrics_file` is set."""

from datetime import datetime

from scheduled.config.load import Config
from scheduled.state.store import Store
from scheduled.ticks import named_file
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info
from scheduled.views import health, metrics, status
from scheduled.views.snapshot import Snapshot, observe


def text(snapshot: Snapshot) -> str:
    """Return the metrics of an installation."""
    worst, _ = health.judge(status.problems(snapshot))
    return metrics.text(snapshot, worst)


def publish(config: Config, store: Store, report: Report, now: datetime) -> None:
    """Write `metrics_file` after a tick; that it cannot be written is noted in the report."""

    def made() -> str:
        zone = zone_info(config.timezone)
        return text(observe(config, store.state, now, zone, store.recovered))

    named_file.publish(report, "metrics_file", "metrics", config.metrics_path, made)
