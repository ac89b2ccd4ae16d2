"""Sums agree everywhere, whatever has happened: one property over random histories."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from scheduled.jobs.model import Outcome
from scheduled.state import history, incident_events
from scheduled.state.store import Store
from scheduled.state.tallies import hour_of
from scheduled.timing.instants import format_utc, parse_utc
from scheduled.views import counting, status
from tests.builders import soak
from tests.builders.jobs import at
from tests.builders.looks import Event, Home, begin, end, lived_in

NOW = at("12:00")
JOBS = ("a", "b", "gone")
MINUTE = timedelta(minutes=1)


@st.composite
def happenings(draw: st.DrawFn) -> list[Event]:
    """What a journal of two days may hold, in order."""
    minutes = sorted(draw(st.lists(st.integers(1, 2 * 24 * 60), max_size=30)), reverse=True)
    found: list[Event] = []
    for number, minute in enumerate(minutes):
        moment, job = NOW - minute * MINUTE, draw(st.sampled_from(JOBS))
        kind = draw(st.sampled_from(("run", "hand", "not now", "skipped", "missed", "tick")))
        found += _events(draw, kind, job, f"r{number}", moment)
    return found


def _events(draw: st.DrawFn, kind: str, job: str, run: str, moment: Any) -> list[Event]:
    text, common = format_utc(moment), {"at": format_utc(moment), "job": job}
    if kind in ("run", "hand"):
        outcome = draw(st.sampled_from([word.value for word in counting.EXECUTED]))
        seconds = draw(st.none() | st.floats(0, 1e6))
        attempt = draw(st.integers(1, 3))
        ended = end(run, moment, outcome, job, duration_seconds=seconds, attempt=attempt)
        if kind == "hand":
            ended |= {"slot": None, "by_hand": True}
        return [begin(run, moment, job), ended]
    if kind == "not now":
        put_off = {"event": "deferred", "slot": text, "reason": "busy", **common}
        return [put_off | draw(st.sampled_from(({"guard": "max_cpu_percent"}, {"run_id": run})))]
    if kind == "skipped":
        return [{"event": "skipped", "slot": text, "reason": "paused", **common}]
    if kind == "missed":
        number = draw(st.integers(1, 1200))
        slots = {"first": text, "last": text, "count": number, "cause": "machine off"}
        return [{"event": "missed", **slots, **common}]
    return [{"event": "tick", "at": text, "ran": 1}]


@pytest.mark.slow
@given(happenings())
@settings(max_examples=soak.count(8, 500))
def test_sums_agree_everywhere(
    tmp_path_factory: pytest.TempPathFactory, happened: list[Event]
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    home.configure("".join(["jobs:\n", *map(_job, JOBS[:2])]))
    store = Store(home.state_dir).load()
    store.record(NOW, *happened, {"event": "tick", "at": format_utc(NOW), "ran": 0})
    store.checkpoint(NOW)
    by_hand = _by_hand(happened)

    shown = _said(home, "history", "--limit", "0")["runs"]
    stats = _said(home, "stats")
    rows = {row["id"]: row for row in stats["jobs"]}
    metrics = home.call("metrics", now=NOW).out

    assert _of_rows(shown) == by_hand
    for job in JOBS:
        expected = {word.value: by_hand[job, word.value] for word in Outcome}
        assert {word: rows.get(job, expected)[word] for word in expected} == expected
        assert _of_metrics(metrics, job) == expected
        if sum(expected.values()):
            assert _of_row(_said(home, "stats", job)["total"]) == expected
    assert stats["total"]["runs"] == sum(row["runs"] for row in stats["jobs"])
    assert _of_row(stats["total"]) == _total(by_hand)
    today = _of_row(_said(home, "stats", "--since", _start_of_status())["total"])
    assert _said(home, "status")["counts"]["runs_24h"] == today
    session = home.session(NOW)
    central = status.central(session.config, session.store.state, NOW)
    assert central["counts"]["runs_24h"] == today
    for words in ((), ("--task-type", "recurring")):
        summary = _said(home, "telemetry", "analytics", "--period", "30d", *words)
        executed = [row for row in shown if row["outcome"] in counting.EXECUTED]
        if words:
            executed = [row for row in executed if row["job"] != "gone"]
        assert summary["execution_summary"]["total_executions"] == len(executed)


def _job(name: str) -> str:
    return f"  {name}: {{schedule: hourly, command: 'true'}}\n"


def _said(home: Home, *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(home.call(*words, "--json", now=NOW).out)
    return document


def _start_of_status() -> str:
    """`status` counts in whole hours."""
    start = parse_utc(f"{hour_of(format_utc(NOW - timedelta(hours=23)))}:00:00Z")
    return format_utc(start) or ""


def _by_hand(happened: list[Event]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for event in happened:
        if event["event"] == "end":
            found[event["job"], event["outcome"]] += 1
        elif event["event"] in ("skipped", "missed"):
            found[event["job"], event["event"]] += event.get("count", 1)
    return found


def _of_rows(rows: list[history.Row]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["outcome"]:
            found[row["job"], row["outcome"]] += row["missed"] if row["outcome"] == "missed" else 1
    return found


def _of_row(row: dict[str, Any]) -> dict[str, int]:
    return {word.value: row[word.value] for word in Outcome}


def _of_metrics(text: str, job: str) -> dict[str, float]:
    found = dict.fromkeys((word.value for word in Outcome), 0.0)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "scheduled_job_outcomes_total" and sample.labels["job"] == job:
                found[sample.labels["outcome"]] = sample.value
    return found


def _total(by_hand: Counter[tuple[str, str]]) -> dict[str, int]:
    words = [word.value for word in Outcome]
    return {word: sum(by_hand[job, word] for job in JOBS) for word in words}


def test_what_is_kept_does_not_grow_with_the_history() -> None:
    kept = []
    for runs in (200, 400):
        events = (
            end(f"r{number}", NOW, "failed", error=f"{'x' * number}Error: {number}")
            for number in range(runs)
        )
        counts = counting.count(events, MINUTE)
        kept.append(len(json.dumps(counts.total.__dict__)))
        assert counts.total.runs == runs
    assert kept[1] <= kept[0] + 10


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"outcome": "failed", "exit_code": 3, "error": "exit code 3"}, "exit code 3"),
        ({"outcome": "failed", "error": "ValueError: no"}, "ValueError"),
        ({"outcome": "failed", "error": "json.decoder.JSONDecodeError: x"},
         "json.decoder.JSONDecodeError"),
        ({"outcome": "timed_out", "exit_code": -15}, "timed out"),
        ({"outcome": "interrupted"}, "interrupted"),
        ({"outcome": "failed", "error": None}, "other"),
    ],
)  # fmt: skip
def test_errors_have_a_category(event: Event, expected: str) -> None:
    assert counting.category(event) == expected


def test_of_too_many_categories_the_rest_is_other() -> None:
    counter: Counter[str] = Counter()

    for number in range(3 * counting.CATEGORIES):
        counting.bump(counter, f"n{number}")

    assert len(counter) == counting.CATEGORIES + 1
    assert counter["other"] == 2 * counting.CATEGORIES


def test_events_that_make_no_sense_are_counted_as_far_as_they_do(tmp_path: Path) -> None:
    odd: list[Event] = [
        {"event": "end", "job": 3},
        {"event": "end", "job": "a", "run_id": "r", "outcome": "exploded"},
        {"event": "missed", "job": "a", "count": "many"},
        {"event": "gap", "from": "x", "to": None},
        {"event": "tick", "code": "bad"},
        {"event": "deferral", "job": "a"},
    ]

    counts = counting.count(odd, MINUTE)

    assert counts.total.runs == 0
    assert counts.total.outcomes == {"missed": 1}
    assert (counts.requests, counts.refused, counts.missed_ticks) == (2, 0, 0)


@pytest.mark.parametrize(
    ("cause", "missed"),
    [
        ("machine off", 59),
        ("machine asleep", 59),
        ("cron silent", 59),
        ("clock set forward", 0),
        ("configuration broken", 0),
    ],
)
def test_only_ticks_that_should_have_come_are_missing(cause: str, missed: int) -> None:
    gap = {"event": "gap", "from": "2026-11-21T10:00:00Z", "to": "2026-11-21T11:00:00Z"}

    counts = counting.count([{**gap, "cause": cause}], MINUTE)

    assert (counts.gaps, counts.missed_ticks) == (1, missed)


def test_what_a_person_changed_is_a_request(tmp_path: Path) -> None:
    home = lived_in(tmp_path)
    opened = incident_events.opened("missed: backup", "1a2b3c4d", "missed", "backup", "late")
    home.record({"at": "2026-11-21T11:50:00Z", **opened})

    for words in (("ack", "1a2b3c4d"), ("pause", "backup"), ("resume", "backup")):
        assert home.call(*words).code == 0

    document = _said(home, "telemetry", "status")
    assert document["performance"]["request_count"] == 3
