"""The program of a job that runs on another machine: a proxy, with the errand it is given."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Attempt
from scheduled.jobs.permissions import CONFINED
from scheduled.runs import environment
from scheduled.runs.environment import UnusableEnvironmentError
from scheduled.runs.executors import answer, lease, local
from scheduled.runs.executors import settings as executor_settings
from scheduled.runs.executors.errand import Errand
from scheduled.runs.executors.program import Program
from scheduled.runs.run_context import RunContext
from scheduled.system.trusted import Trust

GRACE_SECONDS = 8.0
"""Between TERM and KILL for a command: less than its proxy has, which reports the end."""


def program(attempt: Attempt, memory: dict[str, Any], context: RunContext, path: Path) -> Program:
    """Return the proxy of a run, with its errand. Raises UnusableEnvironmentError."""
    job = attempt.job
    settings = context.executors.get(job.executor)
    if settings is None or job.level in CONFINED:
        raise UnusableEnvironmentError(f"executor: {job.executor}: cannot be used by this job")
    trust = context.trust or Trust()
    found = executor_settings.with_files(settings, context.config_dir, context.environ, trust)
    own = environment.own_variables(attempt, context.environ, context.config_dir, context.trust)
    environ = environment.variables(attempt, context.environ, context.config_dir, context.trust)
    lease_path = os.path.abspath(lease.path_of(path))
    errand = Errand(
        settings={**found, "resources": job.resources},
        executor=job.executor,
        order={
            **_work(attempt, memory, context),
            "env": own,
            "cwd": job.cwd,
            "umask": job.umask,
            "nice": job.nice,
            "lease": settings["lease"],
            "grace": GRACE_SECONDS,
            "max_output": job.max_output,
        },
        answer_path=os.path.abspath(answer.path_of(path)),
        lease_path=lease_path,
        report_path=os.path.abspath(path.with_suffix(local.RESULT)),
    )
    return Program(
        command=[sys.executable, "-P", "-X", "utf8", "-m", "scheduled.runs.executors.proxy"],
        environ=_environ_of_proxy(attempt, context),
        directory=Path("/"),
        hidden=environ,
        stdin=json.dumps(errand._asdict()).encode(),
        lease_path=lease_path,
    )


def _work(attempt: Attempt, memory: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """Return what the outpost starts: a command, or a handler, for which it uses its Python."""
    job = attempt.job
    if not job.handler:
        return {"command": job.words(job.command)}
    description = local.description(attempt, memory, context, None)
    # The files and users of this machine mean nothing there.
    return {"command": [], "handler": {**description, "configuration": [], "owners": []}}


def _environ_of_proxy(attempt: Attempt, context: RunContext) -> dict[str, str]:
    """Return the tick's environment, with the variables by which the run's processes are found."""
    found = {**context.environ, **environment.run_variables(attempt)}
    found.pop("PYTHONHOME", None)
    return found
