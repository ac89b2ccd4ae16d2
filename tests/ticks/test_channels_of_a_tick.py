"""Ticks and channels: reports go where they are wanted, and status names what fails."""

from pathlib import Path
from typing import Any

from scheduled.state.store import Store
from scheduled.ticks import outbox
from scheduled.views import health
from tests.builders.engine import Engine
from tests.builders.jobs import at, job
from tests.builders.mail import NOW
from tests.ticks.test_outbox_channels import FAILING, WRITING, put

REPORT = ("daily_report", {"message": {"subject": "Day", "body": "All well"}})


def test_a_daily_report_goes_to_the_channels_that_want_reports() -> None:
    channels: dict[str, Any] = {"ops": {}, "boss": {"on": ["report"]}, "all": {"on": ["failure"]}}

    found = outbox.messages(
        [REPORT, ("other", REPORT[1])], {"daily_report": None}, "r1", NOW, channels
    )

    [message] = found
    assert (message["to"], message["subject"]) == ("notify:boss", "Day")
    assert message["facts"]["group"] == "report"


def test_a_tick_delivers_by_the_channels_of_its_configuration(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("mine", "0 0 1 1 *")], notify={"ops": WRITING})
    engine.run_at("12:00")
    put(Store(engine.state_dir).load(), 1, now=at("12:00"))

    report = engine.run_at("12:01")

    assert (report.exit_code, report.notes, report.undelivered) == (0, [], [])
    assert (tmp_path / "written").read_text() == "backup fails 1\n"
    engine.run_at("12:02")
    assert (tmp_path / "written").read_text() == "backup fails 1\n"


def test_status_names_the_channel_that_fails(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("mine", "0 0 1 1 *")], notify={"ops": FAILING})
    engine.run_at("12:00")
    put(Store(engine.state_dir).load(), 1, now=at("12:00"))
    engine.run_at("12:01")

    [entry] = engine.state["outbox"]
    assert entry["failures"] == 1
    assert health._why([entry]) == "ops (exit code 1: no)"


def test_a_channel_that_fails_besides_another_is_told(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("mine", "0 0 1 1 *")], notify={"ops": FAILING, "me": WRITING})
    engine.run_at("12:00")
    put(Store(engine.state_dir).load(), 1, 2, now=at("12:01"))
    for when in ("13:02", "13:04"):
        engine.run_at(when)
    first = engine.lines("written")

    put(Store(engine.state_dir).load(), 3, to="boss", now=at("13:03"))
    engine.settings["notify"] = {**engine.settings["notify"], "boss": FAILING}
    told = [engine.run_at(when).incidents for when in ("14:04", "14:06", "14:08")]

    assert first == ["messages not delivered"]
    [[], [change], []] = told
    assert change.incident.last_error.splitlines() == [
        "ops: 3 messages waiting: exit code 1: no",
        "boss: 1 message waiting: exit code 1: no",
    ]
    assert engine.lines("written")[1].startswith("messages not delivered: for 2 h")
