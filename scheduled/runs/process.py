"""One run in a child process: how it starts, and what its end means.

The child has a session of its own, so that whatever it starts can be stopped with it, no standard
input, and its output in a file. It inherits no lock.
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
from typing import IO, Any, NamedTuple

from scheduled.errors import UnreadableFileError, reason_of
from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.runs import environment, lingering_output
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.masking import Mask
from scheduled.runs.output import OutputFile
from scheduled.system import files
from scheduled.system.trusted import Trust
from scheduled.timing.instants import format_utc

UNWRITTEN = 120
"""The exit code of a Python that could not write out what was printed (see `sys.exit`)."""
LARGEST_RESULT = 64 * 1024
_NESTED_TOO_DEEP = (
    f"the JSON object in its last line is not kept: nested more than {files.MAX_NESTING} deep"
)
RESULT = ".result"
"""Suffix of the file, beside the output, in which a handler's process leaves its report."""


class RunContext(NamedTuple):
    """What every run of a tick needs to know of its installation."""

    state_dir: Path
    root: Path
    central_dir: Path
    config_dir: Path
    """The directory that the `env_file` of a job is relative to."""
    zone: str
    now: datetime
    environ: Mapping[str, str]
    trust: Trust | None = None
    """Whose files may be executed; None: ours and root's."""


@dataclass
class Running:
    """A run in progress: a child process, or the failure to start one."""

    attempt: Attempt
    output: OutputFile
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
    signalled: dict[int, int] = field(default_factory=dict)
    """The processes that got a signal, each with its start time as the kernel counts it."""
    mask: Mask = field(default_factory=lambda: Mask({}))
    """Hides the secrets of its environment in all that is kept of the run."""

    @property
    def pid(self) -> int:
        """The process id, also that of its session and group; 0 if it never started."""
        return self.process.pid if self.process is not None else 0

    @property
    def deadline(self) -> float:
        """When it times out, on the monotonic clock."""
        return self.started + self.attempt.job.timeout


def start(attempt: Attempt, memory: dict[str, Any], context: RunContext) -> Running:
    """Start a run. If it cannot be started, return it with `failure` set."""
    path = _output_path(context, attempt.job.id, attempt.run_id)
    output = OutputFile(path, attempt.job.max_output)
    running = Running(attempt, output, time.monotonic())
    try:
        descriptor = output.open()
    except OSError as error:
        running.failure = f"{output.path}: {reason_of(error)}"
        return running
    try:
        variables = environment.variables(
            attempt, context.environ, context.config_dir, context.trust
        )
        running.mask = Mask(variables)
        directory = environment.working_directory(attempt.job, context.root, variables)
        _launch(running, _Setup(variables, directory, descriptor), memory, context)
    except UnusableEnvironmentError as error:
        running.failure = str(error)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        running.failure = _start_failure(attempt, error)
    finally:
        os.close(descriptor)
    return running


def result_of(running: Running, status: int, usage: Any) -> AttemptResult:
    """Return how a run ended whose child has exited, with what `os.wait4` returned for it."""
    exit_code = os.waitstatus_to_exitcode(status)
    if running.process is not None:
        running.process.returncode = exit_code  # so that Popen does not wait for it again
    facts: dict[str, Any] = {
        "duration": timedelta(seconds=time.monotonic() - running.started),
        "exit_code": exit_code,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "max_rss_bytes": usage.ru_maxrss * 1024,
    }
    report = _handler_report(running)
    refusal = ""
    if running.result_path is None:
        facts["result"], refusal = _command_result(running.output.last_line(LARGEST_RESULT))
    facts["trouble"] = _finish(running.output, running.mask) or refusal
    return _without_secrets(_judge(running, exit_code, report, facts), running.mask)


