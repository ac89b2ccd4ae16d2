"""The executor of jobs that name none: this machine."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.runs import environment, plain_command
from scheduled.runs.executors.program import Program
from scheduled.runs.run_context import RunContext
from scheduled.timing.instants import format_utc

if TYPE_CHECKING:  # most ticks confine nothing
    from scheduled.runs import confine

RESULT = ".result"
"""Suffix of the file, beside the output, in which a handler's process leaves its report."""
FD_REPORT = "fd:3"
"""What a handler's process is told in place of its path, if it may open no file there."""


def program(attempt: Attempt, memory: dict[str, Any], context: RunContext, path: Path) -> Program:
    """Return a job's own command, or the process of its handler.

    Raises UnusableEnvironmentError, and RefusedError for a run that cannot be confined.
    """
    job, plan = attempt.job, _plan(attempt, context)
    environ = context.environ if plan is None else plan.environ
    variables = environment.variables(attempt, environ, context.config_dir, context.trust)
    made = Program(
        command=[],
        environ=variables,
        directory=environment.working_directory(job, context.root, variables),
        hidden=dict(variables) if plan is None else {**context.environ, **variables},
        umask=job.umask,
        nice=job.nice,
        confinement=plan.confinement if plan is not None else None,
    )
    if made.confinement is not None:
        made = made._replace(leaves_nothing=made.confinement.is_scoped)
    if job.handler:
        return _of_handler(made, attempt, memory, context, path)
    command = job.words(job.command)
    if made.confinement is None and (words := _words_without_shell(job, variables)):
        return made._replace(command=words, shell=command)
    return made._replace(command=command)


def _of_handler(
    made: Program, attempt: Attempt, memory: dict[str, Any], context: RunContext, path: Path
) -> Program:
    """Return the process in which a handler runs, with a description of the run."""
    report, confinement = str(path.with_suffix(RESULT)), made.confinement
    if confinement is not None:
        confinement = confinement._replace(report=os.path.abspath(report))
        report = FD_REPORT
    made.environ.pop("PYTHONHOME", None)  # the child is this very interpreter
    # -P: a json.py in the working directory must not hide the standard library's.
    command = [sys.executable, "-P", "-X", "utf8", "-m", "scheduled.runs.handler_child", report]
    described = description(attempt, memory, context, confinement)
    return made._replace(
        command=command, stdin=json.dumps(described).encode(), confinement=confinement
    )


def _plan(attempt: Attempt, context: RunContext) -> "confine.Plan | None":
    """Return how a run is confined; None if it is not. Raises RefusedError if it cannot be."""
    if attempt.job.level not in CONFINED or attempt.as_before:
        return None
    from scheduled.runs import confine

    return confine.plan(attempt, context)


def _words_without_shell(job: Job, environ: Mapping[str, str]) -> list[str]:
    """Return the words of a command that is as well started without a shell; else empty.

    A shell may have another value for PWD, and its exit code for a command that a signal has killed
    is more than 128.
    """
    if job.handler or job.shell or not isinstance(job.command, str) or "PWD" in environ:
        return []
    if any(code > 128 for code in (*job.success_codes, *job.defer_codes)):
        return []
    return plain_command.words(job.command)


def description(
    attempt: Attempt,
    memory: dict[str, Any],
    context: RunContext,
    confinement: "confine.Confinement | None",
) -> dict[str, Any]:
    """Return what the child is told of the run."""
    cache = context.state_dir / "cache" / attempt.job.id
    return {
        "handler": attempt.job.handler,
        "job": attempt.job.id,
        "run_id": attempt.run_id,
        "now": format_utc(context.now),
        "zone": context.zone,
        "root": str(context.root),
        "central_dir": str(context.central_dir),
        "cache_dir": str(cache) if confinement is None else confinement.temporary,
        "state_dir": str(context.state_dir),
        "configuration": [str(path) for path in context.closed],
        "slot": format_utc(attempt.slot),
        "attempt": attempt.attempt,
        "catch_up": attempt.catch_up,
        "missed": attempt.missed,
        "last_success": format_utc(attempt.last_success),
        "params": attempt.job.params,
        "memory": memory,
        "owners": sorted(context.trust.owners) if context.trust is not None else [],
    }
