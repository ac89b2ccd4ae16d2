"""`scheduled stats`, as somebody calls it."""

import json
from typing import Any

from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end

FIGURES = {
    *("runs", "succeeded", "failed", "timed_out", "interrupted", "skipped", "missed"),
    *("missed_capped", "success_rate", "failure_rate", "adherence", "mean_seconds"),
    *("rolling_mean_seconds", "min_seconds", "peak_seconds", "cpu_seconds", "max_rss_bytes"),
    *("by_hand", "retries", "catch_up", "dead_letters", "guard_deferrals", "not_now", "deferred"),
    "failure_categories",
}


def said(home: Home, *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(home.call("stats", *words, "--json").out)
    return document


def test_the_keys_are_pinned(home: Home) -> None:
    document = said(home)

    assert [*document] == [
        *("version", "since", "until", "job", "total", "jobs", "most_frequent_job"),
        *("active_tasks", "queue_depth", "ticks_missed", "gaps"),
    ]
    assert set(document["total"]) == FIGURES
    assert set(document["jobs"][0]) == FIGURES | {"id"}


def test_rates_durations_and_errors(home: Home) -> None:
    home.record(
        begin("r2", at("11:10")),
        end("r2", at("11:10"), "failed", duration_seconds=4.0),
        begin("r3", at("11:20")),
        end("r3", at("11:20"), "timed_out", duration_seconds=9.0),
        begin("r4", at("11:30")),
        end("r4", at("11:30"), duration_seconds=1.0, started_at="2026-11-21T11:35:00Z"),
        {
            "event": "deferred", "at": "2026-11-21T11:40:00Z", "job": "backup",
            "slot": "2026-11-21T11:40:00Z", "reason": "busy", "guard": "max_cpu_percent",
        },
    )  # fmt: skip

    row = said(home, "backup")["total"]

    assert (row["runs"], row["success_rate"], row["failure_rate"]) == (4, 0.5, 0.5)
    assert (row["mean_seconds"], row["min_seconds"], row["peak_seconds"]) == (4.0, 1.0, 9.0)
    assert row["adherence"] == 0.75
    assert row["failure_categories"] == {"exit code 1": 1, "timed out": 1}
    assert row["guard_deferrals"] == {"max_cpu_percent": 1}


def test_the_rolling_mean_is_that_of_the_newest_twenty(home: Home) -> None:
    for minute in range(30):
        slot = at(f"11:{minute:02}")
        home.record(begin(f"x{minute}", slot), end(f"x{minute}", slot, duration_seconds=minute))

    assert said(home)["total"]["rolling_mean_seconds"] == sum(range(10, 30)) / 20


def test_since_leaves_out_what_is_older(home: Home) -> None:
    assert said(home, "--since", "2h")["total"]["runs"] == 1
    assert said(home, "--since", "10m")["total"]["runs"] == 0
    assert "kept for 30 days" in home.call("stats", "--since", "90d").err


def test_an_empty_history_divides_nothing_by_zero(home: Home) -> None:
    document = said(home, "--since", "1m")

    assert document["jobs"] == []
    assert document["total"]["success_rate"] is None
    assert home.call("stats", "--since", "1m").out == "No runs recorded.\n"


def test_the_table_has_a_line_for_each_job_and_one_for_all(home: Home) -> None:
    home.record(begin("p", at("11:10"), "poll"), end("p", at("11:10"), "failed", "poll"))

    lines = home.call("stats").out.splitlines()

    assert [line.split()[0] for line in lines[1:4]] == ["backup", "poll", "all"]
    assert "100.0%" in lines[1]
    assert any(line.startswith("errors") and "1 x exit code 1" in line for line in lines)


def test_only_among_several_jobs_one_runs_most_often(home: Home) -> None:
    home.record(begin("p", at("11:10"), "poll"), end("p", at("11:10"), job="poll"))
    home.record(begin("q", at("11:20"), "poll"), end("q", at("11:20"), job="poll"))

    assert ["most", "often", "poll"] in [
        line.split() for line in home.call("stats").out.splitlines()
    ]
    assert "most often" not in home.call("stats", "poll").out


def test_the_depth_of_the_queue_is_how_many_jobs_wait_now(home: Home) -> None:
    home.call("enable", "poll")  # due each 90 minutes, from now on

    depths = [said(home, *words)["queue_depth"] for words in ((), ("backup",), ("poll",))]

    assert depths == [1, 1, 0]
    assert ["due", "now", "1"] in [line.split() for line in home.call("stats").out.splitlines()]


def test_an_unknown_job_is_refused(home: Home) -> None:
    assert home.call("stats", "bakcup").code == 2
