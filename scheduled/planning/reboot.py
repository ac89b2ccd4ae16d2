"""What a start of the machine makes due: the jobs whose schedule is `@reboot`. Pure.

One boot is told from another by the kernel's boot id. When it was is worked out once, by the tick
that first sees the id, and kept: worked out again it would differ with every correction of the
clock. From then on that instant is the anchor of these jobs, and the slot of this boot.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide
from scheduled.state.events import machine_booted, slots_missed
from scheduled.state.heartbeat import Heartbeat
from scheduled.state.records import Event, JobMemory, State, job_memory
from scheduled.timing import expression
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import MissedRange

SECOND = timedelta(seconds=1)
RESTARTED = "the machine was started again"


def boot_events(jobs: Iterable[Job], state: State, beat: Heartbeat, now: datetime) -> list[Event]:
    """What is to be recorded about the boot `beat` tells of; nothing if it is known already.

    With it go the slots of the boot before that nobody answered for. Where no boot was known,
    nothing comes due: the program is new here, not the boot.
    """
    waiting = [job for job in jobs if _waits_for_boot(job)]
    known: dict[str, Any] = state["boot"]
    if not waiting or known.get("id") == beat.boot_id:
        return []
    records = {
        job.id: job_memory(state, job.id) for job in waiting if known and _is_met(job, state)
    }
    started = _started(beat, parse_utc(state["ticks"].get("last")), now)
    booted = machine_booted(beat.boot_id, started, [*records])
    return [*(event for name, one in records.items() for event in _missed(name, one)), booted]


def _waits_for_boot(job: Job) -> bool:
    return "reboot" in job.schedule.lower() and schedule_of(job).kind == "reboot"


def _is_met(job: Job, state: State) -> bool:
    return job_memory(state, job.id).fingerprint == expression.fingerprint(schedule_of(job))


def _missed(name: str, known: JobMemory) -> list[Event]:
    slot = known.anchor
    if slot is None or known.watermark is None or slot <= known.watermark:
        return []
    return slots_missed(name, MissedRange(slot, slot, 1), RESTARTED)


def _started(beat: Heartbeat, last_tick: datetime | None, now: datetime) -> datetime:
    """When the boot was, to the second: after all that came before it, by a clock set back too.

    A slot is only due if it is newer than what was answered for. If the clock was wrong by so
    much before that watermarks are about to be clamped to now, it has to be newer than that.
    """
    started = (now - timedelta(seconds=beat.boottime)).replace(microsecond=0)
    if last_tick is None:
        return started
    before = last_tick if last_tick - now <= decide.CORRECTION else now
    return max(started, before.replace(microsecond=0) + SECOND)
