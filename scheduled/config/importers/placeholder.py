"""Jobs whose work has to be added by hand (pure).

A task of another scheduler may name code that does not run outside it. Its job keeps schedule and
values, but is disabled, and its command fails to do anything if it is started by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scheduled.config.importers.findings import SourceKind

COMMAND = "echo 'no command yet: replace this line' >&2; exit 75"
"""Exit code 75 means not now: neither a success nor a failure to retry."""

_MOST_NAMED = 12

WHY = {
    SourceKind.AICO: "AICO's own class",
    SourceKind.CIRIS: "a prompt for CIRIS's agent",
    SourceKind.AIPASS: "a prompt for an agent of AIPass",
    SourceKind.OPENCLAW: "a prompt for an agent of OpenClaw",
    SourceKind.HERMES: "a prompt for Hermes",
    SourceKind.KUBERNETES: "containers of a pod",
}
"""What a job with the placeholder command stands for."""


def complete(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a job, with `values` that have no key added to its `params`.

    Without a command or a handler, it gets the placeholder command and is disabled.
    """
    job = dict(fields)
    if not {"command", "handler"} & job.keys():
        job |= {"command": COMMAND, "enabled": False}
    params = job.get("params", {})
    if values and isinstance(params, Mapping):  # anything else is refused with the rest of the job
        job["params"] = {**params, **values}
    return job


def unbound_note(ids: Sequence[str], kind: SourceKind) -> tuple[str, ...]:
    """Return a sentence that names the jobs with the placeholder command, or nothing."""
    if not ids:
        return ()
    return (f"{named(ids)}: {WHY[kind]}; disabled until you add a command to its file",)


def named(ids: Sequence[str]) -> str:
    """Return the first of these ids, and how many more there are."""
    more = len(ids) - _MOST_NAMED
    shown = ", ".join(ids[:_MOST_NAMED] if more > 1 else ids)
    return f"{shown} and {more} more" if more > 1 else shown
