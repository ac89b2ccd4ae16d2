"""What has changed about a job since its last success, when one of its incidents opens."""

from collections import Counter
from collections.abc import Callable
from functools import cache

from scheduled.runs import circumstances
from scheduled.system.masking import Mask
from scheduled.ticks.context import TickContext
from scheduled.timing.timezones import zone_info
from scheduled.views import changes


def since_success(context: TickContext) -> Callable[[str], tuple[str, ...]]:
    """Return a function that returns what has changed about a job, given its id.

    That is a sentence each, and nothing where nothing was noted.
    """
    users = cache(lambda: Counter(map(circumstances.file_of, context.jobs.values())))

    def changed(job_id: str) -> tuple[str, ...]:
        job = context.jobs.get(job_id)
        kept = context.store.state["jobs"].get(job_id, {}).get("circumstances")
        if job is None or not isinstance(kept, dict):
            return ()
        run_context = context.run_context
        found = circumstances.look(job, str(kept.get("handler") or ""), run_context)
        is_shared = users()[circumstances.file_of(job)] > 1
        told = changes.sentences(kept, found, zone_info(run_context.zone), is_shared=is_shared)
        mask = Mask({**run_context.environ, **job.env})
        return tuple(map(mask.text, told))

    return changed
