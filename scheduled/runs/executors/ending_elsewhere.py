"""How a run elsewhere ended, from what is left once its processes on this machine have ended."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduled.jobs.model import AttemptResult, Outcome
from scheduled.runs.exit_file import ExitStatus

if TYPE_CHECKING:  # most runs are of this machine
    from scheduled.runs.executors.answer import Answer

NO_ROOM = 100
"""The exit code, plus errno, of a proxy that cannot reserve space for its answer."""
NEVER_SENT = "the process that was to send it there was killed before it had sent anything"
KILLED = "the process that waited for it was killed; all of it has ended where it ran"


def answer(path: Path, status: ExitStatus) -> "Answer | None":
    """Return what became of the run with the output `path`; `status` is how its proxy ended.

    None if the proxy could not be started.
    """
    from scheduled.runs.executors import answer as answers
    from scheduled.runs.executors import lease

    if status.failure:
        return None
    found = answers.read(answers.path_of(path))
    if found is not None:
        return found
    last = lease.read(lease.path_of(path))
    code = status.exit_code or 0
    if last is None and (code <= 0 or code >= NO_ROOM):
        why = os.strerror(code - NO_ROOM).lower() if code > NO_ROOM else ""
        return answers.Answer(not_now=f"{path.parent}: {why}" if why else NEVER_SENT)
    where = last.where if last is not None else {}
    if status.exit_code is not None and status.exit_code > 0:
        failure = f"its proxy failed with exit code {status.exit_code}; its output says why"
        return answers.Answer(failure=failure, where=where)
    return answers.Answer(lost=KILLED, where=where)


def status_without_keeper(path: Path) -> ExitStatus | None:
    """Return how the proxy of a run ended whose keeper was killed; None if it left no answer."""
    from scheduled.runs.executors import answer as answers

    found = answers.read(answers.path_of(path))
    return ExitStatus(0) if found is not None else None


def seconds_left(path: Path) -> float:
    """Return for how many seconds the run with the output `path` may live on elsewhere."""
    from scheduled.runs.executors import lease

    return lease.seconds_left(lease.path_of(path))


def judge(
    answer: "Answer", stop: str, timeout: float, facts: dict[str, Any]
) -> AttemptResult | None:
    """Return the result of a run that was not started, or was lost; None for any other."""
    if answer.not_now and stop in ("", "timeout"):  # nothing was started: the slot stays due
        reason = answer.not_now
        if stop:
            reason = f"its `timeout` of {timeout:g} s was over before it was connected"
        return AttemptResult(
            Outcome.SKIPPED,
            reason=reason,
            not_now=True,
            is_unstarted=True,
            is_unreached=answer.is_unreached and not stop,
            **facts,
        )
    if answer.lost and not stop:
        reason = answer.lost
        return AttemptResult(Outcome.INTERRUPTED, reason=reason, error=reason, **facts)
    return None
