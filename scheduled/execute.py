"""One run in a child process: how it starts, and what its end means.

The child has its own session, so that all it starts can be stopped with it; nothing on its
standard input; its output in a file. No lock of ours reaches it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from scheduled import files
from scheduled.capture import Capture
from scheduled.errors import UnreadableFileError
from scheduled.model import Attempt, Ended, Outcome

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h: the command says not now, which is no failure."""


@dataclass(frozen=True)
class Surroundings:
    """What every run of a tick shares."""

    state_dir: Path
    root: Path
    central_dir: Path
    zone: str
    now: datetime
    environ: Mapping[str, str]


@dataclass
class Running:
    """A child process at work."""

    attempt: Attempt
    capture: Capture
    started: float
    """`time.monotonic()` at the start."""
    process: "subprocess.Popen[bytes] | None" = None
    result_path: Path | None = None
    failure: str = ""
    """Why there is no process."""
    stop: str = ""
    """Why it is being stopped: `timeout`, or the name of a signal."""
    stop_since: float | None = None
    killed: bool = False

    @property
    def pid(self) -> int:
        """The process id, which is also that of its session and group; 0 if it never started."""
        return self.process.pid if self.process is not None else 0

    @property
    def deadline(self) -> float:
        """When its time is up, on the monotonic clock."""
        return self.started + self.attempt.job.timeout


def start(attempt: Attempt, memory: dict[str, Any], around: Surroundings) -> Running:
    """Start a run. One that cannot be started is returned all the same, with `failure` set."""
    folder = around.state_dir / "runs" / attempt.job.id
    capture = Capture(folder / f"{attempt.run_id}.log", attempt.job.max_output)
    running = Running(attempt, capture, time.monotonic())
    try:
        output = capture.open()
    except OSError as error:
        running.failure = f"{capture.path}: {_reason(error)}"
        return running
    try:
        if attempt.job.handler:
            running.result_path = folder / f"{attempt.run_id}.result"
            with _description(attempt, memory, around) as description:
                running.process = _spawn(
                    _handler_command(running.result_path), output, around, attempt, description
                )
        else:
            running.process = _spawn(_command(attempt), output, around, attempt, None)
    except (OSError, ValueError) as error:
        running.failure = _not_started(attempt, error)
    finally:
        os.close(output)
    return running


def ended(running: Running, status: int, usage: Any) -> Ended:
    """What the end of a child means: `status` and `usage` as `os.wait4` gave them."""
    exit_code = os.waitstatus_to_exitcode(status)
    if running.process is not None:
        running.process.returncode = exit_code  # so that Popen does not wait for it again
    running.capture.finish()
    facts: dict[str, Any] = {
        "duration": timedelta(seconds=time.monotonic() - running.started),
        "exit_code": exit_code,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "max_rss_bytes": usage.ru_maxrss * 1024,
    }
    report = _report(running)
    if running.stop == "timeout":
        limit = running.attempt.job.timeout
        return Ended(Outcome.TIMED_OUT, error=f"timed out after {limit:g} s", **facts)
    if running.stop:
        why = f"stopped by {running.stop}"
        return Ended(Outcome.INTERRUPTED, reason=why, error=why, **facts)
    if exit_code == TEMPORARY:
        why = report.get("not_now", f"exit code {TEMPORARY}: not now")
        return Ended(Outcome.SKIPPED, reason=why, not_now=True, **facts)
    if running.result_path is not None:
        return _of_handler(report, exit_code, facts)
    if exit_code == 0:
        return Ended(Outcome.SUCCEEDED, **facts)
    return Ended(Outcome.FAILED, error=_exit(exit_code), **facts)


def not_started(running: Running) -> Ended:
    """The end of a run that could not be started."""
    running.capture.finish()
    return Ended(Outcome.FAILED, timedelta(0), error=running.failure)


def environment(attempt: Attempt, environ: Mapping[str, str]) -> dict[str, str]:
    """What a run finds in its environment: ours, and what it is told about itself."""
    slot = attempt.slot.isoformat().replace("+00:00", "Z") if attempt.slot else ""
    success = attempt.last_success
    return dict(environ) | {
        "SCHEDULED_JOB": attempt.job.id,
        "SCHEDULED_RUN_ID": attempt.run_id,
        "SCHEDULED_SLOT": slot,
        "SCHEDULED_ATTEMPT": str(attempt.attempt),
        "SCHEDULED_CATCH_UP": "1" if attempt.catch_up else "0",
        "SCHEDULED_MISSED": str(attempt.missed),
        "SCHEDULED_LAST_SUCCESS": success.isoformat().replace("+00:00", "Z") if success else "",
    }


def _of_handler(report: dict[str, Any], exit_code: int, facts: dict[str, Any]) -> Ended:
    if "error" in report:
        final = report.get("final") is True
        return Ended(Outcome.FAILED, error=str(report["error"]), final=final, **facts)
    if "result" not in report:
        error = f"the handler ended without a result ({_exit(exit_code)})"
        return Ended(Outcome.FAILED, error=error, **facts)
    events = tuple((str(name), dict(data)) for name, data in report["events"])
    return Ended(
        Outcome.SUCCEEDED,
        result=report["result"],
        memory=report["memory"],
        events=events,
        **facts,
    )


def _report(running: Running) -> dict[str, Any]:
    if running.result_path is None:
        return {}
    try:
        report = files.read_json(running.result_path)
    except UnreadableFileError:
        report = {}
    running.result_path.unlink(missing_ok=True)
    return report if isinstance(report, dict) else {}


def _spawn(
    command: list[str],
    output: int,
    around: Surroundings,
    attempt: Attempt,
    description: IO[bytes] | None,
) -> "subprocess.Popen[bytes]":
    told = environment(attempt, around.environ)
    if attempt.job.handler:
        told.pop("PYTHONHOME", None)  # it runs in our own interpreter, which knows its home
    return subprocess.Popen(
        command,
        stdin=description if description is not None else subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=around.root if around.root.is_dir() else "/",
        env=told,
        start_new_session=True,
        close_fds=True,
    )


def _command(attempt: Attempt) -> list[str]:
    command = attempt.job.command
    if isinstance(command, str):
        return ["/bin/sh", "-c", command]
    return list(command)


def _handler_command(result_path: Path) -> list[str]:
    # -P: a file called json.py in the working directory is not the json we mean.
    return [sys.executable, "-P", "-X", "utf8", "-m", "scheduled.child", str(result_path)]


def _description(attempt: Attempt, memory: dict[str, Any], around: Surroundings) -> IO[bytes]:
    """A file without a name that tells the child what to do, ready to be read."""
    description = {
        "handler": attempt.job.handler,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "now": around.now.isoformat(),
        "zone": around.zone,
        "root": str(around.root),
        "central_dir": str(around.central_dir),
        "cache_dir": str(around.state_dir / "cache" / attempt.job.id),
        "slot": attempt.slot.isoformat() if attempt.slot else None,
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "last_success": attempt.last_success.isoformat() if attempt.last_success else None,
        "params": attempt.job.params,
        "memory": memory,
    }
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    stream.write(json.dumps(description).encode())
    stream.seek(0)
    return stream


def _exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _not_started(attempt: Attempt, error: Exception) -> str:
    what = _command(attempt)[0] if not attempt.job.handler else sys.executable
    if isinstance(error, OSError):
        return f"{what}: cannot be started: {_reason(error)}"
    return f"{what!r}: cannot be started: {error}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
