"""A file that a setting names and each full tick writes anew: the metrics, the page."""

from collections.abc import Callable
from pathlib import Path

from scheduled.errors import is_no_space, reason_of
from scheduled.system.folder import Folder
from scheduled.ticks.report import Report


def publish(
    report: Report, setting: str, case: str, path: Path | None, text: Callable[[], str]
) -> None:
    """Write what `text` returns; that the file cannot be written is noted in the report.

    A directory that is missing is a problem of the configuration already. `case` is what there may
    be no space for. Raises what `text` does, but for an OSError.
    """
    if path is None or not path.parent.is_dir():
        return
    try:
        write(path, text())
    except OSError as error:
        sentence = f"{setting}: {path}: cannot be written: {reason_of(error)}"
        if is_no_space(error):
            report.note_space(case, path.parent, sentence)
        else:
            report.warn_hourly(sentence)
    else:
        report.note_space(case, path.parent, "")


def write(path: Path, text: str) -> None:
    """Write a file, aside and renamed, so that no reader finds half of it.

    Raises OSError, also where the directory is missing.
    """
    with Folder.open(path.parent) as folder, folder.found(path.name) as found:
        found.folder.replace(found.name, text.encode("utf-8", "replace"))
