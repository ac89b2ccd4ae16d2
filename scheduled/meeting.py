"""Meeting jobs: what is put on record when a tick first sees one, or finds it changed.

Nothing fires by that, whatever somebody edited: a job that is met counts from now on.
"""

from collections.abc import Iterable
from datetime import datetime

from scheduled import plan, slots
from scheduled import state as states
from scheduled.decision import Decision, Verdict
from scheduled.state import Event, State, stamped


def events(decisions: Iterable[Decision], state: State, now: datetime) -> list[Event]:
    """The events that make the engine know new, changed and disabled jobs, and wrong clocks."""
    met = (_met(decision, state, now) for decision in decisions)
    return [event for event in met if event is not None]


def _met(decision: Decision, state: State, now: datetime) -> Event | None:
    job = decision.job
    watermark = stamped(decision.watermark) if decision.watermark else None
    known = {"job": job.id, "anchor": stamped(now)}
    match decision.verdict:
        case Verdict.CLAMP:
            return {"event": "clamped", "job": job.id, "watermark": watermark}
        case Verdict.MEET:
            fingerprint = slots.fingerprint(slots.of(job))
            return {"event": "seen", **known, "fingerprint": fingerprint, "watermark": watermark}
        case Verdict.DISABLED if plan.is_put_out(job, states.record(state, job.id)):
            # Enabled again it is met anew: it does not fire for what passed meanwhile.
            rest = {"fingerprint": plan.PUT_OUT, "watermark": stamped(now)}
            return {"event": "seen", **known, **rest}
    return None
