"""What has changed about a job since its last success, when one of its incidents opens."""

from scheduled.runs import circumstances
from scheduled.system.masking import Mask
from scheduled.ticks.context import TickContext
from scheduled.timing.timezones import zone_info
from scheduled.views import changes


def since_success(context: TickContext, job_id: str) -> tuple[str, ...]:
    """Return what has changed, a sentence each; nothing where nothing was noted."""
    job = context.jobs.get(job_id)
    kept = context.store.state["jobs"].get(job_id, {}).get("circumstances")
    if job is None or not isinstance(kept, dict):
        return ()
    run_context = context.run_context
    found = circumstances.look(job, str(kept.get("handler") or ""), run_context)
    file = circumstances.file_of(job)
    is_shared = any(
        other.id != job_id and circumstances.file_of(other) == file
        for other in context.jobs.values()
    )
    zone = zone_info(run_context.zone)
    told = changes.sentences(kept, found, zone, is_shared=is_shared)
    mask = Mask({**run_context.environ, **job.env})
    return tuple(map(mask.text, told))
