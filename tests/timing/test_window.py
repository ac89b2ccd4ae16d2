"""The hours a job may start in: what the clock shows, what waits, and what then runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.errors import ScheduleError
from scheduled.jobs.model import CatchUp, Job
from scheduled.jobs.schedule import schedule_of
from scheduled.planning import decide, tick_plan
from scheduled.planning.decision import Decision, Verdict
from scheduled.planning.slot_cache import SlotCache
from scheduled.state.records import JobMemory
from scheduled.timing import window
from scheduled.timing.fingerprint import fingerprint
from scheduled.views import jobs as view
from scheduled.views import upcoming
from tests.builders.configuration import complaint, the_job
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.looks import seen, snapshot

NIGHT = "21:00-06:00"
NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"
MINUTE = timedelta(minutes=1)


def test_a_slot_outside_waits_for_the_window_and_then_runs_for_the_newest(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, window=NIGHT)])
    for when in ("17:30", "18:00", "19:00", "20:00", "20:59"):
        assert engine.run_at(when).rows == []

    engine.run_at("21:00")
    engine.run_at("22:00")

    assert engine.lines() == ["2026-11-21T21:00:00Z 1 3", "2026-11-21T22:00:00Z 0 0"]


def test_one_slot_a_day_outside_runs_once_the_window_opens(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="0 12 * * *", command=NOTE, window=NIGHT)])
    for when in ("11:00", "12:00", "21:00", "22:00"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 1 0"]


def test_too_late_ends_a_slot_that_waits(tmp_path: Path) -> None:
    daily = job(schedule="0 12 * * *", command=NOTE, window=NIGHT, max_lateness=3600.0)
    engine = Engine(tmp_path, [daily])
    for when in ("11:00", "12:00", "13:01", "21:00"):
        engine.run_at(when)

    assert outcomes(engine.rows) == [("12:00", "skipped")]
    assert engine.lines() == []


def test_each_slot_runs_at_the_opening_when_the_job_says_so(tmp_path: Path) -> None:
    each = job(command=NOTE, window=NIGHT, catch_up=CatchUp.ALL)
    engine = Engine(tmp_path, [each])
    engine.run_at("18:30")
    engine.run_at("19:00")

    engine.run_at("21:00")

    assert [line[11:16] for line in engine.lines()] == ["19:00", "20:00", "21:00"]


def test_by_hand_it_runs_at_any_hour_and_the_slot_still_waits(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, window=NIGHT)])
    engine.run_at("11:30")

    engine.run_at("12:00", only=("backup",), by_hand=True)

    assert engine.lines() == ["0 0"]
    assert decided_in(engine.jobs[0], engine, "12:01").verdict is Verdict.WAIT


def test_a_retry_waits_for_the_window_too(tmp_path: Path) -> None:
    failing = job(
        schedule="50 5 * * *",
        command="echo x >> out; exit 1",
        window=NIGHT,
        max_retries=1,
        retry_delay=900.0,
    )
    engine = Engine(tmp_path, [failing])
    for when in ("05:30", "05:50", "06:10", "20:00"):
        engine.run_at(when)
    assert engine.lines() == ["x"]

    engine.run_at("21:00")

    assert engine.lines() == ["x", "x"]


def test_who_waits_says_why_and_until_when() -> None:
    decision = decided(job(window=NIGHT), "11:00", "12:00")

    assert (decision.verdict, decision.slot) == (Verdict.WAIT, at("12:00"))
    assert decision.reason == "outside its window 21:00-06:00"
    assert tick_plan.next_due([decision]) == at("21:00")  # until then, ticks may be idle
    assert not decision.is_due


def test_who_waits_is_looked_at_again_when_it_is_too_late() -> None:
    decision = decided(job(window=NIGHT, max_lateness=600.0), "11:00", "12:00")

    assert decision.next is not None
    assert at("12:10") < decision.next < at("12:11")
    assert decided(job(window=NIGHT, max_lateness=600.0), "11:00", "12:11").verdict is Verdict.SKIP


def test_an_edit_of_the_window_fires_nothing_and_loses_no_slot() -> None:
    windowed = job(window=NIGHT)

    assert decided(windowed, "12:00", "12:30").verdict is Verdict.NOT_DUE
    waiting = decided(windowed, "11:00", "12:30")
    assert waiting.verdict is Verdict.WAIT
    assert decided(replace(windowed, window=""), "11:00", "12:30").slot == waiting.slot


def test_a_list_says_when_the_window_opens_and_next_says_why() -> None:
    nightly = job(window=NIGHT)
    shown = snapshot(nightly, events=(seen(nightly, at("11:30")),))

    assert view.rows(shown)[0]["next_run"] == "2026-11-21T21:00:00Z"
    (row,) = upcoming.of_job(shown, nightly, 1)["next"]
    assert row["slot"] == "2026-11-21T12:00:00Z"  # it has passed, and waits
    assert row["note"] == "outside its window 21:00-06:00: starts at 2026-11-21T21:00:00+00:00"


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [("20:59:59", False), ("21:00", True), ("00:00", True), ("05:59:59", True), ("06:00", False)],
)
def test_a_window_is_half_open_and_goes_over_midnight(clock: str, is_open: bool) -> None:
    assert (window.next_opening(NIGHT, "UTC", at(clock)) is None) is is_open


@pytest.mark.parametrize(
    ("text", "zone", "now", "opens"),
    [
        # The clock of the job's zone counts, not ours.
        (NIGHT, "Europe/Berlin", "2026-11-21T19:00+00:00", "2026-11-21T20:00+00:00"),
        # 02:30 does not exist on 29 March: open from the end of the gap.
        ("02:30-04:00", "Europe/Berlin", "2026-03-29T00:30+00:00", "2026-03-29T01:00+00:00"),
        # All of it lies in the gap: not that day.
        ("02:10-02:50", "Europe/Berlin", "2026-03-29T00:30+00:00", "2026-03-30T00:10+00:00"),
        # Set back at 03:00: 02:00 to 02:30 comes again.
        ("01:00-02:30", "Europe/Berlin", "2026-10-25T00:45+00:00", "2026-10-25T01:00+00:00"),
        ("02:15-02:30", "Europe/Berlin", "2026-10-25T00:45+00:00", "2026-10-25T01:15+00:00"),
        # Set back over midnight.
        ("23:30-23:45", "America/Havana", "2026-11-01T05:50+00:00", "2026-11-02T04:30+00:00"),
    ],
)
def test_a_window_opens_when_the_clock_says_so(text: str, zone: str, now: str, opens: str) -> None:
    found = window.next_opening(text, zone, datetime.fromisoformat(now))

    assert found == datetime.fromisoformat(opens)


TIMES = st.times().map(lambda time: f"{time:%H:%M}")
CHANGES = st.sampled_from(
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
        ("America/St_Johns", datetime(2006, 10, 29, 2, 31, tzinfo=UTC)),
    ]
)


@given(TIMES, TIMES, CHANGES, st.integers(-600, 600))
def test_a_window_is_shut_until_it_opens(
    start: str, end: str, change: tuple[str, datetime], minutes: int
) -> None:
    if start == end:
        return
    zone, when = change
    text, now = f"{start}-{end}", when + timedelta(minutes=minutes)

    opens = window.next_opening(text, zone, now)

    clock = f"{now.astimezone(ZoneInfo(zone)):%H:%M}"
    is_open = start <= clock < end if start < end else clock >= start or clock < end
    assert (opens is None) == is_open
    if opens is not None:
        assert opens > now
        assert window.next_opening(text, zone, opens) is None
        walk = now
        while (walk := walk + 7 * MINUTE) < opens:
            assert window.next_opening(text, zone, walk) is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("21:00", '"21:00": expected a range like 21:00-06:00'),
        ("21:00-25:00", '"21:00-25:00": 25:00 is not a valid time'),
        ("21:61-06:00", "21:61 is not a valid time"),
        ("06:00-06:00", "start and end are equal; leave it out if the job may always start"),
        ("00:00-24:00", "start and end are equal"),
        ("[1, 2]", "expected text, found a list"),
    ],
)
def test_what_is_no_window_is_refused_in_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    written = text if text.startswith("[") else f'"{text}"'

    assert sentence in complaint(
        tmp_path, f'{{schedule: hourly, command: "true", window: {written}}}'
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"21:00-06:00"', NIGHT),
        ("9:00 - 17:30", "09:00-17:30"),
        ("none", ""),
        ('"22:00-24:00"', "22:00-00:00"),
    ],
)
def test_a_window_is_read_from_a_configuration(tmp_path: Path, written: str, kept: str) -> None:
    found = the_job(tmp_path, f'{{schedule: hourly, command: "true", window: {written}}}')

    assert found.window == kept


def test_parsing_is_for_text_that_passed_the_checks() -> None:
    with pytest.raises(ScheduleError):
        window.parse("at night")


def decided(what: Job, watermark: str, now: str) -> Decision:

    kept = fingerprint(schedule_of(what))
    record = JobMemory(fingerprint=kept, anchor=at(watermark), watermark=at(watermark))
    return decide.decide(what, record, SlotCache.at(at(now)), 2 * MINUTE)


def decided_in(what: Job, engine: Engine, now: str) -> Decision:
    from scheduled.state import records

    return decide.decide(
        what, records.job_memory(engine.state, what.id), SlotCache.at(at(now)), 2 * MINUTE
    )
