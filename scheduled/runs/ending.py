"""What the end of a run means: its outcome, its result, and why it failed."""

import contextlib
import json
import math
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.errors import reason_of
from scheduled.jobs.model import Attempt, AttemptResult, Job, Outcome
from scheduled.quick_classes import NamedTuple, replace
from scheduled.runs import environment, exit_file, lingering_output
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors.local import RESULT
from scheduled.runs.exit_file import ExitStatus
from scheduled.runs.output import OutputFile
from scheduled.runs.process import Running
from scheduled.runs.run_context import RunContext, output_path
from scheduled.state.records import ActiveRun
from scheduled.system import files, private
from scheduled.system.masking import Mask, is_secret

if TYPE_CHECKING:  # most runs are of this machine
    from scheduled.runs.executors.answer import Answer

KEEPER_DIED = "the process that waited for it was killed"
OF_PROXIES = (".answer", ".lease")
"""Suffixes of the files that the proxy of a run elsewhere leaves beside the output."""
LARGEST_RESULT = 64 * 1024
_NESTED_TOO_DEEP = (
    f"the JSON object in its last line is not kept: nested more than {files.MAX_NESTING} deep"
)


def result_of(running: Running) -> AttemptResult:
    """Return how a run ended whose keeper has ended, or that could not be started."""
    if not running.keeper:
        status: ExitStatus | None = ExitStatus(
            None, failure=running.failure, is_shortage=running.is_shortage
        )
    else:
        status = running.status
    if status is None:
        elapsed = timedelta(seconds=time.monotonic() - running.started)
        trouble = finish(running.output, running.mask)
        return AttemptResult(
            Outcome.INTERRUPTED, elapsed, reason=KEEPER_DIED, error=KEEPER_DIED, trouble=trouble
        )
    stop = "" if _ended_first(running, status) else running.stop
    job, path = running.attempt.job, running.output.path
    report = _report(path, job) if job.handler else None
    found = _answer(path, status) if job.executor else None
    end = _End(status, stop, report, found)
    result = _result(running.attempt, running.output, running.mask, end)
    return replace(result, final=True, is_refused=True) if running.is_refused else result


def lives_elsewhere(running: Running) -> bool:
    """Return whether a run may live on elsewhere whose keeper was killed."""
    from scheduled.runs.executors import ending_elsewhere

    return running.status is None and ending_elsewhere.seconds_left(running.output.path) > 0


def _report(path: Path, job: Job) -> dict[str, Any]:
    """Return what the process of a handler left beside the output."""
    from scheduled.runs import handler_report

    return handler_report.read(path, job)


def _answer(path: Path, status: ExitStatus) -> "Answer | None":
    """Return what became of a run elsewhere whose proxy ended as `status` says."""
    from scheduled.runs.executors import ending_elsewhere

    return ending_elsewhere.answer(path, status)


class Ending(NamedTuple):
    """A run whose tick died, and what a later tick knows of it."""

    run: ActiveRun
    job_id: str
    job: Job
    is_overdue: bool
    """Whether it was killed just now because its time was up."""
    is_late: bool = False
    """Whether its time is up now; if somebody stopped it and is not named, that was why."""
    is_gone: bool = False
    """Whether its process has certainly ended."""


def recovered(ending: Ending, context: RunContext) -> AttemptResult | None:
    """Return how a run ended whose tick died, from what its own processes left; None if unknown.

    What a handler returned counts if all of it is there; what became of it otherwise is unknown.
    """
    run, job = ending.run, ending.job
    path = _output_of(ending.job_id, run.run_id, context)
    if path is None:
        return None
    status = exit_file.read(path.with_suffix(exit_file.SUFFIX))
    report = _report(path, job) if job.handler else None
    if status is None and report and ending.is_gone:  # the keeper was killed when all was done
        status = ExitStatus(None, seconds=report.get("seconds", 0.0))
    if status is None and run.executor and ending.is_gone:
        from scheduled.runs.executors import ending_elsewhere

        status = ending_elsewhere.status_without_keeper(path)
    if status is None:
        return None
    stop = _stop_of(ending, status)
    if job.handler and not (report or stop or status.failure):
        return None
    attempt = Attempt(run.run_id, job, run.slot, run.attempt, run.catch_up, run.missed)
    attempt = replace(attempt, given=run.given or {})
    mask, trouble = _mask_of(attempt, path, context)
    output = OutputFile(path, job.max_output)
    found = _answer(path, status) if run.executor else None
    result = _result(attempt, output, mask, _End(status, stop, report, found))
    return replace(result, trouble=result.trouble or trouble)