def finish_output(job_id: str, run_id: str, job: Job | None, context: RunContext) -> str:
    """Finish the output of a run whose tick died; return what went wrong, or ''.

    It hides the secrets that the job has now. `job` is None if it is no longer configured; then
    only the secrets in `context` are known.
    """
    path = _output_path(context, job_id, run_id)
    if path.name != f"{run_id}.log" or not run_id:
        return ""  # the id would lead out of the directory
    _discard(path.with_suffix(RESULT))  # too late to count
    if job is None:
        return _finish(OutputFile(path, Job.max_output), Mask(context.environ))
    trouble = ""
    try:
        variables = environment.variables(
            Attempt(run_id, job, None), context.environ, context.config_dir, context.trust
        )
    except UnusableEnvironmentError as error:
        variables = {**context.environ, **job.env}
        trouble = f"{path}: may hold secrets: {error}"
    return _finish(OutputFile(path, job.max_output), Mask(variables)) or trouble


def _finish(output: OutputFile, mask: Mask) -> str:
    """Bring an output into its final form; return why that failed, or ''."""
    try:
        output.finish(mask)
        lingering_output.watch_if_open(output)
    except OSError as error:
        leaks = ", and may contain secrets" if mask else ""
        return f"{output.path}: {reason_of(error)}: it may be longer than max_output{leaks}"
    return ""


def watch_output(job_id: str, run_id: str, job: Job | None, context: RunContext) -> None:
    """Keep the output of a run that outlived its tick within its limit."""
    limit = job.max_output if job is not None else Job.max_output
    lingering_output.watch(OutputFile(_output_path(context, job_id, run_id), limit))


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):  # it is pruned with the old output
        path.unlink()


def _output_path(context: RunContext, job_id: str, run_id: str) -> Path:
    return context.state_dir / "runs" / job_id / f"{run_id}.log"


def _judge(
    running: Running, exit_code: int, report: dict[str, Any], facts: dict[str, Any]
) -> AttemptResult:
    """Return the outcome of a run that has ended, and why."""
    job = running.attempt.job
    if running.stop == "timeout":
        return AttemptResult(Outcome.TIMED_OUT, error=f"timed out after {job.timeout:g} s", **facts)
    if running.stop:
        reason = f"stopped by {running.stop}"
        return AttemptResult(Outcome.INTERRUPTED, reason=reason, error=reason, **facts)
    if running.result_path is not None:
        return _judge_handler(report, exit_code, facts)
    if exit_code in job.success_codes:
        return AttemptResult(Outcome.SUCCEEDED, **facts)
    if exit_code in job.defer_codes:
        return AttemptResult(Outcome.SKIPPED, reason=_exit_text(exit_code), not_now=True, **facts)
    return AttemptResult(
        Outcome.FAILED, error=_exit_text(exit_code) + _expected(exit_code, job), **facts
    )


def failed_start(running: Running) -> AttemptResult:
    """Return the result of a run that could not be started."""
    trouble = _finish(running.output, running.mask)
    error = running.mask.text(running.failure)
    return AttemptResult(Outcome.FAILED, timedelta(0), error=error, trouble=trouble)


def _judge_handler(report: dict[str, Any], exit_code: int, facts: dict[str, Any]) -> AttemptResult:
    if "not_now" in report:
        return AttemptResult(Outcome.SKIPPED, reason=report["not_now"], not_now=True, **facts)
    if "result" in report:  # beside an error too, if part of the work was done
        facts |= {"result": report["result"], "memory": report["memory"]}
        facts["events"] = tuple((str(name), dict(data)) for name, data in report["events"])
    if "error" in report:
        final = report.get("final") is True
        return AttemptResult(Outcome.FAILED, error=str(report["error"]), final=final, **facts)
    if "result" not in report:
        error = f"the handler ended without a result ({_exit_text(exit_code)})"
        if exit_code == UNWRITTEN:
            error += ": what it printed could not be written; is the disk full?"
        return AttemptResult(Outcome.FAILED, error=error, **facts)
    return AttemptResult(Outcome.SUCCEEDED, **facts)


