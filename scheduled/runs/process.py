"""One run in a child process: how it starts, and what its end means.

The child has its own session, so that all it starts can be stopped with it; nothing on its
standard input; its output in a file. No lock of ours reaches it.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any

from scheduled.errors import UnreadableFileError, reason_of
from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.runs import environment, lingering_output
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.masking import Mask
from scheduled.runs.output import Capture
from scheduled.system import files

UNWRITTEN = 120
"""The exit code of a Python that could not write out what was printed (see `sys.exit`)."""
LARGEST_RESULT = 64 * 1024
_TOO_DEEP = (
    f"the JSON object in its last line is no result: nested more than {files.MAX_NESTING} deep"
)
RESULT = ".result"
"""What the file is called, beside its output, in which a handler's process answers."""


@dataclass(frozen=True)
class RunContext:
    """What every run of a tick shares."""

    state_dir: Path
    root: Path
    central_dir: Path
    config_dir: Path
    """What the `env_file` of a job is relative to."""
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
    told: dict[int, int] = field(default_factory=dict)
    """The processes that were told to end, with the kernel's start time of each."""
    mask: Mask = field(default_factory=lambda: Mask({}))
    """The secrets in its environment, to be hidden in all that is kept of it."""

    @property
    def pid(self) -> int:
        """The process id, which is also that of its session and group; 0 if it never started."""
        return self.process.pid if self.process is not None else 0

    @property
    def deadline(self) -> float:
        """When its time is up, on the monotonic clock."""
        return self.started + self.attempt.job.timeout


def start(attempt: Attempt, memory: dict[str, Any], context: RunContext) -> Running:
    """Start a run. One that cannot be started is returned all the same, with `failure` set."""
    log = _log(context, attempt.job.id, attempt.run_id)
    capture = Capture(log, attempt.job.max_output)
    running = Running(attempt, capture, time.monotonic())
    try:
        output = capture.open()
    except OSError as error:
        running.failure = f"{capture.path}: {reason_of(error)}"
        return running
    try:
        told = environment.variables(attempt, context.environ, context.config_dir)
        running.mask = Mask(told)
        folder = environment.working_folder(attempt.job, context.root, told)
        _launch(running, _Way(told, folder, output), memory, context)
    except UnusableEnvironmentError as error:
        running.failure = str(error)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        running.failure = _not_started(attempt, error)
    finally:
        os.close(output)
    return running


def ended(running: Running, status: int, usage: Any) -> AttemptResult:
    """What the end of a child means: `status` and `usage` as `os.wait4` gave them."""
    exit_code = os.waitstatus_to_exitcode(status)
    if running.process is not None:
        running.process.returncode = exit_code  # so that Popen does not wait for it again
    facts: dict[str, Any] = {
        "duration": timedelta(seconds=time.monotonic() - running.started),
        "exit_code": exit_code,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "max_rss_bytes": usage.ru_maxrss * 1024,
    }
    report = _report(running)
    refused = ""
    if running.result_path is None:
        facts["result"], refused = _result(running.capture.last_line(LARGEST_RESULT))
    facts["trouble"] = _finished(running.capture, running.mask) or refused
    return _without_secrets(_judged(running, exit_code, report, facts), running.mask)


def settle(job_id: str, run_id: str, job: Job | None, context: RunContext) -> str:
    """Finish the output of a run whose tick died; what could not be done, else nothing.

    The secrets that are hidden are those that the job has now; `job` is None for one that is no
    longer configured, of which only those of `context` are known.
    """
    log = _log(context, job_id, run_id)
    if log.name != f"{run_id}.log" or not run_id:
        return ""  # not ours: a name that leads elsewhere
    _discard(log.with_suffix(RESULT))  # it came too late to count
    if job is None:
        return _finished(Capture(log, Job.max_output), Mask(context.environ))
    trouble = ""
    try:
        told = environment.variables(
            Attempt(run_id, job, None), context.environ, context.config_dir
        )
    except UnusableEnvironmentError as error:
        told = {**context.environ, **job.env}
        trouble = f"{log}: may hold secrets: {error}"
    return _finished(Capture(log, job.max_output), Mask(told)) or trouble


def _finished(capture: Capture, mask: Mask) -> str:
    """Bring an output into the form in which it is kept; why that cannot be, else nothing."""
    try:
        capture.finish(mask)
        lingering_output.settle(capture)
    except OSError as error:
        leaks = ", and shows secrets perhaps" if mask else ""
        return f"{capture.path}: {reason_of(error)}: it may be longer than max_output{leaks}"
    return ""


def watch(job_id: str, run_id: str, job: Job | None, context: RunContext) -> None:
    """Have the output of a run looked after whose tick died and which goes on."""
    limit = job.max_output if job is not None else Job.max_output
    lingering_output.note(Capture(_log(context, job_id, run_id), limit))


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):  # it goes with the old output some day
        path.unlink()


def _log(context: RunContext, job_id: str, run_id: str) -> Path:
    return context.state_dir / "runs" / job_id / f"{run_id}.log"


def _judged(
    running: Running, exit_code: int, report: dict[str, Any], facts: dict[str, Any]
) -> AttemptResult:
    """The outcome of a run that has ended, and why."""
    job = running.attempt.job
    if running.stop == "timeout":
        return AttemptResult(Outcome.TIMED_OUT, error=f"timed out after {job.timeout:g} s", **facts)
    if running.stop:
        why = f"stopped by {running.stop}"
        return AttemptResult(Outcome.INTERRUPTED, reason=why, error=why, **facts)
    if running.result_path is not None:
        return _of_handler(report, exit_code, facts)
    if exit_code in job.success_codes:
        return AttemptResult(Outcome.SUCCEEDED, **facts)
    if exit_code in job.defer_codes:
        return AttemptResult(Outcome.SKIPPED, reason=_exit(exit_code), not_now=True, **facts)
    return AttemptResult(
        Outcome.FAILED, error=_exit(exit_code) + _expected(exit_code, job), **facts
    )


