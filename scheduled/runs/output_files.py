"""The kept outputs of runs, found by job and run id.

Only names that are listed in the directory of runs are opened, so nothing outside it can be.
"""

import os
from pathlib import Path
from typing import Any

from scheduled.errors import UnreadableFileError, UsageError, reason_of
from scheduled.quick_classes import dataclass
from scheduled.system import private
from scheduled.system.files import read_stretches
from scheduled.system.text import one_line

SUFFIX = ".log"
TAIL_BYTES = 64 * 1024
GONE = b"\n[...]\n"


@dataclass(frozen=True)
class RunOutput:
    """The kept output of one run, read on demand."""

    job: str
    run_id: str
    path: Path

    def text(self) -> str:
        """Return all of it, undecodable bytes replaced. Raises UnreadableFileError.

        Of a run in progress the middle may be cut out already; then a line says so.
        """
        return GONE.join(read_stretches(self.path, private.open_file)).decode("utf-8", "replace")

    def tail(self, lines: int) -> list[str]:
        """Return the last lines, from the last 64 KiB at most; none if it cannot be read."""
        try:
            with private.opened(self.path, "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - TAIL_BYTES))
                return stream.read().decode("utf-8", "replace").splitlines()[-lines:]
        except OSError:
            return []

    def document(self) -> dict[str, Any]:
        """Return what `logs --json` prints. Raises UnreadableFileError."""
        return {
            "job": self.job,
            "run_id": self.run_id,
            "path": str(self.path),
            "text": self.text(),
        }


def jobs_with_output(state_dir: Path) -> list[str]:
    """Return the jobs with output, also those that are no longer configured."""
    return sorted(_names(state_dir / "runs"))


def newest(state_dir: Path, job: str) -> RunOutput | None:
    """Return the output of the run that wrote last, or None if there is none."""
    return max(_of_job(state_dir, job), key=_last_written, default=None)


def find(state_dir: Path, job: str, run_id: str) -> RunOutput:
    """Return the output of one run, named by its id or an unambiguous prefix of it.

    Raises UsageError for a run without output.
    """
    matches = [output for output in _of_job(state_dir, job) if output.run_id.startswith(run_id)]
    exact = [output for output in matches if output.run_id == run_id]
    if not run_id or len(exact or matches) != 1:
        what = "the id is ambiguous" if run_id and matches else "no output is kept for it"
        name = one_line(run_id, 60)
        raise UsageError(f"{job}: run {name}: {what}; `scheduled history {job} --json` has ids")
    return (exact or matches)[0]


def path_of(state_dir: Path, job: str, run_id: str) -> Path:
    """Return the path that the output of a run has, if it has any."""
    return state_dir / "runs" / job / f"{run_id}{SUFFIX}"


def log_path(state_dir: Path, job: str, run_id: Any) -> Path | None:
    """Return the path of a run's output, or None if it has none or its id is no file name."""
    if not isinstance(run_id, str) or not run_id or "/" in run_id:
        return None
    path = path_of(state_dir, job, run_id)
    return path if path.exists() else None


def _of_job(state_dir: Path, job: str) -> list[RunOutput]:
    if job not in _names(state_dir / "runs"):
        return []
    folder = state_dir / "runs" / job
    return [
        RunOutput(job, name.removesuffix(SUFFIX), folder / name)
        for name in _names(folder)
        if name.endswith(SUFFIX)
    ]


def _names(folder: Path) -> list[str]:
    """Return the names in a directory; none if it does not exist. Raises UnreadableFileError."""
    try:
        return private.names(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UnreadableFileError(folder, reason_of(error)) from error


def _last_written(output: RunOutput) -> tuple[int, str]:
    try:
        return output.path.lstat().st_mtime_ns, output.run_id
    except OSError:
        return 0, output.run_id
