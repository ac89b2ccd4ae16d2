"""The shapes of lanes and strips, and the tables and orders that belong to them."""

from functools import partial

import pytest

from scheduled.views.page.past.job_past import QUARTER, JobPast, Mark, bounds
from scheduled.views.page.past.looks import ALL, Look
from scheduled.views.page.pictures import cadence, cells, lane
from scheduled.views.page.pictures.lane import Bar, Sign, Stretch
from scheduled.views.page.pictures.timeline import Window
from scheduled.views.page.sections import failed_stretches
from scheduled.views.page.sections.failed_stretches import Failed
from tests.builders.jobs import at, job

WINDOW = Window(0.0, 100.0 * QUARTER)
"""Each quarter is a percent."""
BOUNDS = partial(bounds, 1)


def when(instant: float) -> str:
    return f"{instant:.0f}"


def counts(**by_look: int) -> list[int]:
    return [by_look.get(look.value, 0) for look in ALL]


def many(bins: dict[int, list[int]], failures: list[Mark] | None = None) -> JobPast:
    return JobPast(bins=bins, marks=None, failures=failures or [])


def test_equal_neighbours_are_one_band_and_a_pause_divides_it() -> None:
    past = many(
        {
            **{number: counts(ok=15) for number in (3, 4, 5, 9)},
            **{number: counts(missed=15) for number in (6, 7)},
            8: counts(missed=3, late=1),
            **{number: counts(held=1, skipped=2) for number in (10, 11)},
        }
    )

    assert lane.shapes(past, WINDOW, BOUNDS, when).stretches == (
        Stretch("ok", 3.0, 6.0),
        Stretch("ok", 8.0, 10.0),
        Stretch("missed", 6.0, 9.0),
        Stretch("held", 10.0, 12.0),
    )


def test_red_rises_with_the_root_of_the_share_and_one_in_a_thousand_is_seen() -> None:
    past = many(
        {
            1: counts(ok=999, failed=1),
            2: counts(ok=3, timed_out=1),
            3: counts(failed=5, interrupted=4),
            4: counts(missed=5),
        }
    )

    assert lane.shapes(past, WINDOW, BOUNDS, when).bars == (
        Bar(1.0, 1.0, 4.0, "900 to 1800: 1 of 1000 failed"),
        Bar(2.0, 1.0, 10.0, "1800 to 2700: 1 of 4 failed"),
        Bar(3.0, 1.0, 20.0, "2700 to 3600: 9 of 9 failed"),
    )


def test_a_bin_that_begins_before_the_picture_is_cut_at_its_edge() -> None:
    late = Window(1.5 * QUARTER, 101.5 * QUARTER)

    (band,) = lane.shapes(many({1: counts(ok=1)}), late, BOUNDS, when).stretches

    assert band == Stretch("ok", 0.0, 0.5)


def test_few_slots_have_a_sign_each_and_failures_stand_on_top() -> None:
    marks = [
        Mark(Look.FAILED, 10 * QUARTER, 8 * QUARTER, 2.0, "exit code 1"),
        Mark(Look.LATE, 20 * QUARTER, 19 * QUARTER, 3.0 * QUARTER),
        Mark(Look.OK, 5 * QUARTER, None, 1.0),
        Mark(Look.MISSED, 30 * QUARTER, 32 * QUARTER, None, "machine off", 3),
    ]

    assert lane.shapes(JobPast(marks=marks), WINDOW, BOUNDS, when).signs == (
        Sign("ok", 5.0, None, 0.0, ""),
        Sign("late", 20.0, 19.0, 3.0, "18000: late or after retries; scheduled for 17100"),
        Sign("missed", 30.0, None, 0.0, "27000: missed: machine off"),
        Sign("missed", 31.0, None, 0.0, "27900: missed: machine off"),
        Sign("missed", 32.0, None, 0.0, "28800: missed: machine off"),
        Sign("failed", 10.0, 8.0, 0.0, "9000: failed: exit code 1"),
    )


def test_a_run_in_progress_reaches_to_the_end() -> None:
    (sign,) = lane.running([40.0 * QUARTER], WINDOW, when)

    assert sign == Sign("running", 40.0, None, 60.0, "running since 36000")


