"""Jobs of which nobody knows what does their work; pure.

A task of another scheduler may name code that does not run outside it. Such a task keeps its
place, its schedule and its values, but is switched off, and says that nothing is bound to it
when it is started all the same: it never succeeds at doing nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from scheduled.config.importers.findings import ImportedJob, SourceKind

COMMAND = "echo 'nothing is bound: put here what does the work' >&2; exit 75"
"""75 is not now: neither a success nor a failure that would be tried again."""

_WHY = {SourceKind.AICO: "AICO's own class", SourceKind.CIRIS: "a prompt for CIRIS's agent"}


def complete(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a job, with `values` that have no key of ours among its `params`.

    Without a command and a handler it is one to which nothing is bound.
    """
    job = dict(fields)
    if not {"command", "handler"} & job.keys():
        job |= {"command": COMMAND, "enabled": False}
    params = job.get("params", {})
    if values and isinstance(params, Mapping):  # anything else is refused with the rest of the job
        job["params"] = {**params, **values}
    return job


def unbound_note(wanted: Iterable[ImportedJob], kind: SourceKind) -> tuple[str, ...]:
    """A sentence that names those among them, and says why; none if there are none."""
    ids = [str(one.fields["id"]) for one in wanted if one.fields.get("command") == COMMAND]
    if not ids:
        return ()
    return (f"{', '.join(ids)}: {_WHY[kind]}; switched off until its file says what does the work",)
