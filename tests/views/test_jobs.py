"""The rows of `list`, and everything about one job."""

from pathlib import Path

import pytest

from scheduled.views import job as job_view
from scheduled.views import jobs
from tests.builders.jobs import at, job
from tests.builders.looks import Event, begin, end, seen, snapshot

KEYS = [
    "id",
    "name",
    "description",
    "schedule",
    "timezone",
    "kind",
    "enabled",
    "priority",
    "source",
    "status",
    "next_run",
    "last_run",
    "last_outcome",
    "paused",
    "waits_for",
    "finished",
]


def test_a_row_has_the_keys_of_the_contract() -> None:
    document = jobs.document(snapshot(job()))

    assert list(document) == ["jobs"]
    assert list(document["jobs"][0]) == KEYS


def test_jobs_stand_in_the_order_of_the_configuration() -> None:
    rows = jobs.rows(snapshot(job("zebra"), job("ant", "* * * * *"), job("mole")))

    assert [row["id"] for row in rows] == ["zebra", "ant", "mole"]


def test_a_row_tells_the_last_run_and_the_next_slot() -> None:
    backup = job("backup", "0 * * * *")
    events = (seen(backup, at("10:30")), begin("r1", at("12:00")), end("r1", at("12:00")))

    (row,) = jobs.rows(snapshot(backup, events=events))

    assert (row["last_run"], row["last_outcome"]) == ("2026-11-21T12:00:00Z", "succeeded")
    assert row["next_run"] == "2026-11-21T13:00:00Z"


def test_the_next_run_of_a_due_job_is_the_slot_it_is_due_for() -> None:
    backup = job("backup", "0 * * * *")

    (row,) = jobs.rows(snapshot(backup, events=(seen(backup, at("10:30")),)))

    assert row["next_run"] == "2026-11-21T12:00:00Z"


def test_a_skipped_slot_does_not_hide_when_the_job_ran() -> None:
    backup = job("backup", "0 * * * *")
    skipped = {"event": "skipped", "job": "backup", "slot": "2026-11-21T12:00:00Z", "reason": "x"}
    events = (seen(backup, at("10:30")), end("r1", at("11:00")), skipped)

    (row,) = jobs.rows(snapshot(backup, events=events))

    assert row["last_outcome"] == "skipped"
    assert row["last_run"] == "2026-11-21T11:00:02Z"


def test_a_disabled_job_has_no_next_run() -> None:
    off = {"event": "enabled", "job": "a", "enabled": False}

    rows = jobs.rows(snapshot(job("a"), job("b", enabled=False), events=(off,)))

    assert [(row["enabled"], row["next_run"]) for row in rows] == [(False, None), (False, None)]


@pytest.mark.parametrize(
    ("schedule", "events", "status"),
    [
        ("0 * * * *", (), "PENDING"),
        ("0 * * * *", (end("r1", at("11:00")),), "ACTIVE"),
        ("0 * * * *", (end("r1", at("11:00"), "failed"),), "ACTIVE"),
        ("at:2026-11-21T11:00:00Z", (), "PENDING"),
        ("at:2026-11-21T11:00:00Z", (end("r1", at("11:00")),), "COMPLETE"),
        ("at:2026-11-21T11:00:00Z", (end("r1", at("11:00"), "failed"),), "FAILED"),
        ("at:2026-11-21T13:00:00Z", (end("r1", at("11:00")),), "ACTIVE"),
    ],
)
def test_the_status_of_a_job_is_a_word_of_ciris(
    schedule: str, events: tuple[Event, ...], status: str
) -> None:
    backup = job("backup", schedule)
    (row,) = jobs.rows(snapshot(backup, events=(seen(backup, at("10:30")), *events)))

    assert row["status"] == status


def test_show_tells_definition_state_and_output(tmp_path: Path) -> None:
    backup = job("backup", "0 * * * *", timeout=60.0, tags=("nightly",))
    log = tmp_path / "runs" / "backup" / "r1.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(30)))
    events = (seen(backup, at("10:30")), end("r1", at("12:00"), "failed"))

    shown = job_view.document(snapshot(backup, events=events, state_dir=tmp_path), backup)

    assert list(shown) == ["job", "definition", "last", "state", "next", "output"]
    assert list(shown["job"]) == KEYS
    assert shown["definition"]["timeout"] == 60.0
    assert shown["last"]["error"] == "exit code 1"
    assert shown["state"]["failures"] == 1
    assert len(shown["next"]) == 5
    assert shown["output"]["path"] == str(log)
    assert shown["output"]["lines"] == [f"line {number}" for number in range(20, 30)]


def test_show_of_a_job_that_never_ran_has_nothing_to_tell_of_runs() -> None:
    backup = job("backup")

    shown = job_view.document(snapshot(backup), backup)

    assert (shown["last"], shown["state"], shown["output"]) == (None, {}, None)


def test_the_keys_of_a_definition_stay() -> None:
    keys = set(job_view.definition(job()))

    assert {"id", "schedule", "remembers_in", "noted_as", "seed", "waits_for"} <= keys
    assert keys.isdisjoint(job_view.JSON_NAMES)
