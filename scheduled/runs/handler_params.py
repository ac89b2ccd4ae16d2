"""Ask custom handlers for their params, which only their own code declares.

Importing a module runs it. So only a person's command does this, never a tick, and in a child
process with the environment of a run and the params to check on standard input, or null to have
those that there are: `python -m scheduled.runs.handler_params HANDLER OWNER...`.
"""

import json
import subprocess
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scheduled.errors import ScheduledError
from scheduled.handler import loader, params
from scheduled.jobs.model import Attempt, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.quick_classes import replace
from scheduled.runs import environment
from scheduled.system.text import one_line
from scheduled.system.trusted import Trust

ParamRows = dict[str, dict[str, Any]]
"""What each param sets, its kind and its default, by name."""
PATIENCE = 20.0
"""Seconds a module may take to be imported."""


def problems(
    jobs: Iterable[Job],
    environ: Mapping[str, str],
    folder: Path,
    trust: Trust,
    of_packages: Container[str] = (),
) -> Iterator[str]:
    """Yield a sentence for each param that does not fit; `folder` is the configuration's.

    Handlers `of_packages` are imported for jobs without params, too: nobody here has written them.
    """
    for job in jobs:
        if job.level in CONFINED:
            continue  # its code runs within its limits alone, where its params are checked as well
        sentences: list[str] = []
        if job.handler in of_packages:
            sentences += filter(None, declared(job, environ, folder, trust)[1:])
        if not sentences and job.params and job.handler and not loader.is_builtin(job.handler):
            sentences = _check(job, environ, folder, trust)
        for sentence in sentences:
            yield f"{job.source}: {job.id}: {sentence}"


def declared(
    job: Job, environ: Mapping[str, str], folder: Path, trust: Trust
) -> tuple[ParamRows | None, str]:
    """Return the params of a job's handler, None if it declares none, and why it cannot run."""
    try:
        answer = _ask(replace(job, params={}), None, environ, folder, trust)
    except _UnusableHandlerError as error:
        return None, str(error)
    return answer, ""


def rows(table: params.ParamTable) -> ParamRows:
    """Return declared params as JSON, by name."""
    return {
        name: {"about": param.about, "kind": str(param.kind), "default": _plain(param.default)}
        for name, param in table.items()
    }


def _plain(value: Any) -> Any:
    """Return a default as JSON; one that JSON does not have is described."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return repr(value)


def _check(job: Job, environ: Mapping[str, str], folder: Path, trust: Trust) -> list[str]:
    try:
        sentences: list[str] = _ask(job, job.params, environ, folder, trust)
    except _UnusableHandlerError as error:
        return [str(error)]
    return sentences


class _UnusableHandlerError(Exception):
    """A handler that cannot be imported."""


def _ask(job: Job, question: Any, environ: Mapping[str, str], folder: Path, trust: Trust) -> Any:
    """Return what the child process answers. Raise _UnusableHandlerError if it cannot."""
    try:
        child = subprocess.run(
            [
                sys.executable,
                "-P",
                "-X",
                "utf8",
                "-m",
                "scheduled.runs.handler_params",
                job.handler,
                *map(str, sorted(trust.owners)),
            ],
            input=json.dumps(question).encode(),
            capture_output=True,
            env=environment.variables(Attempt("", job, slot=None), environ, folder, trust),
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        sentence = f"takes longer than {PATIENCE:g} s to be imported"
        raise _UnusableHandlerError(f"handler: {job.handler}: {sentence}") from None
    except (ScheduledError, OSError) as error:
        raise _UnusableHandlerError(str(error)) from error
    if child.returncode:
        lines = child.stderr.decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "no error message")
        sentence = f"cannot be imported: {one_line(last)}"
        raise _UnusableHandlerError(f"handler: {job.handler}: {sentence}")
    try:
        return json.loads(child.stdout.splitlines()[-1])  # what the module itself prints is above
    except (ValueError, IndexError):
        sentence = "ends this process when it is imported"
        raise _UnusableHandlerError(f"handler: {job.handler}: {sentence}") from None


def main() -> int:
    """Print the answer as JSON, on the last line: what is wrong with the params, or the table."""
    question, trust = json.load(sys.stdin), Trust(map(int, sys.argv[2:]))
    try:
        table = loader.params(sys.argv[1], trust)
        if question is None:
            loader.load(sys.argv[1], trust)
    except ScheduledError as error:
        print(error, file=sys.stderr)
        return 1
    answer: Any = []
    if question is None:
        answer = None if table is None else rows(table)
    elif table is not None:
        wrong = params.problems(table, question)
        answer = [f"params.{name}: {sentence}" for name, sentence in wrong.items()]
    print(f"\n{json.dumps(answer)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
