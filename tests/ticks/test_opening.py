"""What a tick says of instants that a clock which was ahead has left."""

from pathlib import Path

from scheduled.state import tick_events
from scheduled.state.store import Store
from scheduled.ticks import opening
from tests.builders.jobs import at, job
from tests.builders.looks import end, seen


def warnings_about(folder: Path, jobs: int, gaps: int = 0) -> list[str]:
    """What the first tick of a right clock says about so many jobs seen by one a day ahead."""
    many = [job(f"j{number:02}") for number in range(jobs)]
    store = Store(folder).load()
    ahead = at("2026-11-22T12:00")
    for each in many:
        store.record(ahead, seen(each, ahead), end(f"r{each.id}", ahead, job=each.id))
    for _ in range(gaps):
        store.record(ahead, tick_events.gap_explained(at("12:00"), ahead, "machine off"))
    return opening.reset_future(store, many, at("12:00"))


def test_a_job_has_one_warning_however_many_instants_it_has(tmp_path: Path) -> None:
    (warning,) = warnings_about(tmp_path, jobs=1)

    assert warning == (
        "j00: 3 instants were in the future, up to 2026-11-22T12:00:02Z; the clock was wrong"
        " then, and they are set right"
    )


def test_a_single_instant_is_named(tmp_path: Path) -> None:
    (warning,) = warnings_about(tmp_path, jobs=0, gaps=1)

    assert warning.startswith("state: 0.to was 2026-11-22T12:00:00Z, in the future")


def test_many_jobs_do_not_make_a_mail_of_a_thousand_lines(tmp_path: Path) -> None:
    warnings = warnings_about(tmp_path, jobs=30, gaps=30)

    assert len(warnings) == 11
    assert warnings[-1] == "21 more jobs had instants in the future as well"
