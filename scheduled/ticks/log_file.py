"""`log_file`: what ticks do, a line each, in the format of GAIA's `gaia.runtime`.

A line is written at once and as a whole, so ticks may write side by side. The file is opened for
the first line only, and through no link of others.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.config.load import Config
from scheduled.errors import ScheduledError, reason_of
from scheduled.system import files
from scheduled.system.folder import Folder
from scheduled.system.text import one_line
from scheduled.ticks.own_logs import OpenLog
from scheduled.ticks.report import Report
from scheduled.timing.timezones import zone_info

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MODE = 0o600

_NOT_RUN = {"skipped": "skipped", "missed": "missed", "given_up": "not tried again"}
"""Kinds of events about scheduled times that nothing ran for, in words."""

Line = tuple[str, str]
"""Level and message."""


class LogFile:
    """The log of one tick."""

    def __init__(self, config: Config, report: Report, clock: Callable[[], datetime]) -> None:
        assert config.log_path is not None
        self._path = config.log_path
        self._name = config.log_name
        self._least = LEVELS.index(config.log_level)
        self._zone = zone_info(config.timezone)
        self._report = report
        self._clock = clock
        self._descriptor = -1
        self._is_broken = False

    def take(self, event: str, /, **data: Any) -> None:
        """Write the line of an event of the tick's bus."""
        for level, message in lines_of_event(event, data):
            self.write(level, message)

    def write(self, level: str, message: str) -> None:
        """Write a line, if its level is wanted; one that cannot be written is reported once."""
        if self._is_broken or LEVELS.index(level) < self._least:
            return
        now = self._clock().astimezone(self._zone)
        stamp = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03}"
        line = f"{stamp} [{self._name}] {level}: {one_line(message)}\n"
        try:
            if self._descriptor < 0:
                self._descriptor = _opened(self._path)
            files.write_whole(self._descriptor, line.encode("utf-8", "replace"))
        except OSError as error:
            self._is_broken = True
            reason = reason_of(error)
            self._report.warn_hourly(f"log_file: {self._path}: cannot be written: {reason}")

    def finish(self) -> None:
        """Write what the report says besides, and how the tick ended."""
        for level, message in lines_of_report(self._report):
            self.write(level, message)

    def opened(self) -> OpenLog | None:
        """Return the file as it is open; None if nothing was written."""
        if self._descriptor < 0:
            return None
        path = os.path.realpath(self._path.parent)
        return OpenLog(f"{path}/{self._path.name}", os.fstat(self._descriptor))

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def note(config: Config, error: ScheduledError, now: datetime) -> None:
    """Write what the state could not take of a tick. That it cannot be written is not reported."""
    log = LogFile(config, Report(now), lambda: now)
    log.write("CRITICAL", str(error))
    log.close()


def lines_of_event(event: str, data: Mapping[str, Any]) -> Iterator[Line]:
    """Yield what is to be logged of an event."""
    job = data.get("job") or ""
    match event:
        case "startup":
            yield "DEBUG", "the tick began"
        case "job_started":
            slot = f"for {data['slot']}" if data.get("slot") else "by hand"
            catching_up = ", as catch-up" if data.get("catch_up") else ""
            yield "INFO", f"{job}: started {slot}{catching_up} ({data.get('run_id')})"
        case "job_finished" | "job_failed":
            yield _level_of_end(event, data), f"{job}: {_end(data)}"
        case "job_recovered":
            yield "INFO", f"{job}: works again"
        case "incident_opened":
            yield "ERROR", f"incident {data.get('id')} opened: {data.get('error')}"
        case "incident_closed":
            yield "INFO", f"incident {data.get('id')} closed: {data.get('error')}"
        case "scheduler.task.status" if data.get("kind") in _NOT_RUN:
            yield "WARNING", f"{job}: {_not_run(data)}"
        case "data_loss_risk":
            yield "CRITICAL", f"data loss risk: {_told(data)}"
        case _:
            yield "DEBUG", f"{event}: {_told(data)}"


def lines_of_report(report: Report) -> Iterator[Line]:
    """Yield what is to be logged of a tick besides its events."""
    yield from (("ERROR", problem) for problem in report.problems)
    yield from (("CRITICAL", sentence) for sentence in report.recovered)
    yield from (("WARNING", warning) for warning in report.warnings)
    yield from (("ERROR", text) for text in report.undelivered)
    for job, reason in report.not_started:
        yield "DEBUG", f"{job}: not started: {reason}"
    counts = f"{report.due} due, {len(report.ran)} ran, {len(report.failed)} failed"
    level = "INFO" if report.ran or report.exit_code else "DEBUG"
    yield level, f"the tick ended: {counts}, {report.skipped} skipped, exit code {report.exit_code}"


def _level_of_end(event: str, row: Mapping[str, Any]) -> str:
    if event == "job_failed":
        return "ERROR"
    return "INFO" if row.get("outcome") in ("succeeded", None) else "WARNING"


def _end(row: Mapping[str, Any]) -> str:
    """Return how a run ended, in words."""
    outcome = row.get("outcome") or "not now"
    took = row.get("duration_seconds")
    after = f" after {took:.2f} s" if isinstance(took, int | float) else ""
    reasons = (row.get("error"), row.get("reason"))
    why = "; ".join(str(reason) for reason in reasons if reason)
    retry = f"; tried again at {row['retry_at']}" if row.get("retry_at") else ""
    return f"{str(outcome).replace('_', ' ')}{after}{f': {why}' if why else ''}{retry}"


def _not_run(data: Mapping[str, Any]) -> str:
    """Return in words that scheduled times passed without a run."""
    slot, why = data.get("slot") or data.get("first"), data.get("reason") or data.get("cause")
    more = f" to {data['last']}" if data.get("count", 1) > 1 else ""
    return f"{_NOT_RUN[data['kind']]} ({slot}{more}): {why}"


def _told(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in data.items() if value is not None)


def _opened(path: Path) -> int:
    """Open the log to append to it. Raises OSError for what is no file of ours."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    with Folder.made(path.parent) as above, above.found(path.name) as (folder, name):
        descriptor = os.open(
            name, flags | os.O_NONBLOCK | os.O_CLOEXEC, MODE, dir_fd=folder.descriptor
        )
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("not a regular file")
            if reason := folder.foreign(name, descriptor):
                raise OSError(reason)
            if os.fstat(descriptor).st_nlink > 1:
                raise OSError("a hard link: it has a second name elsewhere")
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
