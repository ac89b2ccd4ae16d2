"""What is remembered about jobs, as tests want it."""

from scheduled.state.records import JobMemory
from scheduled.timing import expression
from scheduled.timing.fingerprint import fingerprint
from tests.builders.jobs import at


def registered(watermark: str, schedule: str = "0 * * * *") -> JobMemory:
    """The memory of a job with `schedule` whose slots up to `watermark` have all ended."""
    kept = fingerprint(expression.parse(schedule, "UTC"))
    return JobMemory(fingerprint=kept, anchor=at(watermark), watermark=at(watermark))
