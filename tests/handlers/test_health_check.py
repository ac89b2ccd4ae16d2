"""The health check of the scheduler itself: when it is unhealthy, and what it says then."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from handlers.maintenance import health_check
from scheduled.handler import Incomplete, Skip
from scheduled.state import events, outbox_events, tick_events
from scheduled.state.store import Store
from scheduled.testing import Trial
from tests.builders import disks, needs, people
from tests.builders.command import scheduled
from tests.builders.disks import Disk
from tests.builders.ecosystem import NOW, context

NAMES = ["database", "message_bus", "disk_space", "memory"]
FULL = {"disk_threshold_percent": 100, "memory_threshold_percent": 100}
"""However full this machine is, it is healthy."""


def checked(root: Path, now: datetime = NOW, **params: Any) -> dict[str, Any]:
    """What the checks find, or what they say is unhealthy."""
    state_dir = root / "state"
    state_dir.mkdir(exist_ok=True, mode=0o700)
    told = context(root, now=now, params=FULL | params, state_dir=state_dir)
    try:
        result: Any = health_check.run(told)
    except Incomplete as error:
        return {**error.result, "error": str(error)}
    return dict(result)


def test_d10_all_is_well(tmp_path: Path) -> None:
    result = checked(tmp_path)

    assert result["status"] == "healthy"
    assert list(result["checks"]) == NAMES
    assert {entry["status"] for entry in result["checks"].values()} == {"healthy"}


def test_d10_enabled_it_runs_without_any_configuration(root: Path) -> None:
    scheduled(root, "enable", "maintenance.health_check")

    said = scheduled(root, "trigger", "maintenance.health_check")

    row = json.loads(scheduled(root, "history", "--json").out)["runs"][0]
    assert row["result"]["status"] in ("healthy", "unhealthy")  # as this machine is
    assert list(row["result"]["checks"]) == NAMES
    assert row["result"]["checks"]["database"]["status"] == "healthy"
    assert said.code == (row["outcome"] == "failed")


def test_d10_unhealthy_is_a_failure_that_keeps_its_result(trial: Trial) -> None:
    run = trial.run(
        "scheduled.handlers.maintenance.health_check",
        params={"memory_threshold_percent": 0.001, "disk_threshold_percent": 100},
    )

    assert run.outcome == "failed"
    assert run.error.startswith("unhealthy: memory: ")
    assert run.result is not None
    assert run.result["status"] == "unhealthy"
    assert run.result["checks"]["memory"]["status"] == "unhealthy"
    assert run.result["checks"]["disk_space"]["status"] == "healthy"


def test_a_check_that_is_off_is_not_made(tmp_path: Path) -> None:
    result = checked(
        tmp_path, check_memory=False, memory_threshold_percent=0.001, check_message_bus=False
    )

    assert (result["status"], list(result["checks"])) == ("healthy", ["database", "disk_space"])


def test_with_every_check_off_the_run_is_skipped(tmp_path: Path) -> None:
    params: dict[str, Any] = {f"check_{name}": False for name in NAMES}

    with pytest.raises(Skip, match="every check is off"):
        checked(tmp_path, **params)


def test_d10_a_damaged_state_or_journal_is_unhealthy_and_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "state").load()
    store.record(NOW, events.job_cancelled("a", "x"), events.job_cancelled("b", "x"))
    store.checkpoint(NOW)
    (day,) = (tmp_path / "state" / "journal").iterdir()
    for path in (store.path, day):
        sound = path.read_bytes()
        path.write_bytes(sound[: len(sound) // 2])
        damaged = path.read_bytes()

        result = checked(tmp_path)

        assert result["checks"]["database"]["status"] == "unhealthy"
        assert str(path.parent) in result["error"]
        assert path.read_bytes() == damaged
        path.write_bytes(sound)
        assert checked(tmp_path)["status"] == "healthy"


def test_a_state_that_cannot_be_written_to_is_unhealthy(open_folder: Path) -> None:
    needs.root()
    (open_folder / "state").mkdir()
    people.give(open_folder, people.NOBODY)
    (open_folder / "state").chmod(0o500)

    def check() -> None:
        raise RuntimeError(checked(open_folder)["checks"]["database"]["message"])

    said = [people.as_nobody(check)]
    (open_folder / "state").chmod(0o700)
    said.append(people.as_nobody(check))

    refused = f"RuntimeError: {open_folder}/state: cannot be written to"
    assert said == [refused, "RuntimeError: ok"]


def test_d10_a_message_that_waits_for_long_is_unhealthy(tmp_path: Path) -> None:
    created = NOW.replace(minute=0).isoformat().replace("+00:00", "Z")
    message = {"id": "00000001", "to": "notify:office", "subject": "x", "created": created}
    store = Store(tmp_path / "state").load()
    store.record(NOW, outbox_events.risks_found([], [], [message]))
    store.record(NOW, outbox_events.delivery_failed("00000001", "no route", retry_at=NOW))

    early, late = (checked(tmp_path, NOW.replace(minute=minute)) for minute in (10, 16))

    sentence = "message_bus: notify:office: a message waits since 2026-"
    assert (early["status"], late["status"]) == ("healthy", "unhealthy")
    assert sentence in late["error"]
    assert late["error"].endswith(": no route")
    counts = [result["checks"]["message_bus"] for result in (early, late)]
    assert [(count["waiting"], count["undelivered"]) for count in counts] == [(1, 0), (1, 1)]


def test_d10_a_subscriber_that_cannot_be_told_is_unhealthy(tmp_path: Path) -> None:
    store = Store(tmp_path / "state").load()
    store.record(NOW, tick_events.subscribers_failing({"dash": "exit code 1"}))

    result = checked(tmp_path)

    assert "message_bus: subscriber dash: exit code 1" in result["error"]


def test_of_many_problems_of_a_check_the_first_are_named(tmp_path: Path) -> None:
    def message(count: int) -> str:
        failing = {f"s{number}": "refused" for number in range(count)}
        Store(tmp_path / "state").load().record(NOW, tick_events.subscribers_failing(failing))
        return str(checked(tmp_path)["checks"]["message_bus"]["message"])

    five, seven = message(5), message(7)

    assert five.endswith("subscriber s4: refused")
    assert seven == f"{five}; and 2 more"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield from disks.mounted(tmp_path / "disk")


def test_d10_a_disk_that_is_nearly_full_is_named(disk: Disk, tmp_path: Path) -> None:
    told = context(
        disk.folder, params=FULL | {"disk_threshold_percent": 95}, state_dir=disk.folder / "state"
    )
    (disk.folder / "state").mkdir(mode=0o700)
    roomy: Any = health_check.run(told)
    disk.fill(spare=1)

    with pytest.raises(Incomplete, match="used, the limit is 95 %") as caught:
        health_check.run(told)

    assert roomy["checks"]["disk_space"]["status"] == "healthy"
    checks = caught.value.result["checks"]
    assert checks["disk_space"]["disks"].keys() == {str(disk.folder / "state")}
    assert os.fspath(disk.folder) in str(caught.value)
    assert checks["memory"]["status"] == "healthy"


@pytest.mark.parametrize("value", [0, -1, 101, "90", True, float("nan")])
def test_a_threshold_that_is_no_percentage_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValueError, match="expected a number above 0, at most 100"):
        checked(tmp_path, disk_threshold_percent=value)
