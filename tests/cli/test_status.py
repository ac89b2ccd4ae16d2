"""`scheduled status`, as somebody calls it."""

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduled.system import locks, machine, processes
from scheduled.timing.instants import format_utc
from tests.builders.jobs import at
from tests.builders.looks import Home, begin, end


def test_status_on_a_fresh_machine_tells_how_to_begin(tmp_path: Path) -> None:
    said = Home(tmp_path).call("status")

    assert said.out.startswith("scheduled is degraded: 1 thing needs attention\n")
    assert "no tick has come yet" in said.out
    assert "scheduled cron install" in said.out


def test_status_shows_what_the_sweeps_found(home: Home) -> None:
    _remembers(
        home,
        "health",
        "health_check",
        {
            "last_run": "2026-11-21T11:00:00",
            "last_status": {"healthy": 25, "warnings": 4, "errors": 2},
        },
    )
    _remembers(
        home,
        "memory_rollover",
        "memory_rollover",
        {"notified_files": ["SEED:SEED.local.json"], "last_check": "2026-11-21T11:00:00"},
    )
    _remembers(
        home,
        "mail_cleanup",
        "mail_cleanup",
        {"last_run": "x", "stats": {"auto_opened_total": 12, "auto_closed_total": 3}},
    )
    central = home.session(at("12:00")).config.places.central_dir
    central.mkdir(parents=True)
    totals = {"system_totals": {"total_unread": 5, "total_messages": 8}}
    (central / "AI_MAIL.central.json").write_text(json.dumps(totals))

    said = home.call("status")

    assert "25 healthy, 4 warnings, 2 errors (checked 2026-11-21T11:00:00)" in said.out
    assert "5 unread of 8; 12 opened and 3 closed automatically so far" in said.out
    assert "1 over the limit: SEED:SEED.local.json" in said.out


def test_status_takes_an_idle_ticks_heartbeat_for_a_tick(home: Home) -> None:
    (home.state_dir / "heartbeat").write_text(f"{at('11:59').timestamp()} 1.0 1.0 boot\n")

    document = json.loads(home.call("status", "--json").out)

    assert document["last_tick"] == {"at": "2026-11-21T11:59:00Z", "ago_seconds": 60.0}
    assert document["health"] == "healthy"


def test_a_run_that_outlived_its_tick_is_running_until_it_ends(home: Home) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        home.record(*_begun_and_spawned("r2", at("11:30"), child.pid))
        try:
            during = home.call("history").out
            why = home.call("why", "backup").out
            status = json.loads(home.call("status", "--json").out)
        finally:
            child.kill()
    after = home.call("history").out

    assert "running" in during
    assert "goes on: this run waits for its end" in why
    assert [row["pid"] for row in status["running"]] == [child.pid]
    assert "running" not in after
    assert "its tick died" in after


def test_status_tells_a_run_whose_lock_is_held(home: Home) -> None:
    home.record(begin("r2", at("11:58")))
    lock = locks.take_job(home.state_dir, "backup")
    assert lock is not None

    document = json.loads(home.call("status", "--json").out)
    page = home.call("status").out

    lock.release()
    assert [(row["job"], row["run_id"]) for row in document["running"]] == [("backup", "r2")]
    assert "backup  11:58        2 min, longer than last time (2 s)  r2   unknown" in page
    assert json.loads(home.call("status", "--json").out)["running"] == []


def test_status_of_a_broken_state_is_critical_and_changes_nothing(home: Home) -> None:
    state = home.state_dir / "scheduled_state.json"
    state.write_text("{")

    said = home.call("status")

    assert said.code == 0
    assert said.out.startswith("scheduled is critical: ")
    assert "the journal is used instead" in said.out
    assert state.read_text() == "{"


def _begun_and_spawned(run_id: str, slot: datetime, pid: int) -> list[dict[str, Any]]:
    """The events of a run whose process is `pid`, on this boot of the machine."""
    started = processes.start_time(pid)
    about = {"job": "backup", "run_id": run_id, "at": format_utc(slot)}
    return [
        begin(run_id, slot) | {"boot_id": machine.boot_id()},
        {"event": "spawned", **about, "pid": pid, "pid_started": started},
    ]


def _remembers(home: Home, job: str, section: str, memory: dict[str, Any]) -> None:
    home.record(end(f"m-{job}", at("11:00"), job=job, memory=memory, section=section))