def not_started(running: Running) -> AttemptResult:
    """The end of a run that could not be started."""
    trouble = _finished(running.capture, running.mask)
    error = running.mask.text(running.failure)
    return AttemptResult(Outcome.FAILED, timedelta(0), error=error, trouble=trouble)


def _of_handler(report: dict[str, Any], exit_code: int, facts: dict[str, Any]) -> AttemptResult:
    if "not_now" in report:
        return AttemptResult(Outcome.SKIPPED, reason=report["not_now"], not_now=True, **facts)
    if "result" in report:  # also with an error, where the work was done in part
        facts |= {"result": report["result"], "memory": report["memory"]}
        facts["events"] = tuple((str(name), dict(data)) for name, data in report["events"])
    if "error" in report:
        final = report.get("final") is True
        return AttemptResult(Outcome.FAILED, error=str(report["error"]), final=final, **facts)
    if "result" not in report:
        error = f"the handler ended without a result ({_exit(exit_code)})"
        if exit_code == UNWRITTEN:
            error += ": what it printed could not be written; is the disk full?"
        return AttemptResult(Outcome.FAILED, error=error, **facts)
    return AttemptResult(Outcome.SUCCEEDED, **facts)


def _report(running: Running) -> dict[str, Any]:
    if running.result_path is None:
        return {}
    try:
        report = files.read_json(running.result_path)
    except UnreadableFileError:
        report = {}
    _discard(running.result_path)
    return report if isinstance(report, dict) else {}


def _result(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the JSON object a command printed as its last line, or None if that is anything
    else; and why it was refused if it is one and cannot be kept."""
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return None, ""
    try:
        result = json.loads(line, parse_constant=_no_json, parse_float=_finite)
    except ValueError:
        return None, ""
    except RecursionError:
        return None, _TOO_DEEP
    if files.is_too_deep(result):
        return None, _TOO_DEEP
    return result if isinstance(result, dict) else None, ""


def _no_json(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_json(text)


def _without_secrets(ended: AttemptResult, mask: Mask) -> AttemptResult:
    """With nothing secret in what people get to read; a handler's memory is its own affair."""
    if not mask:
        return ended
    return replace(
        ended,
        reason=mask.text(ended.reason),
        error=mask.text(ended.error),
        result=mask.value(ended.result),
        events=tuple((name, mask.value(data)) for name, data in ended.events),
    )


@dataclass(frozen=True)
class _Way:
    """How a child is started: its variables, its folder, and where its output goes."""

    environ: dict[str, str]
    folder: Path
    output: int


def _launch(running: Running, way: _Way, memory: dict[str, Any], context: RunContext) -> None:
    attempt = running.attempt
    if not attempt.job.handler:
        running.process = _spawn(_command(attempt), way, attempt.job, None)
        return
    running.result_path = running.capture.path.with_suffix(RESULT)
    way.environ.pop("PYTHONHOME", None)  # it runs in our own interpreter, which knows its home
    with _description(attempt, memory, context) as description:
        command = _handler_command(running.result_path)
        running.process = _spawn(command, way, attempt.job, description)


def _spawn(
    command: list[str], way: _Way, job: Job, description: IO[bytes] | None
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=description if description is not None else subprocess.DEVNULL,
        stdout=way.output,
        stderr=way.output,
        cwd=way.folder,
        env=way.environ,
        umask=-1 if job.umask is None else job.umask,
        # Python between fork and exec is safe in a process of one thread, which ours is. nice(1)
        # would run the command even if it may not have the niceness, and set from outside it
        # would come too late for what the command starts first.
        preexec_fn=None if job.nice is None else partial(_be_nice, job.nice),  # noqa: PLW1509
        start_new_session=True,
        close_fds=True,
    )


def _be_nice(niceness: int) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _command(attempt: Attempt) -> list[str]:
    command = attempt.job.command
    if isinstance(command, str):
        return ["/bin/sh", "-c", command]
    return list(command)


def _handler_command(result_path: Path) -> list[str]:
    # -P: a file called json.py in the working directory is not the json we mean.
    return [
        sys.executable,
        "-P",
        "-X",
        "utf8",
        "-m",
        "scheduled.runs.handler_child",
        str(result_path),
    ]


def _description(attempt: Attempt, memory: dict[str, Any], context: RunContext) -> IO[bytes]:
    """A file without a name that tells the child what to do, ready to be read."""
    description = {
        "handler": attempt.job.handler,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "now": context.now.isoformat(),
        "zone": context.zone,
        "root": str(context.root),
        "central_dir": str(context.central_dir),
        "cache_dir": str(context.state_dir / "cache" / attempt.job.id),
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


def _expected(code: int, job: Job) -> str:
    if code < 0 or job.success_codes == (0,):
        return ""
    return f" (not in success_codes {', '.join(map(str, job.success_codes))})"


def _not_started(attempt: Attempt, error: Exception) -> str:
    what = _command(attempt)[0] if not attempt.job.handler else sys.executable
    if isinstance(error, subprocess.SubprocessError):  # all that is said of a failed preexec_fn
        return f"nice: {attempt.job.nice}: not permitted; going below our own niceness needs root"
    if isinstance(error, OSError):
        return f"{what}: cannot be started: {reason_of(error)}"
    return f"{what!r}: cannot be started: {error}"
