"""The page in a file: for `page`, and for ticks where the setting `page` names one."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.config import ownership
from scheduled.config.load import Config
from scheduled.errors import ScheduledError, is_no_space, reason_of
from scheduled.state.store import Store
from scheduled.system.folder import Folder
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info
from scheduled.views.page import build
from scheduled.views.page.facts import Facts
from scheduled.views.snapshot import Snapshot, observe


def html(
    config: Config,
    store: Store,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    target: Path | None,
    findings: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the page, which is going to be at `target`.

    Raises MissingTemplatesError where jinja2 is not installed.
    """
    return build.document(facts_of(config, store, snapshot, environ, target, findings))


def facts_of(
    config: Config,
    store: Store,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    target: Path | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
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
        findings=findings,
        host=os.uname().nodename,
    )


def publish(
    config: Config, store: Store, report: Report, now: datetime, environ: Mapping[str, str]
) -> None:
    """Write the page after a tick; that it cannot be written is noted in the report.

    A directory that is missing is a problem of the configuration already.
    """
    path = config.page_path
    if path is None or not path.parent.is_dir():
        return
    try:
        snapshot = observe(config, store.state, now, zone_info(config.timezone), store.recovered)
        write(path, html(config, store, snapshot, environ, path))
    except OSError as error:
        sentence = f"page: {path}: cannot be written: {reason_of(error)}"
        if is_no_space(error):
            report.note_space("page", path.parent, sentence)
        else:
            report.warn_hourly(sentence)
    except ScheduledError as error:
        report.warn_hourly(f"page: {path}: cannot be made: {error}")
    except Exception as error:  # noqa: BLE001 - a picture is no reason for a tick to fail
        report.warn_hourly(f"page: {path}: cannot be made: {type(error).__name__}: {error}")
    else:
        report.note_space("page", path.parent, "")


def write(path: Path, text: str) -> None:
    """Write the page to a file, aside and renamed, so that no reader finds half of it.

    Raises OSError, also where the directory is missing.
    """
    with Folder.open(path.parent) as folder, folder.found(path.name) as found:
        found.folder.replace(found.name, text.encode("utf-8", "replace"))
