"""What the keeper of a run writes, whoever lives on, and what it kills and what not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from scheduled.jobs.model import OnInterrupted
from scheduled.runs import exit_file
from scheduled.runs.exit_file import ExitStatus
from scheduled.system import locks
from tests.builders.beside import running_since_noon, ticking, wait_for
from tests.builders.engine import Engine, outcomes
from tests.builders.jobs import job
from tests.builders.kept import BEGIN, begun, exit_path, left_by, open_run, outlive
from tests.builders.killed import is_alive, tick_and_kill, wait_for_the_end_of

NOT_4 = " (not in success_codes 0, 4)"
ENDS: list[tuple[str, dict[str, Any]]] = [
    ("true", {"outcome": "succeeded", "exit_code": 0}),
    ("exit 137", {"outcome": "failed", "error": f"exit code 137{NOT_4}", "exit_code": 137}),
    ("kill -9 $$", {"outcome": "failed", "error": "killed by SIGKILL", "exit_code": -9}),
    ("kill -TERM 0", {"outcome": "failed", "error": "killed by SIGTERM", "exit_code": -15}),
    ("kill -KILL 0", {"outcome": "failed", "error": "killed by SIGKILL", "exit_code": -9}),
    ("kill -SEGV $$", {"outcome": "failed", "error": "killed by SIGSEGV", "exit_code": -11}),
    ("no-such-command", {"outcome": "failed", "error": f"exit code 127{NOT_4}", "exit_code": 127}),
    ("exit 4", {"outcome": "succeeded", "exit_code": 4}),
    ("echo '{\"rows\": 3}'", {"outcome": "succeeded", "result": {"rows": 3}}),
]


@pytest.mark.parametrize(("command", "end"), ENDS, ids=[command for command, _ in ENDS])
@pytest.mark.parametrize("is_killed", [True, False], ids=["the tick was killed", "it was not"])
def test_a6_how_a_run_ended_is_known_exactly_whether_its_tick_saw_it_or_not(
    tmp_path: Path, command: str, end: dict[str, Any], is_killed: bool
) -> None:
    engine = Engine(tmp_path, [job(command=f"{BEGIN}; {command}", success_codes=(0, 4))])
    engine.run_at("11:30")

    if is_killed:
        outlive(engine)
        report = engine.run_at("12:01")
        assert [row["outcome"] for row in report.ran] == [end["outcome"]]
    else:
        (tmp_path / "go").touch()
        engine.run_at("12:00")
    engine.run_at("12:02")

    (ended,) = [event for event in engine.events if event["event"] == "end"]
    assert end.items() <= ended.items()
    assert engine.lines() == ["begun"]
    assert left_by(engine) == []


def test_a6_a_recovered_end_has_its_own_time_processor_time_and_memory(tmp_path: Path) -> None:
    work = f"{sys.executable} -c 'sum(range(3_000_000)); bytearray(800_000_000)'"
    engine = Engine(tmp_path, [job(command=f"{BEGIN}; {work}")])
    engine.run_at("11:30")
    outlive(engine)

    engine.run_at("12:30")

    (ended,) = [event for event in engine.events if event["event"] == "end"]
    assert 0 < ended["duration_seconds"] < 1500
    assert ended["finished_at"] < "2026-11-21T12:30"
    assert ended["cpu_seconds"] > 0
    assert 800_000_000 < ended["max_rss_bytes"] < 1_100_000_000


def test_b13_the_memory_of_a_small_job_is_not_that_of_the_program_that_forked_it(
    tmp_path: Path,
) -> None:
    engine = Engine(tmp_path, [job(command="true")])
    engine.run_at("11:30")
    ballast = bytearray(os.urandom(1024)) * 100_000

    engine.run_at("12:00")

    (ended,) = [event for event in engine.events if event["event"] == "end"]
    assert ended["max_rss_bytes"] is None
    assert len(ballast) > 100_000_000


def test_a6_a_program_that_is_not_there_is_that_whoever_is_killed(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=("/no/such/program",))])
    engine.run_at("11:30")
    engine.record("12:00", *begun(engine))
    status = ExitStatus(None, failure="/no/such/program: cannot be started: no such file")
    exit_file.write(str(exit_path(engine)), status)

    report = engine.run_at("12:01")

    assert [row["error"] for row in report.failed] == [status.failure]


def test_a6_not_now_of_a_run_whose_tick_was_killed_leaves_its_slot_due(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=f"test -e again || {{ {BEGIN}; exit 75; }}")])
    engine.run_at("11:30")
    outlive(engine)
    (tmp_path / "again").touch()

    engine.run_at("12:01")

    assert engine.rows[0]["reason"] == "not now: exit code 75"
    assert outcomes(engine.rows)[-1] == ("12:00", "succeeded")


# Handlers

HANDLER = """\
import os
import time
from pathlib import Path

def run(context):
    with open("out", "a") as stream:
        stream.write("begun\\n")
    while not Path("go").exists():
        time.sleep(0.02)
    context.memory["runs"] = context.memory.get("runs", 0) + 1
    context.fire("done", number=context.memory["runs"])
    {end}
