"""The page as HTML: for `page`, and for full ticks where the setting `page` names a file."""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from pathlib import Path

from scheduled.config import ownership
from scheduled.config.load import Config
from scheduled.errors import ScheduledError
from scheduled.state.store import Store
from scheduled.system import files
from scheduled.system.text import one_line
from scheduled.ticks import named_file
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info
from scheduled.views import answers
from scheduled.views.page import build
from scheduled.views.page.facts import Facts
from scheduled.views.snapshot import Snapshot, observe

_HEAD = 4096
"""Bytes in which a page names its root."""
_ROOT = re.compile(r'<meta name="scheduled-root" content="([^"]*)">')


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


def of_another(path: Path | None, root: Path) -> str:
    """Return whose page a file is, if not that of `root`, and what to do; else ''.

    That of a root which is gone, or was moved, may be replaced.
    """
    if path is None or not path.is_file():
        return ""
    try:
        with files.opened(path, os.O_RDONLY) as descriptor:
            head = os.read(descriptor, _HEAD).decode("utf-8", "replace")
    except OSError:
        return ""
    match = _ROOT.search(head)
    other = unescape(match[1]) if match else ""
    if not other or other == str(root).encode("utf-8", "replace").decode() or not _exists(other):
        return ""
    return f"is the page of {one_line(other)}; name another file for this one, or delete that"


def _exists(folder: str) -> bool:
    try:
        return os.path.isdir(folder)
    except ValueError:
        return False


def publish(
    config: Config, store: Store, report: Report, now: datetime, environ: Mapping[str, str]
) -> None:
    """Write the page after a tick; that it cannot be written is noted in the report."""
    path = config.page_path
    if whose := of_another(path, config.places.root):
        report.warn_hourly(f"page: {path}: {whose}")
        return

    def made() -> str:
        snapshot = observe(config, store.state, now, zone_info(config.timezone), store.recovered)
        return html(config, store, snapshot, environ, path)

    try:
        named_file.publish(report, "page", "page", path, made)
    except ScheduledError as error:
        report.warn_hourly(f"page: {path}: cannot be made: {error}")
    except Exception as error:  # noqa: BLE001 - a picture is no reason for a tick to fail
        report.warn_hourly(f"page: {path}: cannot be made: {type(error).__name__}: {error}")