def _stop_of(ending: Ending, status: ExitStatus) -> str:
    """Return why a run whose tick died was stopped, if it was."""
    run = ending.run
    is_over = ending.is_overdue or (ending.is_late and status.is_stopped)
    if status.is_stopped and 0 < run.deadline_seconds <= status.seconds:
        is_over = True
    # A shell whose command is killed before it is may exit with a code of its own.
    if is_over and status.exit_code not in ending.job.success_codes:
        return "timeout"
    return "the end of its tick" if status.is_stopped and run.stop is None else ""


def finish_output(job_id: str, run_id: str, job: Job | None, context: RunContext) -> str:
    """Finish the output of a run whose tick died; return what went wrong, or ''.

    It hides the secrets that the job has now. `job` is None if it is no longer configured; then
    only the secrets in `context` are known.
    """
    path = _output_of(job_id, run_id, context)
    if path is None:
        return ""
    if job is None:
        return finish(OutputFile(path, Job.max_output), Mask(context.environ))
    mask, trouble = _mask_of(Attempt(run_id, job, None), path, context)
    return finish(OutputFile(path, job.max_output), mask) or trouble


def watch_output(job_id: str, run_id: str, job: Job | None, context: RunContext) -> None:
    """Keep the output of a run that outlived its tick within its limit."""
    limit = job.max_output if job is not None else Job.max_output
    lingering_output.watch(OutputFile(output_path(context, job_id, run_id), limit))


def seconds_elsewhere(run: ActiveRun, job_id: str, context: RunContext) -> float:
    """Return for how long a run may live on elsewhere whose processes of this machine are gone."""
    path = _output_of(job_id, run.run_id, context) if run.executor else None
    if path is None:
        return 0.0
    from scheduled.runs.executors import ending_elsewhere

    return ending_elsewhere.seconds_left(path)


def forget(job_id: str, run_id: str, context: RunContext) -> None:
    """Remove what the processes of a run left for us; its end is on record."""
    path = _output_of(job_id, run_id, context)
    if path is None:
        return
    for suffix in (exit_file.SUFFIX, RESULT, *OF_PROXIES):
        with contextlib.suppress(OSError):  # it is pruned with the old output
            private.remove(path.with_suffix(suffix))


def _output_of(job_id: str, run_id: str, context: RunContext) -> Path | None:
    """Return the path of a run's output; None for an id that would lead out of the folder."""
    path = output_path(context, job_id, run_id)
    return path if run_id and path.name == f"{run_id}.log" else None


def _mask_of(attempt: Attempt, path: Path, context: RunContext) -> tuple[Mask, str]:
    """Return what hides the secrets that a job has now, and why some may be unknown, or ''."""
    try:
        variables = environment.variables(
            attempt, context.environ, context.config_dir, context.trust
        )
    except UnusableEnvironmentError as error:
        known = {**context.environ, **attempt.job.env}
        return Mask(known), f"{path}: may hold secrets: {error}"
    lost = next(filter(is_secret, attempt.given.get("env") or {}), None)
    return Mask(variables), f"{path}: may hold {lost}, which was given by hand" if lost else ""


class _End(NamedTuple):
    """What is known of the end of a run."""

    status: ExitStatus
    stop: str
    """Why it was stopped, if it was."""
    report: dict[str, Any] | None
    """What a handler's process left, empty if that is nothing; None for a command."""
    answer: "Answer | None" = None
    """What became of it elsewhere; None for a run of this machine."""


def _ended_first(running: Running, status: ExitStatus) -> bool:
    """Return whether a run had ended by itself when it was told to stop."""
    if running.stop_since is None or running.started + status.seconds > running.stop_since:
        return False
    # A machine that shuts down sends its signal to the run and to the tick at once.
    is_killed = status.exit_code is None or status.exit_code < 0
    return not is_killed or running.stop == "timeout"


