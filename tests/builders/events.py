"""Events as tests want them, and the state that they lead to."""

from typing import Any

from scheduled.state import apply, records
from scheduled.state.document import State, empty

RUN = {"job": "backup", "run_id": "r1", "slot": "2026-11-21T12:00:00Z", "attempt": 1}
BEGIN = {"event": "begin", **RUN}
SEEN = {
    "event": "seen",
    "job": "backup",
    "fingerprint": "f",
    "anchor": "2026-11-21T10:00:00Z",
    "watermark": "2026-11-21T10:00:00Z",
}
MISSED = {"event": "missed", "job": "backup", "last": "2026-11-21T12:00:00Z", "count": 3}


def after(*events: dict[str, Any]) -> Any:
    """Return the state, as JSON, after these events, each an hour after the one before."""
    state = empty()
    for hour, event in enumerate(events, start=10):
        apply.apply(state, {"at": f"2026-11-21T{hour}:00:00Z", **event})
    return state


def end(outcome: str = "succeeded", **more: Any) -> dict[str, Any]:
    """Build the end of the run, which answers for its slot unless the test says otherwise."""
    ordinary = {"event": "end", "answered": True, "finished_at": "2026-11-21T12:00:05Z"}
    ordinary |= {"outcome": outcome, "error": "", "catch_up": False, "missed": 0}
    return {**RUN, **ordinary, **more}


def record(state: State) -> records.JobMemory:
    """Return what is remembered about the job of these events."""
    return records.job_memory(state, "backup")
