"""Check the params of jobs with custom handlers, which only the handlers' own code declares.

Importing a module runs it. So only a person's command does this, never a tick, and in a child
process with the environment of a run and the params on standard input:
`python -m scheduled.runs.handler_params HANDLER OWNER...`.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scheduled.errors import ScheduledError
from scheduled.handler import loader, params
from scheduled.jobs.model import Attempt, Job
from scheduled.runs import environment
from scheduled.system.trusted import Trust

PATIENCE = 20.0
"""Seconds a module may take to be imported."""


def problems(
    jobs: Iterable[Job], environ: Mapping[str, str], folder: Path, trust: Trust
) -> Iterator[str]:
    """Yield a sentence for each param that does not fit; `folder` is the configuration's."""
    for job in jobs:
        if job.params and job.handler and not loader.is_builtin(job.handler):
            for sentence in _check(job, environ, folder, trust):
                yield f"{job.source}: {job.id}: {sentence}"


def _check(job: Job, environ: Mapping[str, str], folder: Path, trust: Trust) -> list[str]:
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
            input=json.dumps(job.params).encode(),
            capture_output=True,
            env=environment.variables(Attempt("", job, slot=None), environ, folder, trust),
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"handler: {job.handler}: takes longer than {PATIENCE:g} s to be imported"]
    except ScheduledError as error:
        return [str(error)]
    if child.returncode:
        lines = child.stderr.decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "no error message")
        return [f"handler: {job.handler}: cannot be imported: {last.strip()}"]
    # Lines that the module itself prints come first.
    sentences: list[str] = json.loads(child.stdout.splitlines()[-1])
    return sentences


def main() -> int:
    """Print what is wrong with the params as a JSON list, on the last line."""
    declared = loader.params(sys.argv[1], Trust(map(int, sys.argv[2:])))
    sentences: list[str] = []
    if declared is not None:
        wrong = params.problems(declared, json.load(sys.stdin))
        sentences = [f"params.{name}: {sentence}" for name, sentence in wrong.items()]
    print(f"\n{json.dumps(sentences)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