"""


def test_a6_a_handler_whose_tick_was_killed_keeps_its_result_memory_and_messages(
    tmp_path: Path,
) -> None:
    routes = {"done": {"mailbox": "drone", "subject": "Done"}}
    engine = handling(tmp_path, "return {'rows': 3}", routes=routes)
    outlive(engine)

    engine.run_at("12:01")

    (ended,) = [event for event in engine.events if event["event"] == "end"]
    assert (ended["outcome"], ended["result"]) == ("succeeded", {"rows": 3})
    assert engine.state["jobs"]["backup"]["memory"] == {"runs": 1}
    assert engine.lines() == ["begun"]
    assert left_by(engine) == []


def test_a6_a_handler_that_left_no_whole_record_was_interrupted(tmp_path: Path) -> None:
    engine = handling(tmp_path, "os._exit(0)", on_interrupted=OnInterrupted.SKIP)
    outlive(engine)

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "interrupted")]


def test_a6_the_record_of_a_handler_counts_though_its_keeper_was_killed_as_well(
    tmp_path: Path,
) -> None:
    engine = handling(tmp_path, "return {'rows': 3}")
    pid = tick_and_kill(engine, "12:00", spare_the_job=True)
    os.kill(engine.state["jobs"]["backup"]["open"]["keeper"], signal.SIGKILL)
    assert "still running as process" in engine.run_at("12:00:30").not_started[0][1]
    (tmp_path / "go").touch()
    wait_for_the_end_of(pid)

    engine.run_at("12:01")

    assert outcomes(engine.rows) == [("12:00", "succeeded")]
    assert engine.state["jobs"]["backup"]["memory"] == {"runs": 1}


def handling(folder: Path, end: str, **more: Any) -> Engine:
    """An installation whose job `backup` is a handler that ends as told once `go` is there."""
    (folder / "keeping.py").write_text(HANDLER.format(end=end))
    fields = {key: more.pop(key) for key in ("on_interrupted",) if key in more}
    engine = Engine(folder, [job(handler="keeping:run", **fields)], **more)
    engine.run_at("11:30")
    return engine


# What a keeper is


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a6_the_signals_that_end_a_tick_do_not_end_a_keeper(
    tmp_path: Path, number: signal.Signals
) -> None:
    engine = Engine(tmp_path, [job(command=BEGIN)])
    engine.run_at("11:30")
    with ticking(engine, "12:00"):
        wait_for(lambda: "keeper" in open_run(engine))
        keeper = open_run(engine)["keeper"]
        os.kill(keeper, number)
        time.sleep(0.1)
        assert is_alive(keeper)
        (tmp_path / "go").touch()

    assert outcomes(engine.rows) == [("12:00", "succeeded")]


def test_a6_a_keeper_has_a_session_of_its_own_and_so_has_its_job(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=BEGIN)])
    with running_since_noon(engine) as tick:
        wait_for(lambda: "keeper" in open_run(engine))
        keeper, pid = open_run(engine)["keeper"], open_run(engine)["pid"]
        sessions = [os.getsid(process) for process in (keeper, pid)]
        assert sessions == [keeper, pid]
        assert parent(pid) == keeper
        assert parent(keeper) == tick.pid


def parent(pid: int) -> int:
    """The parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a6_a_keeper_holds_the_lock_of_its_job_and_nothing_else_of_its_tick(
    tmp_path: Path,
) -> None:
    jobs = [job("backup", command=BEGIN), job("other", command=BEGIN)]
    engine = Engine(tmp_path, jobs)
    with running_since_noon(engine):
        wait_for(lambda: "keeper" in open_run(engine))
        folder = f"/proc/{open_run(engine)['keeper']}/fd"
        wait_for(lambda: os.readlink(f"{folder}/1") == "/dev/null")
        held = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]

    lock = str(engine.state_dir / "locks" / "backup.lock")
    assert sorted(name for name in held if not name.startswith("pipe:")) == ["/dev/null"] * 3 + [
        lock
    ]
    assert len(held) == 5


def test_a6_the_lock_of_a_run_is_held_until_its_end_is_on_disk(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=BEGIN)])
    engine.run_at("11:30")
    tick_and_kill(engine, "12:00", spare_the_job=True)

    assert locks.is_running(engine.state_dir, "backup")
    (tmp_path / "go").touch()
    wait_for(lambda: not locks.is_running(engine.state_dir, "backup"))
    assert exit_file.read(next((engine.state_dir / "runs/backup").glob("*.exit"))) is not None


def test_a6_a_job_starts_with_the_descriptors_and_signals_of_a_fresh_process(
    tmp_path: Path,
) -> None:
    command = "ls /proc/self/fd > fds; grep -E 'Sig(Blk|Ign)' /proc/self/status > signals"
    engine = Engine(tmp_path, [job(command=command)])
    engine.run_at("11:30")
    engine.run_at("12:00")

    fresh = subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True, check=True)
    assert engine.lines("fds") == fresh.stdout.split()  # the last is the folder that ls reads
    assert [signals(line) for line in engine.lines("signals")] == [set(), set()]


def test_a6_what_the_caller_ignores_is_ignored_by_the_job(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        engine = Engine(tmp_path, [job(command="grep SigIgn /proc/self/status > signals")])
        engine.run_at("11:30")
        engine.run_at("12:00")
    finally:
        signal.signal(signal.SIGHUP, before)

    (line,) = engine.lines("signals")
    assert signals(line) == {signal.SIGHUP}


def signals(line: str) -> set[int]:
    """The signals in a mask of proc_pid_status(5), without those that belong to the C library."""
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1} - {32, 33}


def test_a6_a_keeper_that_is_killed_ends_its_run_as_interrupted(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=f"{BEGIN}; exit 3", on_interrupted=OnInterrupted.SKIP)])
    with running_since_noon(engine, finish=False):
        wait_for(lambda: "keeper" in open_run(engine))
        pid = open_run(engine)["pid"]
        os.kill(open_run(engine)["keeper"], signal.SIGKILL)

    assert outcomes(engine.rows) == [("12:00", "interrupted")]
    assert "killed" in str(engine.rows[0]["reason"])
    wait_for_the_end_of(pid)
