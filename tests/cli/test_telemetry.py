"""`scheduled telemetry`: CIRIS's bodies, held to its document key by key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduled.state import created_events, events, tick_events
from tests.builders import ciris_bodies
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end, seen

JOBS = """\
jobs:
  backup: {schedule: "0 * * * *", command: "true"}
  sweep: {schedule: "0 * * * *", command: "true", name: Sweep}
  once: {schedule: "at:2026-11-21T11:20:00Z", command: "true"}
  poll: {schedule: every 90m, command: "true"}
"""


def told(home: Home, *words: str) -> Any:
    return json.loads(home.call("telemetry", *words, "--json").out)


def nodes(home: Home) -> list[dict[str, Any]]:
    return [*map(json.loads, home.call("telemetry", "graph").out.splitlines())]


@pytest.fixture
def busy(home: Home) -> Home:
    """Runs of all kinds, deferrals by a person and by a guard, a refused schedule."""
    home.configure(JOBS)
    once = home.jobs()["once"]
    guard = {"slot": "2026-11-21T11:40:00Z", "reason": "High system load", "guard": "cpu"}
    home.record(
        seen(once, at("10:30")),
        begin("o1", at("11:20"), "once"),
        end("o1", at("11:20"), job="once", result={"thought_id": "thought_1"}),
        begin("r2", at("11:30")),
        end("r2", at("11:30"), "failed", started_at="2026-11-21T11:30:00.500Z"),
        {"event": "deferred", "at": "2026-11-21T11:40:00Z", "job": "backup", **guard},
        {"at": "2026-11-21T11:41:00Z", **events.job_deferred("backup", at("13:00"), "Maintenance")},
        {"at": "2026-11-21T11:42:00Z", **events.job_cancelled("poll", "enough")},
        {"at": "2026-11-21T11:43:00Z", **created_events.schedule_refused("x")},
        {"at": "2026-11-21T11:44:00Z", **events.tick_ended(2, 2)},
        {"at": "2026-11-21T11:50:00Z", **tick_events.gap_explained(at("11:44"), at("11:50"), "x")},
    )
    return home


def assert_same_keys(ours: Any, theirs: Any, where: str = "") -> None:
    """Hold what we print to the document: the keys in their order, and the kinds of values."""
    if isinstance(theirs, dict):
        assert [*ours] == [*theirs], where
        for key, value in theirs.items():
            assert_same_keys(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), where
        for item in ours if theirs else ():
            assert_same_keys(item, theirs[0], f"{where}[]")
    elif isinstance(theirs, bool):
        assert isinstance(ours, bool), where
    elif isinstance(theirs, int | float):
        assert isinstance(ours, int | float), where
        assert not isinstance(ours, bool), where
        assert round(ours, 3) == ours, where
    else:
        assert isinstance(ours, str | None), where
        assert ours is not None or where.endswith(("next_execution", "created_at")), where


@pytest.mark.parametrize("what", ciris_bodies.BODIES)
def test_a_body_is_the_documented_one(busy: Home, what: str) -> None:
    assert_same_keys(told(busy, what), ciris_bodies.BODIES[what])


def test_the_metrics_are_those_of_the_table_and_of_the_service(busy: Home) -> None:
    metrics = told(busy, "metrics")

    assert len(ciris_bodies.METRICS) == 19
    assert [*metrics] == [*ciris_bodies.METRICS, *ciris_bodies.REAL_METRICS]
    assert metrics["task_run_count"] == metrics["tasks_triggered"] == 3
    assert metrics["task_error_rate"] == 0.333
    assert metrics["avg_task_execution_time"] == 2000.0


def test_the_nodes_of_the_graph_are_the_documented_ones(busy: Home) -> None:
    documented = {node["node_type"]: node for node in ciris_bodies.NODES}

    found = nodes(busy)

    assert {node["node_type"] for node in found} == {*documented}
    for node in found:
        example = documented[node["node_type"]]
        assert [*node] == [*example]
        assert [*node["metadata"]] == [*example["metadata"]]
        known = {link["type"] for link in example["relationships"]}
        links = {link["type"]: link["target"] for link in node["relationships"]}
        assert links.keys() <= known
        assert all(isinstance(target, str) for target in links.values())
    (made,) = [node for node in found if node.get("execution_id") == "o1"]
    assert {"type": "CREATED_THOUGHT", "target": "thought_1"} in made["relationships"]
    assert made["metadata"]["status"] == "completed"


def test_the_deferrals_of_a_task_are_counted_up(busy: Home) -> None:
    found = [node["metadata"] for node in nodes(busy) if node["node_type"] == "task_deferral"]

    assert [(each["reason"], each["deferral_count"]) for each in found] == [
        ("Maintenance", 2),
        ("High system load", 1),
    ]


def test_the_list_is_that_of_the_service(busy: Home) -> None:
    listed, status = told(busy, "list"), told(busy, "status")

    assert [*listed] == ["tasks", "total", "active_count", "recurring_count"]
    assert {tuple(row) for row in listed["tasks"]} == {ciris_bodies.LISTED}
    assert listed["active_count"] == status["task_management"]["active_tasks"]
    assert (listed["total"], listed["recurring_count"]) == (len(listed["tasks"]), 8)
    rows = {row["task_id"]: row for row in listed["tasks"]}
    once, backup, sweep = (rows[name] for name in ("once", "backup", "sweep"))
    assert (once["defer_until"], once["schedule_cron"]) == ("2026-11-21T11:20:00Z", None)
    assert once["last_triggered_at"] == "2026-11-21T11:20:00Z"
    assert (backup["defer_until"], backup["schedule_cron"]) == ("2026-11-21T13:00:00Z", "0 * * * *")
    assert (sweep["defer_until"], sweep["name"], sweep["last_triggered_at"]) == (
        None,
        "Sweep",
        None,
    )


@pytest.mark.parametrize(("failed", "healthy"), [(False, True), (True, False)])
def test_healthy_is_what_status_calls_healthy(home: Home, failed: bool, healthy: bool) -> None:
    home.record(
        *([begin("r2", at("11:30")), end("r2", at("11:30"), "failed")] if failed else []),
        {"at": "2026-11-21T11:59:30Z", **events.tick_ended(1)},
    )

    bodies = [told(home, what) for what in ("status", "metrics")]

    assert json.loads(home.call("status", "--json").out)["health"] == (
        "healthy" if healthy else "degraded"
    )
    assert [body["healthy"] for body in bodies] == [healthy] * 2


def test_the_numbers(busy: Home) -> None:
    status, analytics, cron = (told(busy, what) for what in ("status", "analytics", "cron"))
    performance = told(busy, "performance")

    assert status["execution_metrics"]["task_error_count"] == 1
    assert status["performance"] == {"request_count": 4, "error_count": 2, "error_rate": 0.5}
    assert analytics["execution_summary"] == {
        "total_executions": 3, "successful_executions": 2, "failed_executions": 1,
        "success_rate": 0.667, "avg_executions_per_day": 0.429,
    }  # fmt: skip
    assert analytics["task_creation"]["tasks_cancelled"] == 1
    assert analytics["task_creation"]["tasks_completed"] == 1
    assert analytics["deferral_patterns"]["total_deferrals"] == 2
    assert {row["reason"] for row in analytics["deferral_patterns"]["common_deferral_reasons"]} == {
        "High system load",
        "Maintenance",
    }
    (hourly,) = [row for row in cron["cron_expressions"] if row["expression"] == "0 * * * *"]
    assert hourly["task_count"] == 2
    assert hourly["description"] == "Hourly (UTC)"
    assert [row["task_name"] for row in hourly["next_triggers"]][-1] in ("Sweep", "backup")
    assert cron["validation_stats"]["invalid_attempts"] == 1
    timing = performance["service_performance"]["execution_timing"]
    assert timing["max_trigger_delay_ms"] == 500.0
    assert performance["service_performance"]["check_frequency"]["missed_checks"] == 5
    assert performance["error_analysis"]["task_execution_errors"] == 1


def test_a_run_of_a_job_that_is_gone_still_counts_as_the_last(busy: Home) -> None:
    before = told(busy, "metrics")["time_since_last_task_run"]
    busy.configure("jobs: {}\n")

    assert before is not None
    assert told(busy, "metrics")["time_since_last_task_run"] == before


def test_filters_of_tasks(busy: Home) -> None:
    everything = told(busy, "tasks")
    once = told(busy, "tasks", "--type", "one_time")
    cancelled = told(busy, "tasks", "--status", "CANCELLED")
    two = told(busy, "tasks", "--limit", "2")

    assert [row["task_id"] for row in once["tasks"]] == ["once"]
    assert (once["total_count"], once["filtered_count"]) == (everything["total_count"], 1)
    assert [row["task_id"] for row in cancelled["tasks"]] == ["poll"]
    assert (two["filtered_count"], len(two["tasks"])) == (everything["total_count"], 2)
    assert once["summary"] == everything["summary"]


def test_filters_of_analytics(busy: Home) -> None:
    def executions(*words: str) -> int:
        body = told(busy, "analytics", *words)
        count: int = body["execution_summary"]["total_executions"]
        return count

    assert executions("--task-type", "one_time") == 1
    assert executions("--task-type", "recurring") == 2
    assert executions("--period", "1h") == 3
    assert told(busy, "analytics", "--period", "30d")["period"] == "30d"


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"], [], ["tasks", "--status", "active"], ["tasks", "--type", "cron"],
        ["tasks", "--limit", "-1"], ["analytics", "--period", "2d"],
        ["analytics", "--task-type", "x"], ["status", "--limit", "3"], ["tasks", "--period", "1h"],
    ],
)  # fmt: skip
def test_an_unknown_value_is_refused(busy: Home, words: list[str]) -> None:
    assert busy.call("telemetry", *words).code == 2


@pytest.mark.parametrize("what", ["status", "analytics", "performance", "statistics", "metrics"])
def test_an_empty_history_divides_nothing_by_zero(tmp_path: Path, what: str) -> None:
    shares = [*rates(told(Home(tmp_path), what))]

    assert len(shares) > 0
    assert set(shares) == {0}


def rates(body: dict[str, Any]) -> Iterator[float]:
    """Everything in a body that comes of a division by a number of runs, tasks or requests."""
    for key, value in body.items():
        if isinstance(value, dict):
            yield from rates(value)
        elif key.endswith(("_rate", "_on_time")) or key.startswith(("avg_", "max_")):
            yield value


def test_without_json_it_is_a_page(busy: Home) -> None:
    page = busy.call("telemetry", "status").out

    assert ["execution_metrics.task_run_count", "3"] in [*map(str.split, page.splitlines())]


def test_what_several_bodies_say_they_say_alike(busy: Home) -> None:
    status, tasks, analytics = told(busy, "status"), told(busy, "tasks"), told(busy, "analytics")
    statistics, metrics, errors = (
        told(busy, "statistics"),
        told(busy, "metrics"),
        told(busy, "performance")["error_analysis"],
    )
    ran, runs = status["execution_metrics"], analytics["execution_summary"]

    for name, *others in (
        ("active_tasks", status["task_management"], statistics),
        ("task_run_count", ran, {"task_run_count": runs["total_executions"]}),
        ("task_error_count", ran, {"task_error_count": errors["task_execution_errors"]}),
        ("request_count", status["performance"]),
        ("recurring_tasks", statistics, {"recurring_tasks": tasks["summary"]["recurring"]}),
        (
            "deferral_requests",
            {"deferral_requests": analytics["deferral_patterns"]["total_deferrals"]},
        ),
        (
            "deferral_requests",
            {"deferral_requests": sum(task["deferral_count"] for task in tasks["tasks"])},
        ),
        ("scheduled_tasks_created", {"scheduled_tasks_created": statistics["total_tasks_created"]}),
    ):
        assert [other[name] for other in others] == [metrics[name]] * len(others), name
