"""The days on which a job runs are changed while something is due."""

from datetime import UTC, datetime

from scheduled.planning import allowed_days
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from tests.builders.jobs import job

FRIDAY_EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
SATURDAY_EVENING = datetime(2026, 11, 21, 20, tzinfo=UTC)


def test_what_is_due_stays_due_however_many_slots_of_a_new_day_off_have_passed() -> None:
    each = job(id="each", schedule="*/5 * * * *", not_on=("sat",))
    memory = JobMemory(watermark=FRIDAY_EVENING)
    slots = SlotCache.at(SATURDAY_EVENING)

    changed = allowed_days.change(each, memory, slots, SATURDAY_EVENING)

    assert [event["event"] for event in changed] == ["days"]
