"""When jobs run, in words: what `config validate` says back."""

from collections.abc import Iterable, Iterator, Sequence

from scheduled.jobs import builtin
from scheduled.jobs.model import Job
from scheduled.jobs.schedule import schedule_of
from scheduled.system.text import excerpt
from scheduled.views.schedule_meaning import meaning

MOST = 20
"""So many jobs are printed; ..."""
FIRST = 10
"""... of more, these. JSON has all."""


def rows(jobs: Iterable[Job]) -> list[dict[str, str]]:
    """Return each job with its schedule, as written and in words."""
    return [
        {
            "job": job.id,
            "schedule": job.schedule,
            "timezone": job.timezone,
            "in_words": meaning(schedule_of(job)),
        }
        for job in jobs
    ]


def own(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that are not built in, and not disabled."""
    return [job for job in jobs if job.enabled and not job.source.startswith(builtin.BUILT_IN)]


def lines(jobs: Sequence[Job], zone: str) -> Iterator[str]:
    """Yield a line a job; its zone only if it is another than `zone`, and matters."""
    shown = len(jobs) if len(jobs) <= MOST else FIRST
    cells = [(job.id, excerpt(job.schedule), _in_words(job, zone)) for job in jobs[:shown]]
    widths = [max((len(cell[place]) for cell in cells), default=0) for place in range(2)]
    for id_, schedule, words in cells:
        yield f"  {id_:<{widths[0]}}  {schedule:<{widths[1]}}  {words}"
    if len(jobs) > shown:
        yield (
            f"  and {len(jobs) - shown} more jobs of yours; --json has all, `scheduled next` says"
            " when each runs"
        )


def _in_words(job: Job, zone: str) -> str:
    schedule = schedule_of(job)
    words = meaning(schedule)
    has_zone = schedule.kind not in ("interval", "reboot") and not words.endswith(" UTC")
    return f"{words} ({job.timezone})" if has_zone and job.timezone != zone else words