def test_a_cell_of_a_day_is_not_painted_red_by_one_failure_of_many() -> None:
    of_day = cells.bounds([QUARTER * 10.0, QUARTER * 50.0], WINDOW)
    bins = {0: counts(ok=1439, failed=1), 1: counts(failed=1), 2: counts(ok=1, missed=3)}

    strip = cells.strip(bins, WINDOW, of_day, lambda number: f"day {number}")

    assert strip.stretches == (Stretch("ok", 0.0, 100.0),)
    assert [(part.x, part.width, part.height) for part in strip.failed] == [
        (0.0, 10.0, 3.0),
        (10.0, 40.0, 18.0),
    ]
    (hanging,) = strip.missed
    assert hanging == (50.0, 50.0, 13.5, "day 2: 3 of 4 missed")


def test_days_that_were_only_skipped_are_a_line_and_days_without_slots_are_empty() -> None:
    of_day = cells.bounds([QUARTER * 10.0, QUARTER * 20.0, QUARTER * 30.0], WINDOW)
    bins = {0: counts(skipped=4), 1: counts(held=2), 3: counts(ok=1)}

    strip = cells.strip(bins, WINDOW, of_day, str)

    assert strip.stretches == (Stretch("ok", 30.0, 100.0), Stretch("held", 0.0, 20.0))


def test_failures_in_a_row_are_one_row_of_the_table() -> None:
    marks = [
        Mark(Look.FAILED, 90.0, cause="newest"),
        Mark(Look.OK, 80.0),
        Mark(Look.TIMED_OUT, 70.0, cause="second"),
        Mark(Look.MISSED, 65.0),
        Mark(Look.FAILED, 60.0, cause="first"),
    ]

    found = failed_stretches.stretches([("job", JobPast(marks=marks))], BOUNDS)

    assert found.rows == (
        Failed("job", 90.0, 90.0, 1, "newest"),
        Failed("job", 60.0, 70.0, 2, "second"),
    )


def test_failures_among_many_runs_are_rows_of_neighbouring_bins() -> None:
    known = [Mark(Look.FAILED, 1 * QUARTER + 60.0, cause="exit code 7")]
    past = many({1: counts(ok=5, failed=1), 4: counts(failed=9), 5: counts(failed=2)}, known)

    found = failed_stretches.stretches([("job", past)], BOUNDS)

    assert found.rows == (
        Failed("job", 4.0 * QUARTER, 6.0 * QUARTER, 11, ""),
        Failed("job", 960.0, 960.0, 1, "exit code 7"),
    )


def test_the_table_ends_and_says_how_many_there_are_besides() -> None:
    number = failed_stretches.SHOWN + 5
    jobs = [(f"j{n}", JobPast(marks=[Mark(Look.FAILED, float(n))])) for n in range(number)]

    found = failed_stretches.stretches(jobs, BOUNDS)

    assert (len(found.rows), found.left_out) == (failed_stretches.SHOWN, 5)
    assert found.rows[0].job == f"j{number - 1}"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * *", cadence.Cadence.MINUTES),
        ("*/10 * * * *", cadence.Cadence.MINUTES),
        ("*/30 * * * *", cadence.Cadence.HOURS),
        ("0 * * * *", cadence.Cadence.HOURS),
        ("0 */6 * * *", cadence.Cadence.HOURS),
        ("0 3,15 * * *", cadence.Cadence.DAYS),
        ("0 3 * * 1-5", cadence.Cadence.DAYS),
        ("0 3 * * 0", cadence.Cadence.RARELY),
        ("@reboot", cadence.Cadence.RARELY),
        ("every 90m", cadence.Cadence.HOURS),
        ("at:2026-11-22T10:00", cadence.Cadence.RARELY),
    ],
)
def test_jobs_are_grouped_by_how_often_they_run(schedule: str, expected: cadence.Cadence) -> None:
    assert cadence.of(job(schedule=schedule), at("12:00")) is expected


def test_trouble_goes_first_in_its_group_and_the_rest_stands_as_configured() -> None:
    jobs = [job(name, "0 * * * *") for name in ("c", "a", "b")] + [job("w", "0 0 * * 0")]

    found = cadence.groups(jobs, {"a", "gone"}, lambda name: int(name != "b"), at("12:00"))

    assert [(group.title, group.jobs) for group in found] == [
        ("Hourly", ("b", "c", "a")),
        ("Weekly, monthly, once", ("w",)),
        ("No longer configured", ("gone",)),
    ]
