"""What the runs of a tick print, on a terminal while they go on, above the live lines."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Job
from scheduled.runs import output_files
from scheduled.runs.live_output import LiveOutput
from scheduled.system.masking import Mask
from scheduled.system.text import one_line, printable
from scheduled.views.progress import Progress

LOOKED_AT = 5
"""The last line that is not blank is looked for among so many."""


class OutputEcho:
    """Prints the output of the runs of a tick through `progress`, in whole lines."""

    def __init__(self, state_dir: Path, progress: Progress) -> None:
        self._state_dir, self._progress = state_dir, progress
        self._runs: dict[str, LiveOutput] = {}
        self._open_lines: dict[str, str] = {}

    def job_started(self, *, job: str, run_id: str, **_: Any) -> None:
        """Print the output of a run from now on."""
        self._runs[run_id] = LiveOutput(output_files.path_of(self._state_dir, job, run_id))
        self._open_lines[run_id] = ""

    def job_finished(self, *, run_id: str | None, **_: Any) -> None:
        """Print the rest of the output of a run that ended."""
        if run_id is not None and run_id in self._runs:
            self._print_new(run_id)
            del self._runs[run_id]
            if rest := self._open_lines.pop(run_id):
                self._progress.print_output(printable(rest))

    job_failed = job_finished

    def refresh(self) -> None:
        """Print what is new, and draw the live lines."""
        for run_id in self._runs:
            self._print_new(run_id)
        self._progress.refresh()

    def _print_new(self, run_id: str) -> None:
        while text := self._runs[run_id].read():
            lines, line_break, rest = (self._open_lines[run_id] + text).rpartition("\n")
            self._open_lines[run_id] = rest
            if line_break:
                self._progress.print_output(printable(lines))


def last_lines(state_dir: Path, jobs: Iterable[Job]) -> Callable[[str, str], str]:
    """Return what tells the last line that a run has printed, by job and id; its secrets hidden."""
    masks = {job.id: Mask(job.env) for job in jobs}

    def last_line(job: str, run_id: str) -> str:
        path = output_files.path_of(state_dir, job, run_id)
        printed = output_files.RunOutput(job, run_id, path).tail(LOOKED_AT)
        line = next((line for line in map(one_line, reversed(printed)) if line), "")
        return masks[job].text(line) if masks.get(job) else line

    return last_line
