"""The page as HTML: for `page`, and for full ticks where the setting `page` names a file."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from scheduled.config import ownership
from scheduled.config.load import Config
from scheduled.errors import ScheduledError
from scheduled.state.store import Store
from scheduled.ticks import named_file
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info
from scheduled.views import answers
from scheduled.views.page import build
from scheduled.views.page.facts import Facts
from scheduled.views.snapshot import Snapshot, observe


def html(
    config: Config,
    store: Store,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    target: Path | None,
) -> str:
    """Return the page, which is going to be at `target`.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    return build.document(facts_of(config, store, snapshot, environ, target))


def facts_of(
    config: Config,
    store: Store,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    target: Path | None = None,
) -> Facts:
    """Return all that a page is made from."""
    return Facts(
        config=config,
        store=store,
        snapshot=snapshot,
        environ=environ,
        keep=ownership.is_owner(config, store),
        target=target,
        with_output=config.page.get("output", True),
        is_refreshed=target is not None and target == config.page_path,
        findings=answers.findings(config, store, snapshot, environ),
        host=os.uname().nodename,
    )


def publish(
    config: Config, store: Store, report: Report, now: datetime, environ: Mapping[str, str]
) -> None:
    """Write the page after a tick; that it cannot be written is noted in the report."""
    path = config.page_path

    def made() -> str:
        snapshot = observe(config, store.state, now, zone_info(config.timezone), store.recovered)
        return html(config, store, snapshot, environ, path)

    try:
        named_file.publish(report, "page", "page", path, made)
    except ScheduledError as error:
        report.warn_hourly(f"page: {path}: cannot be made: {error}")
    except Exception as error:  # noqa: BLE001 - a picture is no reason for a tick to fail
        report.warn_hourly(f"page: {path}: cannot be made: {type(error).__name__}: {error}")
