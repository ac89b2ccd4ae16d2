"""Bands of times without ticks, and plots of durations."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduled.views.page.past.job_past import Day, JobPast, Mark
from scheduled.views.page.past.looks import ALL, Look
from scheduled.views.page.pictures import outages, plot
from scheduled.views.page.pictures.timeline import Change, Window
from tests.builders.jobs import at

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at("2026-10-31T13:32")
WINDOW = Window(at("2026-10-30T13:32").timestamp(), NOW.timestamp())


def gap(start: str, end: str, cause: str = "machine asleep", **costs: int) -> dict[str, Any]:
    return {"from": f"2026-{start}Z", "to": f"2026-{end}Z", "cause": cause, **costs}


def bands(*gaps: dict[str, Any], changes: tuple[Change, ...] = ()) -> outages.Outages:
    return outages.of(gaps, WINDOW, NOW, BERLIN, changes)


def test_a_band_says_when_why_and_what_became_of_its_slots() -> None:
    (band,) = bands(
        gap("10-30T23:12:00", "10-31T05:41:00", run=15, missed=576, coalesced=576)
    ).bands

    assert (band.letter, band.cause) == ("A", "machine asleep")
    assert band.when == "today 00:12 to 06:41, 6 h 29 min"
    assert "591" in band.cost
    assert band.x == WINDOW.x(at("2026-10-30T23:12").timestamp())


def test_a_day_is_named_where_it_is_another() -> None:
    (band,) = bands(gap("10-30T20:00:00", "10-31T05:41:00")).bands

    assert band.when == "Fri 30 Oct 21:00 to Sat 31 Oct 06:41, 9 h 41 min"


def test_what_ended_before_is_left_out_and_what_began_before_is_cut() -> None:
    found = bands(
        gap("10-28T00:00:00", "10-29T00:00:00"), gap("10-30T00:00:00", "10-30T19:32:00")
    ).bands

    assert [(band.x, band.width) for band in found] == [(0.0, 25.0)]


def test_a_clock_set_back_is_a_line_where_it_was() -> None:
    (band,) = bands(gap("10-31T10:10:00", "10-31T10:07:00", "clock set back")).bands

    assert band.width == outages.LEAST
    assert band.when.startswith("today 11:10 to 11:07")


def test_letters_that_are_too_near_stand_together_with_the_change_of_the_clocks() -> None:
    near = bands(
        gap("10-31T01:00:00", "10-31T01:10:00"),
        gap("10-31T01:20:00", "10-31T01:30:00"),
        changes=(Change(WINDOW.x(at("2026-10-31T01:15").timestamp()), "", "25 h"),),
    )

    assert [letter.text for letter in near.letters] == ["A \u21ba B"]


def test_of_many_the_longest_are_told_and_the_others_summed_up() -> None:
    naps = [
        gap(f"10-31T{hour:02}:00:00", f"10-31T{hour:02}:{hour + 1:02}:00") for hour in range(12)
    ]

    found = bands(*naps)

    assert len(found.bands) == 12
    assert [band.letter for band in found.bands] == [""] * 4 + list("ABCDEFGH")
    assert found.others == "and 4 shorter ones, 10 min together"


def test_gaps_that_cannot_be_read_are_left_out() -> None:
    assert bands({"from": None, "to": "x", "cause": 3}, {}).bands == ()


def runs(*seconds: float, look: Look = Look.OK) -> JobPast:
    """Runs with these durations, oldest first."""
    start = datetime(2026, 10, 30, 14).timestamp()
    points = [Mark(look, start + n, seconds=each) for n, each in enumerate(seconds)][::-1]
    counted = [len(points) if each is look else 0 for each in ALL]
    return JobPast(bins={0: counted}, points=points)


def lines(drawn: plot.Plot) -> dict[str, float]:
    return {line.kind: line.seconds for line in drawn.lines}


def test_figures_are_those_of_runs_that_succeeded() -> None:
    past = runs(*map(float, range(1, 101)))
    assert past.points is not None
    past.points.append(Mark(Look.FAILED, 0.0, seconds=1000.0))

    found = plot.figures(past)

    assert (found.median, found.p95, found.longest) == (50.5, 96.0, 1000.0)


def test_lines_are_drawn_only_where_they_are_near() -> None:
    past = runs(10.0, 12.0, 11.0)

    assert lines(plot.plot(past, WINDOW, 11.0, 33.0, 600.0)) == {"median": 11.0}
    assert lines(plot.plot(past, WINDOW, 11.0, 15.0, 24.0)) == {
        "median": 11.0,
        "warning": 15.0,
        "deadline": 24.0,
    }


def test_higher_is_longer_and_nothing_leaves_the_plot() -> None:
    drawn = plot.plot(runs(0.0, 5.0, 10.0), WINDOW, 5.0, None, 20.0)

    heights = [point.y for point in drawn.points]
    assert heights == sorted(heights)  # the newest, which is the longest, comes first
    ys = [*heights, *(line.y for line in drawn.lines)]
    assert all(plot.MARGIN <= y <= plot.HEIGHT - plot.MARGIN for y in ys)
    assert next(line.y for line in drawn.lines if line.kind == "deadline") == plot.MARGIN


def test_many_runs_are_a_bar_a_day_with_the_newest_failures() -> None:
    failed = [Mark(Look.FAILED, WINDOW.end - n, seconds=2.0) for n in range(90)]
    past = JobPast(points=None, days=[Day(WINDOW.start, 1.0, 2.0, 4.0)], failures=failed)

    drawn = plot.plot(past, WINDOW, 2.0, None, None)

    assert [(day.x, day.top < day.median < day.bottom) for day in drawn.days] == [(0.0, True)]
    assert [point.look for point in drawn.points] == ["failed"] * plot.CROSSES


def test_a_job_has_drifted_if_all_its_newest_runs_are_unusual() -> None:
    usual = [10.0] * 20

    assert plot.has_drifted(runs(*usual, 30.0, 31.0, 29.0))
    assert plot.has_drifted(runs(*usual, 1.0, 2.0, 1.0))
    assert not plot.has_drifted(runs(*usual, 30.0, 10.0, 29.0))
    assert not plot.has_drifted(runs(30.0))
    assert not plot.has_drifted(JobPast())
