"""What can be asked and changed from Python: the same as by the commands, with the same answers."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest

import scheduled
from scheduled import api
from scheduled.cli.context import Session
from scheduled.cli.main import group
from scheduled.errors import StateError, UsageError
from scheduled.state.owner import NotOwnerError
from tests.builders import needs, people
from tests.builders.configuration import written
from tests.builders.installed import WITHOUT_SWEEPS
from tests.builders.jobs import at

EARLIEST = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
"""No time in UTC: it would be before the year 1."""
JOBS = (
    f"{WITHOUT_SWEEPS}  ok: {{schedule: hourly, command: echo ok}}\n"
    "  bad: {schedule: hourly, command: exit 3}\n"
)


@pytest.fixture
def config(root: Path) -> api.Config:
    """A configuration whose two jobs have run at 10:00; it is 10:30."""
    written(root, f"timezone: UTC\n{JOBS}")
    loaded = scheduled.load(root, state_dir=root / "state")
    for now in ("09:30", "10:00"):
        scheduled.run(loaded, at(now))
    return loaded


def printed(config: api.Config, now: datetime, capsys: Any, *words: str) -> Any:
    """What a command prints as JSON at a given time."""
    places = config.places
    session = Session(root=str(places.root), state_dir=str(places.state_dir), now=now)
    capsys.readouterr()
    group.main(args=[*words, "--json"], obj=session, standalone_mode=False)
    return json.loads(capsys.readouterr().out)


def test_the_answers_are_those_of_the_commands(
    config: api.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    now = at("10:30")
    scheduled.pause(config, now, "ok", until=at("12:00"), reason="moving")

    status: scheduled.Status = scheduled.status(config, now)
    rows: list[scheduled.HistoryRow] = scheduled.history(config)
    why: scheduled.Why = scheduled.why(config, now, "bad")

    assert status == printed(config, now, capsys, "status")
    assert {"runs": rows} == printed(config, now, capsys, "history")
    assert why == printed(config, now, capsys, "why", "bad")
    assert {row["job"]: row["outcome"] for row in rows} == {"ok": "succeeded", "bad": "failed"}
    assert [row["job"] for row in status["failing"]] == ["bad"]
    assert why["answer"] == "failed"


def test_the_keys_that_are_typed_are_those_that_there_are(config: api.Config) -> None:
    now = at("10:30")

    assert scheduled.status(config, now).keys() == scheduled.Status.__annotations__.keys()
    assert scheduled.why(config, now, "ok").keys() == scheduled.Why.__annotations__.keys()
    assert scheduled.history(config)[0].keys() == scheduled.HistoryRow.__annotations__.keys()


def test_history_selects_as_the_command_does(config: api.Config) -> None:
    scheduled.run(config, at("11:00"))

    assert [row["slot"] for row in scheduled.history(config, "ok", limit=1)] == [
        "2026-11-21T11:00:00Z"
    ]
    assert {row["job"] for row in scheduled.history(config, outcome="failed")} == {"bad"}
    assert len(scheduled.history(config, since=at("10:30"), limit=0)) == 2


def test_a_paused_job_is_skipped_with_the_reason_until_it_is_resumed(config: api.Config) -> None:
    scheduled.pause(config, at("10:30"), "ok", reason="moving\nhouse")
    scheduled.run(config, at("11:00"))
    scheduled.resume(config, at("11:30"), "ok")
    scheduled.run(config, at("12:00"))

    rows = scheduled.history(config, "ok", since=at("10:30"))

    assert [row["outcome"] for row in rows] == ["succeeded", "skipped"]
    assert "moving house" in str(rows[1]["reason"])
    assert scheduled.why(config, at("12:30"), "ok", at=at("11:10"))["answer"] == "skipped"


def test_all_jobs_are_paused_for_as_long_as_is_said(config: api.Config) -> None:
    scheduled.pause(config, at("10:30"), until=at("11:30"))
    reports = [scheduled.run(config, at(now)) for now in ("11:00", "12:00")]

    assert [len(report.ran) for report in reports] == [0, 2]


def test_what_cannot_be_is_a_usage_error_with_the_sentence_of_the_command(
    config: api.Config,
) -> None:
    now, naive = at("10:30"), at("10:30").replace(tzinfo=None)
    calls: dict[str, Callable[[], object]] = {
        "no job is called 'okk'; did you mean ok": lambda: scheduled.why(config, now, "okk"),
        "no job is called 'x'": lambda: scheduled.history(config, "x"),
        "no job is called 'y'": lambda: scheduled.pause(config, now, "y"),
        "ok is not paused": lambda: scheduled.resume(config, now, "ok"),
        "all jobs are not paused": lambda: scheduled.resume(config, now),
        "until: 2026-11-21T10:29:59": lambda: scheduled.pause(
            config, now, until=now - timedelta(seconds=1)
        ),
        "now: 2026-11-21T10:30:00 has no time zone": lambda: scheduled.status(config, naive),
        "at: 2026-11-21T10:30:00 has": lambda: scheduled.why(config, now, "ok", at=naive),
        "since: 2026-11-21T10:30:00 has": lambda: scheduled.history(config, since=naive),
        "since: '1d' is no datetime": lambda: scheduled.history(config, since=cast("Any", "1d")),
        "at: 0001-01-01T00:00:00": lambda: scheduled.why(config, now, "ok", at=EARLIEST),
        "no job is called '5'": lambda: scheduled.pause(config, now, cast("Any", 5)),
        "outcome: 'fine': known are succeeded": lambda: scheduled.history(config, outcome="fine"),
        "limit: -1": lambda: scheduled.history(config, limit=-1),
    }

    for sentence, call in calls.items():
        with pytest.raises(UsageError) as caught:
            call()
        assert str(caught.value).startswith(sentence)


def test_subscribers_are_told_of_a_pause_as_by_the_command(root: Path) -> None:
    told = "subscribe:\n  log: {kind: command, command: cat >> told, on: scheduler.task.status}\n"
    written(root, told + JOBS)
    config = scheduled.load(root, state_dir=root / "state")
    scheduled.run(config, at("10:00"))

    scheduled.pause(config, at("10:30"), "ok")

    assert json.loads((root / "told").read_text())["job"] == "ok"


def test_to_ask_writes_nothing_and_needs_no_state(root: Path) -> None:
    written(root, JOBS)
    config = scheduled.load(root, state_dir=root / "state")

    assert scheduled.history(config) == []
    assert scheduled.status(config, at("10:00"))["last_tick"] is None
    assert scheduled.why(config, at("10:00"), "ok")["answer"] == "none"
    assert not (root / "state").exists()


def test_a_state_of_somebody_else_is_read_and_not_written(config: api.Config) -> None:
    needs.root()
    people.give(config.places.state_dir, people.NOBODY)

    assert len(scheduled.history(config)) == 2
    with pytest.raises(NotOwnerError, match="sudo -u nobody scheduled pause ok"):
        scheduled.pause(config, at("10:30"), "ok")
    assert scheduled.status(config, at("10:30"))["paused"] == {}


def test_a_state_that_cannot_be_read_is_an_error_of_ours(config: api.Config) -> None:
    for path in config.places.state_dir.glob("*"):
        if path.is_file():
            path.unlink()
            path.mkdir()

    with pytest.raises(scheduled.ScheduledError) as caught:
        scheduled.status(config, at("10:30"))

    assert isinstance(caught.value, StateError)
