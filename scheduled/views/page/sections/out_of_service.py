"""Why a job does not run by its schedule, and since when nothing is recorded of it."""

from scheduled.timing.instants import parse_utc
from scheduled.views.page.facts import Facts


def state_of(facts: Facts, name: str) -> str:
    """Return in a word why a job does not run by its schedule; empty if it does."""
    memory, job = facts.snapshot.record(name), facts.job(name)
    is_enabled = memory.enabled if memory.enabled is not None else job and job.enabled
    states = {
        "suspended": memory.suspended,
        "cancelled": memory.cancelled is not None,
        "disabled": job is not None and not is_enabled,
        "paused": memory.pause is not None and memory.pause.covers(facts.now),
        "deferred": memory.deferral is not None,
    }
    return next((state for state, holds in states.items() if holds), "")


def since(facts: Facts, job: str) -> float | None:
    """Return since when a job is suspended or cancelled: then nothing is recorded of it."""
    entry = facts.snapshot.entry(job)
    for key in ("suspended", "cancelled"):
        kept = entry.get(key)
        begun = parse_utc(kept.get("at")) if isinstance(kept, dict) else None
        if begun is not None:
            return begun.timestamp()
    return None
