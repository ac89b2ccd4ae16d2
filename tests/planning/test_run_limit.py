"""`max_runs`: so many slots are run, and then the job is finished."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import CatchUp, Job, Overlap
from scheduled.planning import run_limit
from scheduled.state.document import empty
from scheduled.state.records import job_memory
from scheduled.state.union import union
from tests.builders.configuration import complaint, the_job
from tests.builders.engine import Engine, outcomes
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at, job
from tests.builders.looks import Home


def hourly(command: str = "echo $SCHEDULED_SLOT >> out", **fields: Any) -> Job:
    return job(schedule="0 * * * *", command=command, **fields)


def ran(engine: Engine) -> list[str]:
    return [line[11:16] for line in engine.lines()]


def document(home: Home, time: str, *arguments: str) -> Any:
    return json.loads(home.call(*arguments, "--json", now=at(time)).out)


def ticks(engine: Engine, *times: str) -> None:
    for time in times:
        engine.run_at(time)


def test_e5_after_max_runs_a_job_neither_runs_nor_misses_anything(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=2)])
    ticks(engine, "10:30", "11:00", "12:00", "13:00", "18:30")

    assert ran(engine) == ["11:00", "12:00"]
    assert outcomes(engine.rows) == [("11:00", "succeeded"), ("12:00", "succeeded")]


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [(CatchUp.ALL, ["11:00", "12:00", "13:00"]), (CatchUp.LATEST, ["14:00", "15:00", "16:00"])],
)
def test_e5_a_run_that_covers_missed_ones_counts_once(
    tmp_path: Path, catch_up: CatchUp, expected: list[str]
) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=3, catch_up=catch_up)])
    ticks(engine, "10:30", "14:30", "15:00", "16:00", "17:00", "23:00")

    assert ran(engine) == expected


def test_e5_failures_count_and_have_their_retries_first(tmp_path: Path) -> None:
    one = hourly("echo $SCHEDULED_SLOT >> out; exit 1", max_runs=1, max_retries=1, retry_delay=4000)
    engine = Engine(tmp_path, [one])
    ticks(engine, "10:30", "11:00", "12:00", "12:30", "13:00")

    assert ran(engine) == ["11:00", "11:00"]
    assert [(row["attempt"], row["outcome"]) for row in engine.rows] == [
        (1, "failed"),
        (2, "failed"),
    ]


def test_e5_runs_by_hand_and_what_was_skipped_do_not_count(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=1, only_if="test -e wanted")])
    ticks(engine, "10:30", "11:00", "12:00")
    (tmp_path / "wanted").touch()
    ticks(engine, "13:00", "14:00")

    assert ran(engine) == ["13:00"]


@pytest.mark.parametrize("overlap", [*Overlap])
def test_e5_what_runs_already_counts_before_it_ends(tmp_path: Path, overlap: Overlap) -> None:
    one = hourly(max_runs=1, overlap=overlap)
    engine = Engine(tmp_path, [one])
    ticks(engine, "10:30")
    engine.record(
        "11:00",
        {
            "event": "begin",
            "job": one.id,
            "run_id": "r1",
            "slot": "2026-11-21T11:00:00Z",
            "attempt": 1,
            "catch_up": False,
            "missed": 0,
            "timeout": 60,
            "boot_id": "x",
        },
    )

    assert run_limit.left(one, job_memory(engine.state, one.id)) == 0


def test_e5_a_raised_limit_continues_and_misses_nothing_meanwhile(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=1)])
    ticks(engine, "10:30", "11:00", "12:00", "15:30")

    engine.jobs = (hourly(max_runs=2),)
    ticks(engine, "15:31", "16:00", "17:00")

    assert outcomes(engine.rows) == [("11:00", "succeeded"), ("16:00", "succeeded")]


def test_e5_a_limit_set_later_counts_from_then_and_takes_no_retry_away(tmp_path: Path) -> None:
    one: dict[str, Any] = {"max_retries": 1, "retry_delay": 1800}
    engine = Engine(tmp_path, [hourly("echo $SCHEDULED_SLOT >> out; exit 1", **one)])
    ticks(engine, "10:30", "11:00")

    engine.jobs = (hourly(max_runs=1, **one),)
    ticks(engine, "11:10", "11:40", "12:00")

    assert ran(engine) == ["11:00", "11:00"]


def test_e5_a_limit_taken_away_lets_a_finished_job_run_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=1)])
    ticks(engine, "10:30", "11:00", "14:30")

    engine.jobs = (hourly(),)
    ticks(engine, "14:31", "15:00", "16:00")

    assert outcomes(engine.rows) == [
        ("11:00", "succeeded"),
        ("15:00", "succeeded"),
        ("16:00", "succeeded"),
    ]
    assert "runs" not in engine.state["jobs"]["backup"]


def test_e5_removed_and_put_back_it_counts_anew(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [hourly(max_runs=1)])
    ticks(engine, "10:30", "11:00")
    engine.jobs = ()
    ticks(engine, "12:30", "2026-11-23 13:30")

    engine.jobs = (hourly(max_runs=1),)
    ticks(engine, "2026-11-23 14:30", "2026-11-23 15:00", "2026-11-23 16:00")

    assert ran(engine) == ["11:00", "15:00"]


def test_e5_a_job_that_waits_for_a_finished_one_runs(tmp_path: Path) -> None:
    first = hourly(id="first", max_runs=1)
    engine = Engine(
        tmp_path, [first, hourly("echo $SCHEDULED_SLOT >> then", id="b", after=("first",))]
    )
    ticks(engine, "10:30", "11:00", "12:00", "13:00")

    assert [line[11:16] for line in engine.lines("then")] == ["11:00", "12:00", "13:00"]


def test_e5_disabled_in_the_configuration_only_what_lies_within_its_bounds_is_missed(
    tmp_path: Path,
) -> None:
    bounds = {"starts": "2026-11-21T13:00", "ends": "2026-11-21T14:59"}
    engine = Engine(tmp_path, [hourly(enabled=False, **bounds)])
    engine.jobs = (hourly(**bounds),)
    ticks(engine, "10:30")
    engine.jobs = (hourly(enabled=False, **bounds),)
    ticks(engine, "11:30", "18:30")
    engine.jobs = (hourly(**bounds),)
    ticks(engine, "19:30", "20:00")

    missed = [(str(row["slot"])[11:16], row["missed"]) for row in engine.rows]
    assert missed == [("14:00", 2)]


def test_e5_views_count_the_runs_say_that_it_is_finished_and_enable_continues(root: Path) -> None:
    home = Home(root)
    home.configure(
        f"{WITHOUT_SWEEPS}  thrice: {{schedule: '0 * * * *', command: 'true', max_runs: 3}}\n"
    )
    for time in ("10:30", "11:00", "12:00"):
        home.call("run", now=at(time))
    assert len(document(home, "12:01", "next", "thrice", "-n", "9")["next"]) == 1
    home.call("run", now=at("13:00"))

    now = at("13:01")
    rows = document(home, "13:01", "list")["jobs"]
    row = next(each for each in rows if each["id"] == "thrice")
    assert (row["status"], row["next_run"]) == ("COMPLETE", None)
    assert row["finished"]["why"] == "max_runs"
    assert "done" in home.call("list", now=now).out
    assert "3 of 3 runs" in home.call("why", "thrice", now=now).out
    assert "3 of 3 runs" in home.call("show", "thrice", now=now).out
    assert re.search(r"finished +thrice", home.call("status", now=now).out)
    assert "Finished: thrice" in home.call("next", now=now).out
    assert document(home, "13:01", "next", "thrice")["next"] == []

    assert "counted anew" in home.call("enable", "thrice", now=at("15:30")).out
    home.call("run", now=at("15:31"))
    home.call("run", now=at("16:00"))
    history = document(home, "16:01", "history")["runs"]
    assert [each["slot"][11:16] for each in history][::-1] == ["11:00", "12:00", "13:00", "16:00"]
    assert "already enabled" in home.call("enable", "thrice", now=at("16:02")).out


def test_e5_a_limit_is_a_whole_number_of_at_least_one(root: Path) -> None:
    keys = "schedule: daily, command: x"

    assert the_job(root, f"{{{keys}, max_runs: 3}}").max_runs == 3
    assert the_job(root, f"{{{keys}, max_runs: none}}").max_runs is None
    for wrong in ("0", "-1", "1.5", "many", "true"):
        assert "one.max_runs" in complaint(root, f"{{{keys}, max_runs: {wrong}}}")


def test_e5_of_two_states_the_one_with_more_runs_counts() -> None:
    few, many = empty(), empty()
    few["jobs"]["a"] = {"max_runs": 3, "runs": 1}
    many["jobs"]["a"] = {"max_runs": 3, "runs": 3}

    for ours, theirs in ((few, many), (many, few)):
        state, _ = union(ours, theirs)
        assert state["jobs"]["a"]["runs"] == 3
