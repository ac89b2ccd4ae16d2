"""Incidents of which no channel has taken a message: they count as printed alone."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders.engine import Engine
from tests.builders.jobs import job

FAILING = {"kind": "command", "command": "exit 1"}
WRITING = {"kind": "command", "command": 'echo "$SCHEDULED_SUBJECT" >> out'}
FAILS = job(schedule="0 12 * * *", command="exit 3")


def failed(tmp_path: Path, **notify: Any) -> Engine:
    """An installation with an incident and channels."""
    engine = Engine(tmp_path, [FAILS], notify=notify)
    engine.run_at("11:59")
    engine.run_at("12:00")
    return engine


def test_a_channel_that_was_renamed_is_told_by_its_new_name_in_the_same_tick(
    tmp_path: Path,
) -> None:
    engine = failed(tmp_path, ops=FAILING)
    engine.settings["notify"] = {"people": WRITING}

    report = engine.run_at("12:02")
    engine.run_at("12:05")

    assert [text.partition("\n")[0] for text in report.undelivered] == [
        "channel ops: this message is given up: no channel is called ops"
    ]
    assert engine.lines() == ["backup: failing"]
    assert engine.state["outbox"] == []


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_channel_that_is_left_out_for_a_mistake_is_not_one_that_was_removed(
    tmp_path: Path, is_whole: bool
) -> None:
    engine = failed(tmp_path, ops=FAILING)
    engine.problems = ("scheduled.yaml:2: something is wrong",)
    engine.settings |= {"notify": {"people": WRITING}, "has_all_channels": is_whole}

    report = engine.run_at("12:02")

    assert bool(report.undelivered) == is_whole
    assert ("backup: failing" in engine.lines()) == is_whole


def test_channels_below_a_misspelt_key_were_not_removed(tmp_path: Path) -> None:
    engine = failed(tmp_path, ops=FAILING)
    engine.settings |= {"notify": {}, "has_all_channels": False}

    report = engine.run_at("12:02")

    assert report.undelivered == []
    assert "notify:ops" in [message["to"] for message in engine.state["outbox"]]


def test_where_no_channel_is_left_one_that_is_added_later_is_told(tmp_path: Path) -> None:
    engine = failed(tmp_path, ops=FAILING)
    engine.settings["notify"] = {}
    engine.run_at("12:02")
    engine.settings["notify"] = {"people": WRITING}

    engine.run_at("12:05")

    assert engine.lines() == ["backup: failing"]


def test_what_a_channel_has_taken_is_not_told_again(tmp_path: Path) -> None:
    engine = failed(tmp_path, ops=FAILING, people=WRITING)
    engine.settings["notify"] = {"others": WRITING, "people": WRITING}

    engine.run_at("12:02")

    assert engine.lines() == ["backup: failing"]


def test_what_waits_for_another_channel_is_told_by_that_one(tmp_path: Path) -> None:
    engine = failed(tmp_path, ops=FAILING, people=FAILING)
    engine.settings["notify"] = {"others": WRITING, "people": WRITING}

    engine.run_at("12:02")

    assert engine.lines() == ["backup: failing"]


@pytest.mark.slow
def test_what_one_message_told_of_many_is_told_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [], notify={"ops": FAILING}, max_concurrent=20)
    engine.jobs = tuple(job(f"job{n}", "0 12 * * *", command="exit 3") for n in range(12))
    engine.run_at("11:59")
    engine.run_at("12:00")
    engine.settings["notify"] = {"people": WRITING}

    engine.run_at("12:02")

    assert engine.lines() == ["12 incidents: job0: failing and others"]
