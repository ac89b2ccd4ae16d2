"""One tick after the other, with real processes: what runs, for which slot, and what is kept."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from scheduled.errors import UnavailableError
from scheduled.jobs.model import CatchUp, FirstRun, OnInterrupted
from scheduled.runs import supervisor
from scheduled.state import heartbeat
from scheduled.state.store import Store
from scheduled.system import locks
from scheduled.ticks.report import Exit, Report
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import at, job
from tests.builders.killed import is_alive, tick_and_kill, time_out_once

NOTE = "echo $SCHEDULED_SLOT $SCHEDULED_CATCH_UP $SCHEDULED_MISSED >> out"


def test_a_job_waits_for_its_first_slot_and_then_runs_once_a_slot(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE)])
    for when in ("11:30", "11:59", "12:00:01", "12:01", "12:59", "13:00:01"):
        engine.run_at(when)

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0", "2026-11-21T13:00:00Z 0 0"]


def test_after_an_outage_the_newest_slot_runs_and_the_rest_are_on_record(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(schedule="*/10 * * * *", command=NOTE)])
    engine.run_at("12:00")

    engine.run_at("12:31")

    assert engine.lines() == ["2026-11-21T12:30:00Z 1 2"]
    assert outcomes(engine.rows) == [("12:20", "missed"), ("12:30", "succeeded")]
    assert engine.rows[0]["missed"] == 2


def test_each_missed_slot_runs_when_the_job_says_so(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=NOTE, catch_up=CatchUp.ALL)])
    engine.run_at("08:30")

    report = engine.run_at("12:00:01")

    assert [line[11:16] for line in engine.lines()] == ["09:00", "10:00", "11:00", "12:00"]
    assert len(report.ran) == 4


def test_what_is_caught_up_beyond_the_budget_comes_in_later_ticks(tmp_path: Path) -> None:
    jobs = [job(f"job{number:02}", command=f"echo {number} >> out") for number in range(12)]
    engine = Engine(tmp_path, jobs, catch_up_budget=5)
    engine.run_at("08:30")

    reports = [engine.run_at(when) for when in ("12:10", "12:11", "12:12", "12:13")]

    assert [len(report.ran) for report in reports] == [5, 5, 2, 0]
    assert [report.carried for report in reports] == [7, 2, 0, 0]
    assert sorted(engine.lines(), key=int) == [str(number) for number in range(12)]


def test_at_most_so_many_run_at_once_and_the_rest_run_after(tmp_path: Path) -> None:
    both = "n=0; until [ $(grep -c + out) -ge 2 ] || [ $n = 600 ]; do n=$((n+1)); sleep 0.05; done"
    command = f"echo + >> out; {both}; sleep 0.1; echo - >> out"
    jobs = [job(f"job{number}", command=command) for number in range(6)]
    engine = Engine(tmp_path, jobs, max_concurrent=2)
    engine.run_at("11:30")

    engine.run_at("12:00")

    running = highest = 0
    for line in engine.lines():
        running += 1 if line == "+" else -1
        highest = max(highest, running)
    assert (highest, len(engine.lines())) == (2, 12)


def test_a_job_waits_for_those_of_its_tick_that_it_counts_on_however_they_end(
    tmp_path: Path,
) -> None:
    jobs = [
        job("report", command="echo report >> out", waits_for=("sweep", "absent")),
        job("sweep", command="sleep 0.2; echo sweep >> out; exit 1"),
        job("other", command="echo other >> out"),
    ]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:30")

    engine.run_at("12:00")

    assert engine.lines() == ["other", "sweep", "report"]


def test_a_failed_job_stops_no_other_and_makes_the_exit_code_one(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job("bad", command="exit 3"), job("good", command=NOTE)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert report.exit_code == Exit.FAILED
    assert [row["error"] for row in report.failed] == ["exit code 3"]
    assert len(engine.lines()) == 1
    assert report.upcoming["bad"] == at("13:00")


def test_a_failed_slot_is_answered_and_not_tried_again_every_tick(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out; exit 1")])
    for when in ("11:30", "12:00", "12:01", "12:02"):
        engine.run_at(when)

    assert engine.lines() == ["x"]


def test_not_now_is_no_failure_and_the_slot_stays_due(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="test -f ready || exit 75; " + NOTE)])
    engine.run_at("11:30")

    assert engine.run_at("12:00").exit_code == Exit.OK
    (tmp_path / "ready").touch()
    engine.run_at("12:01")

    assert engine.lines() == ["2026-11-21T12:00:00Z 0 0"]
    assert engine.rows[0]["reason"] == "not now: exit code 75"


def test_not_now_ends_the_turn_of_a_job_that_runs_each_slot_too(tmp_path: Path) -> None:
    each = job(command="echo x >> out; exit 75", catch_up=CatchUp.ALL)
    engine = Engine(tmp_path, [each])
    engine.run_at("09:30")

    engine.run_at("12:00")

    assert engine.lines() == ["x"]


def test_a_timeout_kills_whoever_the_job_started_wherever_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    # yacron#70, dkron#1385: it forks, leaves its session, and does not listen to TERM.
    escape = "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ >> pids; sleep 60' & sleep 60"
    engine = Engine(tmp_path, [job(command=escape)])
    engine.run_at("11:30")
    time_out_once(monkeypatch, lambda: engine.lines("pids"))

    report = engine.run_at("12:00")

    assert [row["outcome"] for row in report.ran] == ["timed_out"]
    error = "timed out after 86400 s; the job's key `timeout` sets how long it may run"
    assert report.ran[0]["error"] == error
    (pid,) = engine.lines("pids")
    assert not is_alive(int(pid))


def test_a_job_that_leaves_a_daemon_ends_and_leaves_its_lock_free(tmp_path: Path) -> None:
    # maho#1314: the daemon inherited the lock, and the job never ran again.
    daemon = "setsid sleep 30 > /dev/null 2>&1 & echo $! > pid"
    engine = Engine(tmp_path, [job(command=daemon)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    pid = int(engine.lines("pid")[0])
    try:
        assert [row["outcome"] for row in report.ran] == ["succeeded"]
        assert is_alive(pid)
        assert not locks.is_running(engine.state_dir, "backup")
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_background_child_that_keeps_the_output_open_holds_nobody_up(tmp_path: Path) -> None:
    # PMSS#905: the command had finished, and its reader waited for the end of a pipe.
    engine = Engine(tmp_path, [job(command="sleep 3600 & echo $! > pid")])
    engine.run_at("11:30")

    engine.run_at("12:00")

    pid = int(engine.lines("pid")[0])
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_gigabyte_of_output_is_cut_and_head_and_tail_stay(tmp_path: Path) -> None:
    flood = "echo first; head -c 1000000000 /dev/zero; echo last"
    engine = Engine(tmp_path, [job(command=flood, max_output=10_000)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    run_id = report.ran[0]["run_id"]
    kept = (engine.state_dir / "runs" / "backup" / f"{run_id}.log").read_bytes()
    assert kept.startswith(b"first\n")
    assert kept.endswith(b"last\n")
    assert b"bytes cut" in kept
    assert len(kept) < 10_100


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("/no/such/program",), "/no/such/program: cannot be started: no such file or directory"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        ("exec /no/such/program", "exit code 127"),
    ],
)
def test_errors_are_explained_in_words(
    tmp_path: Path, command: str | tuple[str, ...], error: str
) -> None:
    engine = Engine(tmp_path, [job(command=command)])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    assert [row["error"] for row in report.failed] == [error]


def test_a_run_whose_tick_was_killed_is_interrupted_and_runs_again(tmp_path: Path) -> None:
    # openclaw#59301: a run killed midway left no record.
    engine = Engine(tmp_path, [job(command="echo x >> out; test -f ready || sleep 30")])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")
    (tmp_path / "ready").touch()

    report = engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted"), ("12:00", "succeeded")]
    assert [row["attempt"] for row in engine.rows] == [1, 2]
    assert any("interrupted: its tick died" in warning for warning in report.warnings)


def test_a_slot_interrupted_three_times_is_given_up(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out; sleep 30")])
    engine.run_at("11:30")
    for when in ("12:00", "12:01", "12:02"):
        tick_and_kill(engine, when)

    engine.run_at("12:03")

    assert outcomes(engine.rows) == [("12:00", "interrupted")] * 3
    assert len(engine.lines()) == 3


def test_an_interrupted_slot_is_not_run_again_where_the_job_says_so(tmp_path: Path) -> None:
    careful = job(command="echo x >> out; sleep 30", on_interrupted=OnInterrupted.SKIP)
    engine = Engine(tmp_path, [careful])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00")

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted")]
    assert engine.lines() == ["x"]


def test_interruptions_of_slots_long_past_do_not_count_against_a_later_one(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out; test -f ready || sleep 30")])
    engine.run_at("11:30")
    for when in ("12:00", "13:00", "14:00"):
        tick_and_kill(engine, when)
    (tmp_path / "ready").touch()

    engine.run_at("14:01")

    assert outcomes(engine.rows)[-1] == ("14:00", "succeeded")


def test_a_run_that_outlived_its_tick_is_left_to_finish(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x >> out; sleep 30")])
    engine.run_at("11:30")
    pid = tick_and_kill(engine, "12:00", spare_the_job=True)

    report = engine.run_at("12:01")

    try:
        assert engine.lines() == ["x"]
        assert [job for job, _ in report.not_started] == ["backup"]
        assert "still running as process" in report.not_started[0][1]
    finally:
        os.killpg(pid, signal.SIGKILL)


def test_a_signal_stops_the_children_and_saves_what_was_done(tmp_path: Path) -> None:
    jobs = [job("long", command="echo $$ > pid; sleep 30"), job("quick", command="true")]
    engine = Engine(tmp_path, jobs)
    engine.run_at("11:30")

    report = _signalled(signal.SIGTERM, engine)

    assert report.exit_code == 128 + signal.SIGTERM
    assert not is_alive(int(engine.lines("pid")[0]))
    ended = {row["job"]: row["outcome"] for row in engine.rows}
    assert ended == {"long": "interrupted", "quick": "succeeded"}
    assert json.loads(Store(engine.state_dir).path.read_text())["ticks"]["count"] == 2


def test_a_handler_remembers_returns_and_is_told_about_its_slot(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(
        "def run(context):\n"
        "    context.memory['runs'] = context.memory.get('runs', 0) + 1\n"
        "    return {'slot': str(context.slot), 'missed': context.missed,\n"
        "            'runs': context.memory['runs'], 'params': dict(context.params)}\n"
    )
    engine = Engine(tmp_path, [job(handler="counting:run", params={"a": 1})])
    engine.run_at("09:30")

    rows = [*engine.run_at("10:00").ran, *engine.run_at("12:00").ran]

    assert [row["result"]["runs"] for row in rows] == [1, 2]
    assert rows[1]["result"]["missed"] == 1
    assert rows[1]["result"]["params"] == {"a": 1}


@pytest.mark.parametrize(
    ("body", "outcome", "message"),
    [
        ("import os; os._exit(0)", "failed", "ended without a result"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "failed", "SIGSEGV"),
        ("raise KeyError('x')", "failed", "KeyError: 'x'"),
        ("return [1]", "failed", "returned list"),
        ("return {'a': object()}", "failed", "not JSON"),
        ("raise NotNow('too busy')", None, "too busy"),
    ],
)
def test_whatever_a_handler_does_fails_its_own_run_alone(
    tmp_path: Path, body: str, outcome: str | None, message: str
) -> None:
    source = f"from scheduled.handler import NotNow\ndef run(context):\n    {body}\n"
    (tmp_path / "unruly.py").write_text(source)
    engine = Engine(tmp_path, [job(handler="unruly:run"), job("other", command="true")])
    engine.run_at("11:30")

    report = engine.run_at("12:00")

    rows = {row["job"]: row for row in report.ran}
    assert rows["backup"]["outcome"] == outcome
    assert message in f"{rows['backup']['error']} {rows['backup']['reason']}"
    assert rows["other"]["outcome"] == "succeeded"


def test_a_run_by_hand_has_no_slot_and_moves_nothing(tmp_path: Path) -> None:
    # Dolibarr#4314: at 02:50 by hand, 03:00 still runs.
    engine = Engine(tmp_path, [job(command=NOTE)])
    engine.run_at("02:30")

    engine.run_at("02:50", only=("backup",), by_hand=True)
    engine.run_at("03:00")

    assert engine.lines() == ["0 0", "2026-11-21T03:00:00Z 0 0"]


def test_a_clock_before_this_program_was_made_stops_everything(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job()])

    with pytest.raises(UnavailableError, match="clock"):
        engine.run_at("1970-01-01T00:00:10")

    assert not engine.state_dir.exists()


def test_a_gap_is_on_record_with_its_cause(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(first_run=FirstRun.NOW)])
    engine.run_at("08:00")
    beat = heartbeat.load(engine.state_dir)
    assert beat is not None
    heartbeat.save(engine.state_dir, heartbeat.Heartbeat(beat.wall, 1.0, 1.0, "another-boot"))

    engine.run_at("12:10")

    (gap,) = engine.state["gaps"]
    assert gap == {
        "from": "2026-11-21T08:00:00Z",
        "to": "2026-11-21T12:10:00Z",
        "cause": "machine off",
        "run": 1,
        "missed": 3,
        "coalesced": 3,
    }
    assert [row["reason"] for row in engine.rows if row["outcome"] == "missed"] == ["machine off"]


def _signalled(number: signal.Signals, engine: Engine) -> Report:
    def send() -> None:
        while not engine.lines("pid") or "last" not in engine.state["jobs"]["quick"]:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    report = engine.run_at("12:00")
    sender.join()
    return report
