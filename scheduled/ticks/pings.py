"""The pings of a tick: which of them a run or the tick itself gives rise to, and which failed.

A ping says what is so at that moment, so one that fails is noted and not sent again. That a run has
ended is told before it is recorded: if the tick is killed in between, the next one tells it again,
with the same run id.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scheduled.config.load import Config
from scheduled.errors import reason_of
from scheduled.jobs.model import Job, Outcome
from scheduled.runs import output_files
from scheduled.runs.process import Running
from scheduled.runs.run_context import RunContext
from scheduled.state import failed_pings
from scheduled.state.history import Row
from scheduled.ticks.report import Exit, Report

if TYPE_CHECKING:
    from scheduled.notify.pinger import Pinger

ALIVE = (Exit.OK, Exit.FAILED)
"""The exit codes of a tick that did its work; a job that fails has pings of its own."""


class Pings:
    """The pings of one tick. Nothing of it raises, or waits for a server but `finish`."""

    def __init__(self, config: Config, context: RunContext, *, is_live: bool) -> None:
        self._config, self._context, self._is_live = config, context, is_live
        self._pinger: Pinger | None = None
        self._unsent: list[tuple[str, str]] = []
        """Checks that could not be told, each with the reason."""
        self._started: set[str] = set()
        """The runs, by id, whose start was told."""

    def started(self, running: Iterable[Running]) -> None:
        """Tell of each run once its process has been started."""
        for run in running:
            attempt, settings = run.attempt, run.attempt.job.ping
            is_told = not settings or attempt.run_id in self._started
            if not is_told and settings.get("start", True) and run.is_known:
                self._started.add(attempt.run_id)
                self._send(attempt.job.id, settings, "start", attempt.run_id)

    def ended(self, job: Job, row: Row, code: int | None = None) -> None:
        """Tell how a run ended; `code` is its exit code, if it has one."""
        if not job.ping or not row["run_id"]:
            return
        path = output_files.log_path(self._context.state_dir, job.id, row["run_id"])
        output = str(path) if path is not None else ""
        self._send(job.id, job.ping, _signal(row, code), row["run_id"], _sentence(row), output)

    def ticked(self, report: Report) -> None:
        """Tell that the tick has done its work."""
        if self._config.ping:
            code = report.exit_code
            text = f"{len(report.ran)} ran, exit code {int(code)}"
            signal = "" if code in ALIVE else str(int(code))
            self._send("", self._config.ping, signal, "", text)

    @contextmanager
    def answered(self, report: Report, clock: Callable[[], datetime]) -> Iterator[None]:
        """Wait at the end for the answers, and note in the report which pings failed."""
        try:
            yield
        finally:
            report.notes += self.finish(clock())

    def finish(self, now: datetime) -> list[str]:
        """Wait for the answers, within the time limit; return a sentence for each failure."""
        answers, self._unsent = [*self._unsent], []
        if self._pinger is not None:
            pinger, self._pinger = self._pinger, None
            answers += pinger.finish()
        return failed_pings.note(self._context.state_dir, answers, now) if answers else []

    def _send(
        self, check: str, settings: Any, signal: str, run_id: str, text: str = "", output: str = ""
    ) -> None:
        if not self._is_live:
            return
        from scheduled.notify.ping import Ping

        try:
            self._pinger = self._pinger or self._start()
        except OSError as error:
            self._unsent.append((check, f"no process can be started: {reason_of(error)}"))
        else:
            self._pinger.send(check, Ping(settings, signal, run_id, text, output))

    def _start(self) -> "Pinger":
        from scheduled.notify.channel import ChannelContext
        from scheduled.notify.pinger import Pinger
        from scheduled.timing.timezones import zone_info

        known, zone = self._context, zone_info(self._config.timezone)
        where = (known.root, known.central_dir, zone, known.now)
        return Pinger(ChannelContext(*where, {}, known.environ, known.config_dir, known.trust))


def _signal(row: Row, code: int | None) -> str:
    """Return what a ping says of a run; what is tried again is neither success nor failure."""
    if row["outcome"] == Outcome.SUCCEEDED:
        return ""
    if row["outcome"] is None or row["retry_at"]:
        return "log"
    if row["outcome"] == Outcome.FAILED and code is not None and 0 < code < 256:
        return str(code)
    return "fail"


def _sentence(row: Row) -> str:
    """Return the first line of the body."""
    if row["outcome"] == Outcome.SUCCEEDED:
        return ""
    from scheduled.views import wording

    said = row["error"] or row["reason"]
    again = f"; next attempt at {row['retry_at']}" if row["retry_at"] else ""
    ended = wording.ended(row["outcome"], said) if row["outcome"] else wording.printed(said or "")
    return ended + again