def _result(attempt: Attempt, output: OutputFile, mask: Mask, end: _End) -> AttemptResult:
    """Return the outcome of a run, and finish its output."""
    if end.answer is not None:
        end = end._replace(status=end.answer.applied_to(end.status))
    facts: dict[str, Any] = {
        "duration": timedelta(seconds=end.status.seconds),
        "exit_code": end.status.exit_code,
        "cpu_seconds": end.status.cpu_seconds,
        "max_rss_bytes": end.status.max_rss_bytes,
    }
    refusal = ""
    if end.report is None:
        facts["result"], refusal = _command_result(output.last_line(LARGEST_RESULT))
    facts["trouble"] = finish(output, mask) or refusal
    if end.answer is not None:
        facts["where"] = end.answer.where or {}
    return _without_secrets(_judge(attempt.job, end, facts), mask)


def finish(output: OutputFile, mask: Mask) -> str:
    """Bring an output into its final form; return why that failed, or ''."""
    try:
        output.finish(mask)
        lingering_output.watch_if_open(output)
    except OSError as error:
        leaks = ", and may contain secrets" if mask else ""
        return f"{output.path}: {reason_of(error)}: it may be longer than max_output{leaks}"
    return ""


def _judge(job: Job, end: _End, facts: dict[str, Any]) -> AttemptResult:
    """Return the outcome of a run that has ended, and why."""
    code = end.status.exit_code
    if end.answer is not None:
        from scheduled.runs.executors import ending_elsewhere

        if (result := ending_elsewhere.judge(end.answer, end.stop, job.timeout, facts)) is not None:
            return result
    if end.status.failure:
        return _not_started(end.status, facts)
    if end.stop == "timeout":
        error = (
            f"timed out after {job.timeout:g} s; the job's key `timeout` sets how long it may run"
        )
        return AttemptResult(Outcome.TIMED_OUT, error=error, **facts)
    if end.stop:
        reason = f"stopped by {end.stop}"
        return AttemptResult(Outcome.INTERRUPTED, reason=reason, error=reason, **facts)
    if end.report is not None:
        return _judge_handler(end.report, code, facts)
    assert code is not None
    if code in job.success_codes:
        return AttemptResult(Outcome.SUCCEEDED, **facts)
    if code in job.defer_codes:
        return AttemptResult(Outcome.SKIPPED, reason=_exit_text(code), not_now=True, **facts)
    error = _exit_text(code) + _limit_reached(code, job) + _expected(code, job)
    return AttemptResult(Outcome.FAILED, error=error, **facts)


def _not_started(status: ExitStatus, facts: dict[str, Any]) -> AttemptResult:
    facts |= {"duration": timedelta(0), "result": None}
    if status.is_shortage:  # no fault of the job, and there may be no output to finish
        facts["trouble"] = ""
        return AttemptResult(
            Outcome.SKIPPED, reason=status.failure, not_now=True, is_shortage=True, **facts
        )
    return AttemptResult(Outcome.FAILED, error=status.failure, **facts)


def _judge_handler(
    report: dict[str, Any], exit_code: int | None, facts: dict[str, Any]
) -> AttemptResult:
    if "not_now" in report:
        return AttemptResult(Outcome.SKIPPED, reason=report["not_now"], not_now=True, **facts)
    if "skipped" in report:
        return AttemptResult(Outcome.SKIPPED, reason=report["skipped"], **facts)
    if "result" in report:  # beside an error too, if part of the work was done
        facts |= {"result": report["result"], "memory": report["memory"]}
        facts["events"] = tuple((str(name), dict(data)) for name, data in report["events"])
    if "error" in report:
        final = report.get("final") is True
        facts["no_space"] = report.get("no_space") is True
        return AttemptResult(Outcome.FAILED, error=str(report["error"]), final=final, **facts)
    if "result" not in report:
        error = f"the handler ended without a result ({_exit_text(exit_code)})"
        if exit_code == exit_file.UNWRITTEN:
            error += ": what it printed or returned could not be written; is the disk full?"
        return AttemptResult(Outcome.FAILED, error=error, **facts)
    facts["handler_file"] = str(report.get("file") or "")
    return AttemptResult(Outcome.SUCCEEDED, **facts)


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


def _exit_text(code: int | None) -> str:
    if code is None:
        return "exit code unknown"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _limit_reached(code: int, job: Job) -> str:
    """Return which limit of a confined run ended it; '' if that cannot be told."""
    limits = {-signal.SIGXCPU: "cpu_time", -signal.SIGXFSZ: "file_size"}
    return f": it reached its {limits[code]}" if job.level and code in limits else ""


def _expected(code: int, job: Job) -> str:
    if code < 0 or job.success_codes == (0,):
        return ""
    return f" (not in success_codes {', '.join(map(str, job.success_codes))})"
