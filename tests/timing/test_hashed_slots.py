"""`H`: numbers drawn for each machine and job, as Jenkins draws them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduled.config import load
from scheduled.errors import ScheduleError
from scheduled.jobs.schedule import schedule_of
from scheduled.system import machine
from scheduled.timing import slots
from scheduled.timing.expression import parse
from scheduled.timing.fingerprint import fingerprint
from scheduled.timing.schedule import Cron
from scheduled.views import jobs as view
from tests.builders.configuration import complaint, job_file, loaded, options, the_job, written
from tests.builders.jobs import job
from tests.builders.looks import snapshot

SEEDS = [f"machine job{number}" for number in range(300)]


def drawn(text: str, seed: str) -> Cron:
    form = parse(text, "UTC", seed).form
    assert isinstance(form, Cron)
    return form


def test_each_job_has_its_own_minute_and_keeps_it() -> None:
    minutes = [drawn("H * * * *", seed).minutes for seed in SEEDS]

    assert {len(values) for values in minutes} == {1}
    assert {values[0] for values in minutes} == set(range(60))
    assert minutes == [drawn("H * * * *", seed).minutes for seed in SEEDS]


@pytest.mark.parametrize("seed", SEEDS[:40])
def test_a_step_begins_anywhere_and_a_range_is_kept_to(seed: str) -> None:
    quarters = drawn("H/15 * * * *", seed).minutes
    early = drawn("H(0-29)/10 H(2-4) * * *", seed)

    assert [minute - quarters[0] for minute in quarters] == [0, 15, 30, 45]
    assert [minute - early.minutes[0] for minute in early.minutes] == [0, 10, 20]
    assert early.minutes[-1] <= 29
    assert early.hours[0] in (2, 3, 4)


def test_a_day_that_is_drawn_is_in_every_month_and_no_weekday_counts_twice() -> None:
    days = {drawn("0 0 H * *", seed).days[0] for seed in SEEDS}
    weekdays = [drawn("0 0 * * H", seed).weekdays[0] for seed in SEEDS]

    assert days == set(range(1, 29))
    assert max(weekdays.count(day) for day in range(7)) < 2 * min(
        weekdays.count(day) for day in range(7)
    )


def test_a_drawn_hour_is_a_fixed_time_and_a_drawn_minute_of_any_hour_is_not() -> None:
    assert drawn("H H * * *", SEEDS[0]).fixed
    assert not drawn("H * * * *", SEEDS[0]).fixed


def test_what_is_drawn_stands_beside_what_is_written() -> None:
    both = drawn("0,H(30-30) * * * THU", SEEDS[0])

    assert (both.minutes, both.weekdays) == ((0, 30), (4,))


def test_jobs_that_drew_the_same_share_their_schedule() -> None:
    schedules = {parse("H * * * *", "UTC", seed) for seed in SEEDS}

    assert len(schedules) == 60


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("H(0-99) * * * *", "minute 99 is out of range 0-59"),
        ("H(9-3) * * * *", "minute 9-3 runs backwards"),
        ("H/0 * * * *", "minute H/0: the step must be a number from 1 to 9999"),
        ("H(5) * * * *", 'minute "H(5)" is not understood; write H, H/15, H(0-29) or H(0-29)/10'),
        ("H-5 * * * *", 'minute "H-5" is not understood'),
        ("0 0 H(30-30) 2 *", "never fires"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_text_as_it_was_written(
    text: str, sentence: str
) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(text, "UTC", SEEDS[0])

    assert str(caught.value).startswith(f'"{text}": {sentence}')


@given(st.from_regex(r"H(\([0-9]{1,2}-[0-9]{1,2}\))?(/[0-9]{1,2})?", fullmatch=True), st.text())
def test_anything_drawn_is_a_schedule_in_its_range_or_a_refusal(text: str, seed: str) -> None:
    try:
        minutes = drawn(f"{text} * * * *", seed).minutes
    except ScheduleError:
        return

    assert minutes
    assert set(minutes) <= set(range(60))


def test_the_configuration_draws_by_machine_and_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "jobs:\n" + "".join(
        f'  job{number}: {{schedule: "H H * * *", command: "true"}}\n' for number in range(20)
    )
    here = slots_of(tmp_path, text)

    monkeypatch.setattr(machine, "identity", lambda: "another")
    there = slots_of(tmp_path, text)

    assert len(set(here)) > 15
    assert here != there


def test_what_was_drawn_comes_back_from_the_cache_but_not_on_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, 'jobs:\n  one: {schedule: "H H * * *", command: "true"}\n')
    first, second = (load.load(options(tmp_path)).jobs[-1] for _ in range(2))

    on_another_machine(tmp_path, monkeypatch)
    elsewhere = load.load(options(tmp_path)).jobs[-1]

    assert (first.seed, first.schedule) == (second.seed, "H H * * *")
    assert elsewhere.seed != first.seed


def test_what_was_drawn_for_a_job_file_counts_on_its_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_file(tmp_path, "one.yaml", 'id: one\nschedule: "H H * * *"\ncommand: "true"\n')
    here, again = (load.load(options(tmp_path)).jobs[-1] for _ in range(2))

    on_another_machine(tmp_path, monkeypatch)

    assert here.seed == again.seed
    assert load.load(options(tmp_path)).jobs[-1].seed != here.seed


def on_another_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, /etc/machine-id has another id in it."""
    (folder / "machine-id").write_text("b" * 32)
    monkeypatch.setattr(machine, "ID_FILE", folder / "machine-id")


def test_a_list_shows_what_was_written_and_when_it_will_be(tmp_path: Path) -> None:
    job = the_job(tmp_path, '{schedule: "H 3 * * *", command: "true", timezone: UTC}')

    (row,) = view.rows(snapshot(job))

    assert row["schedule"] == "H 3 * * *"
    assert row["next_run"].startswith("2026-11-22T03:")


def test_a_wrong_draw_is_a_problem_of_its_job(tmp_path: Path) -> None:
    assert 'one.schedule: "H(9-3) * * * *": minute 9-3 runs backwards' in complaint(
        tmp_path, '{schedule: "H(9-3) * * * *", command: "true"}'
    )


def test_a_job_in_no_configuration_has_nothing_to_draw_from() -> None:
    with pytest.raises(ScheduleError, match="H is a number derived from machine and job"):
        schedule_of(job(schedule="H * * * *"))


def slots_of(folder: Path, text: str) -> list[str]:
    jobs = loaded(folder, text).jobs
    return [fingerprint(schedule_of(job)) for job in jobs if job.id.startswith("job")]


def test_the_slots_are_those_of_the_numbers() -> None:
    when, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)
    schedule = parse("H H(2-3) * * *", "Europe/Berlin", SEEDS[0])
    form = drawn("H H(2-3) * * *", SEEDS[0])
    plain = parse(f"{form.minutes[0]} {form.hours[0]} * * *", "Europe/Berlin")

    found = list(slots.between(schedule, when, until, when))
    assert found == list(slots.between(plain, when, until, when))
    assert found[1] - found[0] == timedelta(days=1)