def _handler_report(running: Running) -> dict[str, Any]:
    if running.result_path is None:
        return {}
    try:
        report = files.read_json(running.result_path)
    except UnreadableFileError:
        report = {}
    _discard(running.result_path)
    return report if isinstance(report, dict) else {}


def _command_result(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the JSON object in the last line of a command, and why it is refused if it is.

    Anything but a JSON object is None, and no error.
    """
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return None, ""
    try:
        result = json.loads(line, parse_constant=_refuse_number, parse_float=_finite)
    except ValueError:
        return None, ""
    except RecursionError:
        return None, _NESTED_TOO_DEEP
    if files.is_too_deep(result):
        return None, _NESTED_TOO_DEEP
    return result if isinstance(result, dict) else None, ""


def _refuse_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _without_secrets(result: AttemptResult, mask: Mask) -> AttemptResult:
    """Hide secrets in all that people read; a handler's memory stays as it is."""
    if not mask:
        return result
    return replace(
        result,
        reason=mask.text(result.reason),
        error=mask.text(result.error),
        result=mask.value(result.result),
        events=tuple((name, mask.value(data)) for name, data in result.events),
    )


class _Setup(NamedTuple):
    """What a child starts with: variables, working directory, and a descriptor for its output."""

    environ: dict[str, str]
    directory: Path
    output: int


def _launch(running: Running, setup: _Setup, memory: dict[str, Any], context: RunContext) -> None:
    attempt = running.attempt
    if not attempt.job.handler:
        running.process = _spawn(_command(attempt), setup, attempt.job, None)
        return
    running.result_path = running.output.path.with_suffix(RESULT)
    setup.environ.pop("PYTHONHOME", None)  # the child is this very interpreter
    with _description(attempt, memory, context) as description:
        command = _handler_command(running.result_path)
        running.process = _spawn(command, setup, attempt.job, description)


def _spawn(
    command: list[str], setup: _Setup, job: Job, description: IO[bytes] | None
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=description if description is not None else subprocess.DEVNULL,
        stdout=setup.output,
        stderr=setup.output,
        cwd=setup.directory,
        env=setup.environ,
        umask=-1 if job.umask is None else job.umask,
        # Python code between fork and exec is safe in a process with one thread, as this one is.
        # nice(1) would run the command even if the niceness is not permitted, and setting it from
        # outside would come too late for what the command starts first.
        preexec_fn=None if job.nice is None else partial(_set_niceness, job.nice),  # noqa: PLW1509
        start_new_session=True,
        close_fds=True,
    )


def _set_niceness(niceness: int) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, niceness)


def _command(attempt: Attempt) -> list[str]:
    command = attempt.job.command
    if isinstance(command, str):
        return ["/bin/sh", "-c", command]
    return list(command)


def _handler_command(result_path: Path) -> list[str]:
    # -P: a json.py in the working directory must not hide the standard library's.
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
    """Return an unnamed file that describes the run to the child, ready to be read."""
    description = {
        "handler": attempt.job.handler,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "now": format_utc(context.now),
        "zone": context.zone,
        "root": str(context.root),
        "central_dir": str(context.central_dir),
        "cache_dir": str(context.state_dir / "cache" / attempt.job.id),
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "last_success": format_utc(attempt.last_success),
        "params": attempt.job.params,
        "memory": memory,
        "owners": sorted(context.trust.owners) if context.trust is not None else [],
    }
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    stream.write(json.dumps(description).encode())
    stream.seek(0)
    return stream


def _exit_text(code: int) -> str:
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


def _start_failure(attempt: Attempt, error: Exception) -> str:
    program = _command(attempt)[0] if not attempt.job.handler else sys.executable
    if isinstance(error, subprocess.SubprocessError):  # raised for a failed preexec_fn
        return f"nice: {attempt.job.nice}: not permitted; going below that of the tick needs root"
    if isinstance(error, OSError):
        return f"{program}: cannot be started: {reason_of(error)}"
    return f"{program!r}: cannot be started: {error}"
