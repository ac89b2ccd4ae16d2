"""Rows of runs from the journal's events."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import Outcome
from scheduled.state import history
from scheduled.state.history import HistoryQuery, Row
from scheduled.state.store import Store
from scheduled.timing.instants import format_utc
from scheduled.timing.slots import COUNT_CAP
from tests.builders.jobs import at
from tests.builders.looks import begin, end

KEYS = [
    "run_id",
    "job",
    "slot",
    "outcome",
    "reason",
    "attempt",
    "catch_up",
    "missed",
    "started_at",
    "finished_at",
    "duration_seconds",
    "result",
    "error",
    "retry_at",
    "missed_capped",
    "given",
    "moved_from",
    "where",
]


def test_a_row_has_the_keys_of_the_contract() -> None:
    row = history.row_of(end("r1", at("11:00")))

    assert row is not None
    assert list(row) == KEYS
    assert list(history.COLUMNS) == KEYS


def test_a_run_that_ended_is_one_row_and_not_two() -> None:
    rows = history.rows([begin("r1", at("11:00")), end("r1", at("11:00"))])

    assert [(row["run_id"], row["outcome"], row["result"]) for row in rows] == [
        ("r1", "succeeded", {"files": 3})
    ]


def test_a_run_without_an_end_is_running() -> None:
    (row,) = history.rows([begin("r1", at("11:00"))])

    assert (row["outcome"], row["reason"]) == (None, "running")
    assert (row["started_at"], row["finished_at"]) == ("2026-11-21T11:00:00Z", None)


def test_the_newest_comes_first_and_a_run_stands_where_it_began() -> None:
    long = end("long", at("11:00"), finished_at=format_utc(at("11:30")))
    events = [begin("long", at("11:00")), begin("short", at("11:10")), end("short", at("11:10"))]

    rows = history.rows([*events, long])

    assert [row["run_id"] for row in rows] == ["short", "long"]


def test_a_stretch_of_missed_slots_is_one_row_that_counts_them() -> None:
    (row,) = history.rows([_missed(at("09:00"), at("11:00"), 3)])

    assert (row["outcome"], row["slot"], row["missed"]) == ("missed", "2026-11-21T11:00:00Z", 3)
    assert (row["run_id"], row["reason"]) == (None, "machine off")
    assert row["finished_at"] == "2026-11-21T11:00:00Z"


def test_a_count_that_stopped_at_its_cap_says_so() -> None:
    stretch = _missed(at("09:00"), at("11:00"), COUNT_CAP)
    told = [stretch, end("r1", at("11:00"), missed=COUNT_CAP), end("r2", at("11:00"), missed=999)]

    rows = history.rows(told)

    assert [row["missed_capped"] for row in rows] == [False, True, True]


def test_a_skipped_slot_says_why() -> None:
    event = {"event": "skipped", "at": "2026-11-21T11:00:05Z", "job": "backup"}
    (row,) = history.rows([event | {"slot": "2026-11-21T11:00:00Z", "reason": "too late"}])

    assert (row["outcome"], row["reason"], row["run_id"]) == ("skipped", "too late", None)


def test_a_run_that_was_put_off_has_no_outcome_and_is_not_running() -> None:
    deferred = {"event": "deferred", "at": "2026-11-21T11:00:01Z", "job": "backup"}
    (row,) = history.rows([begin("r1", at("11:00")), deferred | {"run_id": "r1", "reason": "busy"}])

    assert (row["outcome"], row["reason"]) == (None, "not now: busy")


@pytest.mark.parametrize(
    "event",
    [
        {"event": "end", "job": "backup"},
        {"event": "end", "job": "backup", "run_id": "r1", "outcome": "vanished"},
        {"event": "end", "run_id": "r1", "outcome": "failed"},
        {"event": "begin", "job": 7, "run_id": "r1"},
        {"event": "begin", "job": "backup", "run_id": ["r1"]},
        {"event": "seen", "job": "backup"},
        {"event": "from a later version"},
        {},
    ],
)
def test_what_cannot_be_made_a_row_of_is_passed_over(event: dict[str, Any]) -> None:
    rows = history.rows([event, end("r2", at("11:00"))])

    assert [row["run_id"] for row in rows] == ["r2"]


def test_values_of_the_wrong_kind_do_not_get_into_a_row() -> None:
    wrong = {"slot": 7, "attempt": "two", "duration_seconds": "long", "reason": []}

    (row,) = history.rows([end("r1", at("11:00")) | wrong])

    assert (row["attempt"], row["slot"], row["duration_seconds"]) == (1, None, None)
    assert row["reason"] is None


def test_each_wish_narrows_what_is_found(tmp_path: Path) -> None:
    store = _store(
        tmp_path,
        end("old", at("09:00")),
        end("bad", at("10:00"), "failed"),
        end("other", at("11:00"), job="sweep"),
        end("new", at("11:30")),
    )

    assert _ids(store, HistoryQuery()) == ["new", "other", "bad", "old"]
    assert _ids(store, HistoryQuery(job="backup")) == ["new", "bad", "old"]
    assert _ids(store, HistoryQuery(outcome=Outcome.FAILED)) == ["bad"]
    assert _ids(store, HistoryQuery(since=at("10:00"))) == ["new", "other", "bad"]
    assert _ids(store, HistoryQuery(limit=2)) == ["new", "other"]
    assert _ids(store, HistoryQuery(job="backup", limit=2)) == ["new", "bad"]


def test_since_keeps_what_is_still_running(tmp_path: Path) -> None:
    store = _store(tmp_path, begin("r1", at("09:00")))

    rows = history.read(store.journal, HistoryQuery(since=at("11:00")), lambda job: True)

    assert [row["run_id"] for row in rows] == ["r1"]


@pytest.mark.parametrize("of_0_1_0", [False, True])
def test_b1_a_retry_that_was_called_off_is_not_announced_any_more(
    tmp_path: Path, of_0_1_0: bool
) -> None:
    noon = format_utc(at("11:00"))
    first, second = (
        end(f"r{attempt}", at("11:00"), "failed", attempt=attempt, answered=False, retry_at=noon)
        for attempt in (1, 2)
    )
    known = {} if of_0_1_0 else {"run_id": "r2", "outcome": "failed", "error": "exit code 1"}
    given_up = {"event": "given_up", "at": format_utc(at("11:30")), "job": "backup", "slot": noon}
    events = [
        {**begin("r1", at("11:00"))},
        first,
        {**begin("r2", at("11:00"))},
        second,
        {**given_up, "reason": "a newer slot is due", **known},
        end("r3", at("12:00")),
    ]
    store = _store(tmp_path, *events)

    rows = history.read(store.journal, HistoryQuery(), lambda job: True)

    assert rows == history.rows(events)
    assert [(row["run_id"], row["retry_at"]) for row in rows] == [
        ("r3", None),
        ("r2", None),
        ("r1", noon),
    ]
    assert rows[1]["reason"] == "not tried again: a newer slot is due"


def test_b1_what_was_put_off_and_is_skipped_then_does_not_wait_any_more() -> None:
    noon = format_utc(at("12:00"))
    put_off = {"event": "deferred", "at": noon, "job": "backup", "run_id": "r1", "slot": noon}
    skipped = {"event": "skipped", "at": noon, "job": "backup", "slot": noon}

    rows = history.rows(
        [
            {**put_off, "reason": "busy", "retry_at": noon},
            {**skipped, "reason": "not now: busy; a newer slot is due"},
        ]
    )

    assert [(row["outcome"], row["reason"], row["retry_at"]) for row in rows] == [
        ("skipped", "not now: busy; a newer slot is due", None),
        (None, "not now: busy", None),
    ]


def test_a_limit_is_filled_from_older_days(tmp_path: Path) -> None:
    days = [at("11:00") - timedelta(days=back) for back in range(9, -1, -1)]
    store = _store(tmp_path, *(end(f"{day:%d}", day) for day in days))

    assert len(store.journal.names()) == 10
    assert _ids(store, HistoryQuery(limit=4)) == ["21", "20", "19", "18"]
    assert len(_ids(store, HistoryQuery(limit=0))) == 10
    assert _ids(store, HistoryQuery(since=at("2026-11-20T00:00:00"))) == ["21", "20"]


def test_a_run_over_midnight_is_one_row(tmp_path: Path) -> None:
    eve = at("2026-11-20T23:59:59")
    store = _store(tmp_path, begin("r1", eve), end("r1", eve))

    assert len(store.journal.names()) == 2
    assert _ids(store, HistoryQuery()) == ["r1"]


def test_a_run_whose_tick_died_is_not_called_running(tmp_path: Path) -> None:
    store = _store(tmp_path, begin("r1", at("11:00")))

    (alive,) = history.read(store.journal, HistoryQuery(), lambda job: True)
    (dead,) = history.read(store.journal, HistoryQuery(), lambda job: False)

    assert alive["reason"] == "running"
    assert dead["reason"] == history.DIED
    assert dead["outcome"] is None


def test_no_journal_is_no_history(tmp_path: Path) -> None:
    assert _ids(Store(tmp_path / "nothing"), HistoryQuery()) == []


def test_a_result_that_names_another_job_is_none_of_its_runs(tmp_path: Path) -> None:
    naming = end("r1", at("12:00"), job="report", result={"job": "backup"})
    store = _store(tmp_path, naming, end("r2", at("12:01")))

    assert [row["run_id"] for row in history.newest_first(store.journal, "backup")] == ["r2"]
    assert len(list(history.events(store.journal, ("end",), "backup"))) == 1


def _missed(first: datetime, last: datetime, count: int) -> dict[str, Any]:
    stretch = {"first": format_utc(first), "last": format_utc(last), "count": count}
    return {
        "event": "missed",
        "at": format_utc(last),
        "job": "backup",
        "cause": "machine off",
    } | stretch


def _store(folder: Path, *events: dict[str, Any]) -> Store:
    store = Store(folder).load()
    for event in events:
        store.record(datetime.fromisoformat(event["at"]), event)
    return store


def _ids(store: Store, wanted: HistoryQuery) -> list[str | None]:
    found: list[Row] = history.read(store.journal, wanted, lambda job: True)
    return [row["run_id"] for row in found]
