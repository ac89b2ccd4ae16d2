"""What is foreseen of a job that a tick has still to register."""

from datetime import timedelta
from pathlib import Path

from scheduled.planning.next_run import Start, next_run
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import job_memory
from tests.builders.engine import Engine
from tests.builders.jobs import at, job


def test_a_job_that_is_back_counts_from_its_return(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])
    engine.run_at("11:58")
    engine.jobs = ()
    engine.run_at("11:59")
    memory = job_memory(engine.state, "backup")
    assert memory.away is not None

    upcoming = next_run(job(), memory, SlotCache.at(at("12:30")), timedelta(minutes=2))

    assert upcoming == Start(at("13:00"), None)
    engine.jobs = (job(),)
    for when in ("12:30", "13:00"):
        engine.run_at(when)
    assert [event["slot"][11:16] for event in engine.events if event["event"] == "begin"] == [
        "13:00"
    ]


def test_a_job_whose_times_are_all_left_out_has_no_next_run(tmp_path: Path) -> None:
    never = job(schedule="0 9 * * sat", only_on=("sun",))
    engine = Engine(tmp_path, [never])
    engine.run_at("11:58")

    slots = SlotCache.at(at("12:00"))
    assert next_run(never, job_memory(engine.state, never.id), slots, timedelta()) is None
