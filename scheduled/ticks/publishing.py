"""What a tick leaves for others to read: the central file; metrics and a page if wanted."""

from collections.abc import Mapping
from datetime import datetime

from scheduled.config.load import Config
from scheduled.errors import is_no_space, reason_of
from scheduled.state.store import Store
from scheduled.system import files, plain_json
from scheduled.system.folder import Folder
from scheduled.ticks.report import Report
from scheduled.views import status


def central_file(config: Config, store: Store, report: Report, now: datetime) -> None:
    """Write `SCHEDULED.central.json`; that it cannot be written is noted in the report."""
    path = config.places.central_dir / "SCHEDULED.central.json"
    document = status.central(config, store.state, now, store.recovered)
    try:
        with Folder.made(path.parent) as folder, folder.found(path.name) as found:
            found.folder.replace(found.name, files.json_bytes(plain_json.plain(document)))
    except OSError as error:
        report.notes.append(f"{path}: cannot be written: {reason_of(error)}")
        if is_no_space(error):
            report.note_space("central", path.parent, report.notes[-1])
    else:
        report.note_space("central", path.parent, "")


def page(
    config: Config, store: Store, report: Report, now: datetime, environ: Mapping[str, str]
) -> None:
    """Write the page, if there is to be one."""
    if config.page:
        from scheduled.ticks import page_file

        page_file.publish(config, store, report, now, environ)


def metrics(config: Config, store: Store, report: Report, now: datetime) -> None:
    """Write `metrics_file`, if there is to be one."""
    if config.metrics_file:
        from scheduled.ticks import metrics_file

        metrics_file.publish(config, store, report, now)
