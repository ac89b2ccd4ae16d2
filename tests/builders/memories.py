"""What is remembered about jobs, as tests want it."""

from scheduled.state.records import JobMemory
from scheduled.timing import expression
from tests.builders.jobs import at


def registered(watermark: str, schedule: str = "0 * * * *") -> JobMemory:
    """The memory of a job with `schedule` whose slots up to `watermark` have all ended."""
    fingerprint = expression.fingerprint(expression.parse(schedule, "UTC"))
    return JobMemory(fingerprint=fingerprint, anchor=at(watermark), watermark=at(watermark))
