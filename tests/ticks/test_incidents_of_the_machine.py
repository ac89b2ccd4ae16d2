"""Incidents of what is around the jobs: unusable locks, a machine without processes, messages."""

import resource
from pathlib import Path
from typing import Any

from scheduled.state import incident_events
from scheduled.state.incident_entries import closed_incidents, open_incidents
from scheduled.ticks.report import Exit, Report
from tests.builders import needs, people
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.locks import held_by_another

TELLING = {"kind": "command", "command": 'echo "$SCHEDULED_EVENT $SCHEDULED_KIND" >> told'}
STUCK = {"kind": "command", "command": "test -e mended || { echo no route; exit 1; }"}
MINUTELY = "* * * * *"


def acts(*reports: Report) -> list[tuple[str, str]]:
    """What ticks did about incidents but count: of which kind, and what."""
    return [
        (change.incident.kind, change.act.value)
        for report in reports
        for change in report.incidents
        if change.act.value != "count"
    ]


def told(engine: Engine) -> list[str]:
    return engine.lines("told")


def test_a_lock_file_that_cannot_be_used_is_told_once_and_its_end_after_an_hour(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(schedule=MINUTELY), job("other")], notify={"ops": TELLING})
    engine.run_at("11:59")
    lock = engine.state_dir / "locks/backup.lock"
    lock.mkdir()

    during = [engine.run_at(f"{hour}:{minute:02}") for hour in (12, 13) for minute in (1, 31)]
    lock.rmdir()
    soon = [engine.run_at(when) for when in ("13:32", "14:20")]
    later = [engine.run_at(when) for when in ("14:42", "14:43")]

    assert {report.exit_code for report in during} == {Exit.STATE}
    assert acts(*during) == [("state", "open")]
    assert acts(*soon) == []
    assert acts(*later) == [("state", "close")]
    assert told(engine) == ["incident_opened state", "incident_closed state"]


def test_a_lock_in_the_hands_of_another_process_is_no_incident(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=MINUTELY)], notify={"ops": TELLING})
    engine.run_at("11:59")

    with held_by_another(engine.state_dir / "locks/backup.lock"):
        reports = [engine.run_at(f"12:{minute:02}") for minute in range(3)]
    after = engine.run_at("12:03")

    assert acts(*reports, after) == []
    assert {reason for report in reports for _, reason in report.not_started} != set()
    assert [row["outcome"] for row in after.ran] == ["succeeded"]


def test_what_comes_again_within_the_hour_is_the_same_incident(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule=MINUTELY)])
    engine.run_at("11:59")
    lock = engine.state_dir / "locks/backup.lock"
    reports = []
    for number in range(12):  # for three hours, every second time
        lock.rmdir() if lock.is_dir() else lock.unlink(missing_ok=True)
        if number % 2 == 0:
            lock.mkdir()
        reports.append(engine.run_at(f"{12 + number // 4}:{15 * (number % 4) + 1:02}"))

    assert acts(*reports) == [("state", "open")]


def test_a_machine_without_processes_is_told_once_and_its_end_after_an_hour(
    open_folder: Path,
) -> None:
    """The kernel refuses: somebody has as many processes as they may."""
    needs.root()
    open_folder.chmod(0o755)
    people.give(open_folder, people.NOBODY)

    def ticks() -> None:
        engine = Engine(open_folder, [job(schedule=MINUTELY)], notify={"ops": TELLING})
        engine.run_at("11:59")
        before = resource.getrlimit(resource.RLIMIT_NPROC)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, before[1]))
        during = [engine.run_at(when) for when in ("12:00", "12:01", "13:01", "13:02")]
        resource.setrlimit(resource.RLIMIT_NPROC, before)
        soon = [engine.run_at(when) for when in ("13:03", "13:59")]
        later = [engine.run_at(when) for when in ("14:12", "14:13")]

        assert {report.exit_code for report in during} == {Exit.TEMPORARY}
        assert ("disk", "close") not in acts(*soon)
        assert [act for act in acts(*during, *soon, *later) if act[0] == "disk"] == [
            ("disk", "open"),
            ("disk", "close"),
        ]
        assert [line for line in told(engine) if line.endswith(" disk")] == [
            "incident_opened disk",
            "incident_closed disk",
        ]
        assert {outcome for _, outcome in outcomes(engine.rows)} == {None, "missed", "succeeded"}

    assert people.as_nobody(ticks) == "done"


def test_a_channel_that_takes_nothing_for_an_hour_is_told_by_another_once(tmp_path: Path) -> None:
    channels: dict[str, Any] = {"ops": TELLING, "stuck": STUCK}
    daily = job(schedule="0 12 * * *", command="exit 3")
    engine = Engine(tmp_path, [daily], notify=channels)
    engine.run_at("11:59")

    before = [engine.run_at(when) for when in ("12:00", "12:30", "12:59")]
    during = [engine.run_at(when) for when in ("13:01", "13:30", "18:00", "2026-11-22T11:00")]
    (tmp_path / "mended").touch()
    mended = [engine.run_at(f"2026-11-22T{when}") for when in ("11:59", "11:59:30")]

    assert acts(*before) == [("failing", "open")]
    assert acts(*during) == [("undeliverable", "open")]
    assert acts(*mended) == [("undeliverable", "close")]
    assert told(engine) == [
        "incident_opened failing",
        "incident_opened undeliverable",
        "incident_closed undeliverable",
    ]
    assert engine.state["outbox"] == []
    assert "no route" in closed_incidents(engine.state)[0].first_error
    assert [*open_incidents(engine.state)] == ["failing: backup"]


def test_a_full_disk_is_no_incident_where_nothing_is_written_any_more(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [])
    text = f"No space left: {tmp_path}"
    full = incident_events.opened("no space: metrics", "abcd1234", "disk", "", text)
    engine.settings["metrics_file"] = "missing/prom"
    engine.run_at("12:00")
    engine.record("12:00", full)

    still = engine.run_at("12:01")
    engine.settings["metrics_file"] = ""
    over = engine.run_at("12:02")

    assert acts(still) == []
    assert acts(over) == [("disk", "close")]
    assert over.incidents[0].text == "metrics_file is not set"


def test_a_mailbox_with_any_name_that_takes_nothing_is_told_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [])
    engine.run_at("11:00")
    message = {"id": "m1", "to": "@a\n@b", "created": "2026-11-21T10:00:00Z", "failures": 3}
    waiting = {**message, "problem": "no such\u2028branch", "retry_at": "2026-11-21T23:00:00Z"}
    opened = incident_events.opened("disk: x", "abcd1234", "disk", "", "full")
    engine.record("11:00", {**opened, "outgoing": [waiting]})

    reports = [engine.run_at(f"12:{minute:02}") for minute in range(3)]

    assert [act for act in acts(*reports) if act[0] == "undeliverable"] == [
        ("undeliverable", "open")
    ]
