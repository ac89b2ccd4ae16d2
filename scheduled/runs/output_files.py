"""What runs printed: the files that were captured, found by job and run.

Nothing outside the folder of runs is ever opened: a name has to be one that lies in it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scheduled.errors import UnreadableFileError, UsageError, reason_of
from scheduled.system.files import read_stretches

SUFFIX = ".log"
TAIL_BYTES = 64 * 1024
GONE = b"\n[...]\n"


@dataclass(frozen=True)
class Output:
    """The captured output of one run; it is read when asked for."""

    job: str
    run_id: str
    path: Path

    def text(self) -> str:
        """All of it, undecodable bytes replaced. Raises UnreadableFileError.

        While the run goes on its middle may be gone already, and then a line says so.
        """
        return GONE.join(read_stretches(self.path)).decode("utf-8", "replace")

    def tail(self, lines: int) -> list[str]:
        """The last lines, from no more than the last 64 KiB; none where it cannot be read."""
        try:
            with open(self.path, "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - TAIL_BYTES))
                return stream.read().decode("utf-8", "replace").splitlines()[-lines:]
        except OSError:
            return []

    def document(self) -> dict[str, Any]:
        """`logs --json`. Raises UnreadableFileError."""
        return {
            "job": self.job,
            "run_id": self.run_id,
            "path": str(self.path),
            "text": self.text(),
        }


def jobs_with_output(state_dir: Path) -> list[str]:
    """The jobs that have ever printed, also those no longer configured."""
    return sorted(_names(state_dir / "runs"))


def newest(state_dir: Path, job: str) -> Output | None:
    """The output of the run that wrote last; None where there is none."""
    return max(_of_job(state_dir, job), key=_written, default=None)


def named(state_dir: Path, job: str, run_id: str) -> Output:
    """The output of one run; the beginning of its id is enough where only one begins so.

    Raises UsageError for a run that has none.
    """
    found = [one for one in _of_job(state_dir, job) if one.run_id.startswith(run_id)]
    exact = [one for one in found if one.run_id == run_id]
    if not run_id or len(exact or found) != 1:
        what = "several runs begin so" if run_id and found else "no output of such a run is kept"
        raise UsageError(f"{job}: run {run_id}: {what}; `scheduled history {job} --json` has ids")
    return (exact or found)[0]


def log_path(state_dir: Path, job: str, run_id: Any) -> Path | None:
    """Where the output of a run lies; None where there is none or the id is no file name."""
    if not isinstance(run_id, str) or not run_id or "/" in run_id:
        return None
    path = state_dir / "runs" / job / f"{run_id}{SUFFIX}"
    return path if path.exists() else None


def _of_job(state_dir: Path, job: str) -> list[Output]:
    if job not in _names(state_dir / "runs"):
        return []
    folder = state_dir / "runs" / job
    return [
        Output(job, name.removesuffix(SUFFIX), folder / name)
        for name in _names(folder)
        if name.endswith(SUFFIX)
    ]


def _names(folder: Path) -> list[str]:
    """What lies in a folder; nothing where there is none. Raises UnreadableFileError."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UnreadableFileError(folder, reason_of(error)) from error


def _written(output: Output) -> tuple[int, str]:
    try:
        return output.path.stat().st_mtime_ns, output.run_id
    except OSError:
        return 0, output.run_id
