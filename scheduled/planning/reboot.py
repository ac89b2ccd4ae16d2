"""Jobs with the schedule `@reboot`, which a start of the machine makes due (pure).

Boots are distinguished by the kernel's boot id. The tick that first sees an id computes when that
boot was and records it: computed again, it would differ after each correction of the clock. The
recorded instant is the anchor of these jobs from then on, and their slot for this boot.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import standing
from scheduled.state.document import State
from scheduled.state.events import machine_booted, slots_missed
from scheduled.state.heartbeat import Heartbeat
from scheduled.state.journal import Event
from scheduled.state.present import CORRECTION
from scheduled.state.records import JobMemory, job_memory
from scheduled.timing.instants import parse_utc
from scheduled.timing.slots import MissedRange

SECOND = timedelta(seconds=1)
RESTARTED = "the machine was started again"
"""The cause of a slot that was missed because the next boot came first."""


def boot_events(jobs: Iterable[Job], state: State, beat: Heartbeat, now: datetime) -> list[Event]:
    """Return the events that record a new boot, if `beat` has one, and the slots missed before it.

    At the very first tick nothing comes due: it is the program that is new, not the boot.
    """
    boot_jobs = [job for job in jobs if _runs_at_boot(job)]
    last_boot = state["boot"]
    if not boot_jobs or last_boot.get("id") == beat.boot_id:
        return []
    memories = {
        job.id: job_memory(state, job.id)
        for job in boot_jobs
        if last_boot and _is_registered(job, state)
    }
    started = _started(beat, parse_utc(state["ticks"].get("last")), now)
    booted = machine_booted(beat.boot_id, started, [*memories])
    missed = (event for job, memory in memories.items() for event in _missed(job, memory))
    return [*missed, booted]


def _runs_at_boot(job: Job) -> bool:
    return "reboot" in job.schedule.lower() and schedule_of(job).kind == "reboot"


def _is_registered(job: Job, state: State) -> bool:
    return standing.is_registered(job, job_memory(state, job.id))


def _missed(job: str, memory: JobMemory) -> Sequence[Event]:
    slot = memory.anchor
    if slot is None or memory.watermark is None or slot <= memory.watermark:
        return []
    return slots_missed(job, MissedRange(slot, slot, 1), RESTARTED)


def _started(beat: Heartbeat, last_tick: datetime | None, now: datetime) -> datetime:
    """Return when the boot was, to the second, and after the last tick even if the clock went back.

    A slot is only due if it is newer than the watermark. If the clock was so wrong that watermarks
    are about to be reset to now, it must be newer than now.
    """
    started = (now - timedelta(seconds=beat.boottime)).replace(microsecond=0)
    if last_tick is None:
        return started
    before = last_tick if last_tick - now <= CORRECTION else now
    return max(started, before.replace(microsecond=0) + SECOND)
