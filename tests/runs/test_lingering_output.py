"""Output that goes on after its run: real processes that were left behind, and write."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduled.runs import lingering_output
from scheduled.runs.output import SLACK, OutputFile
from scheduled.runs.retention import prune
from scheduled.system import linux
from tests.builders.engine import Engine
from tests.builders.jobs import job

LIMIT = 20_000
CHATTER = "while :; do head -c 5000 /dev/zero | tr '\\0' x; sleep 0.01; done"


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[Engine]:
    """A job whose run is over, and whose daemon says nothing until the file `go` is there."""
    quiet = "until test -e go; do sleep 0.01; done"
    command = f"({quiet}; {CHATTER}) & echo $! > pid; {{}}"
    engine = Engine(tmp_path, [job(command=command.format("true"), max_output=LIMIT)])
    engine.run_at("11:30")
    yield engine
    kill_daemon(engine)


@pytest.mark.slow
def test_a_daemon_that_was_left_behind_cannot_fill_the_disk(left_behind: Engine) -> None:
    left_behind.run_at("12:00")
    output = the_output(left_behind)
    (left_behind.folder / "go").touch()
    wait_for(lambda: output.stat().st_size > 10 * SLACK * LIMIT)
    left_behind.run_at("12:10")
    trimmed = on_disk(output)
    kill_daemon(left_behind)
    wait_for(lambda: not linux.has_writer(output))
    left_behind.run_at("12:20")

    assert trimmed < 5 * SLACK * LIMIT
    assert output.stat().st_size < LIMIT + 100
    assert b"bytes cut: max_output is 20000" in output.read_bytes()
    assert noted(left_behind) == []


@pytest.mark.slow
def test_a_run_whose_tick_died_is_kept_within_its_limits_while_it_goes_on(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command=f"echo $$ > pid; {CHATTER}", max_output=LIMIT)])
    engine.run_at("11:30")
    tick = os.fork()
    if tick == 0:
        engine.run_at("12:00")
        os._exit(0)
    wait_for(lambda: bool(engine.lines("pid")) and bool(under_way(engine).get("pid")))
    os.kill(tick, signal.SIGKILL)
    os.waitpid(tick, 0)
    output = the_output(engine)
    try:
        wait_for(lambda: output.stat().st_size > 10 * SLACK * LIMIT)
        engine.run_at("12:01")
        trimmed = on_disk(output)
    finally:
        os.killpg(under_way(engine)["pid"], signal.SIGKILL)

    assert trimmed < 5 * SLACK * LIMIT


def test_ticks_do_not_stay_idle_for_long_while_somebody_writes(left_behind: Engine) -> None:
    state = left_behind.state_dir
    left_behind.run_at("12:00")
    while_it_lives = lingering_output.trim_all(state)
    kill_daemon(left_behind)
    wait_for(lambda: not linux.has_writer(the_output(left_behind)))

    assert while_it_lives
    assert not lingering_output.trim_all(state)


def test_a_run_that_leaves_nobody_behind_leaves_no_note(tmp_path: Path) -> None:
    engine = Engine(tmp_path, [job(command="echo x")])
    for when in ("11:30", "12:00"):
        engine.run_at(when)

    assert noted(engine) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"job": 1, "run": "x", "limit": 1, "size": 0}'])
def test_a_note_that_is_none_is_taken_away(tmp_path: Path, text: str) -> None:
    (tmp_path / "afterwards").mkdir()
    (tmp_path / "afterwards/r1.log.json").write_text(text)

    assert not lingering_output.trim_all(tmp_path)
    assert list((tmp_path / "afterwards").iterdir()) == []


def test_a_note_leads_to_no_file_but_an_output(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("x" * 1000)
    (tmp_path / "afterwards").mkdir()
    text = '{"job": "../..", "run": "../../mine.txt", "limit": 10, "size": 0}'
    (tmp_path / "afterwards/r1.log.json").write_text(text)

    lingering_output.trim_all(tmp_path)

    assert mine.read_text() == "x" * 1000


def test_old_output_that_somebody_writes_to_is_not_pruned(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "runs/backup/r1.log", LIMIT)
    descriptor = output.open()
    os.write(descriptor, b"x")
    os.utime(output.path, (0, 0))
    prune(tmp_path / "runs", lambda _: time.monotonic(), {}, {})
    while_open = output.path.exists()
    os.close(descriptor)
    prune(tmp_path / "runs", lambda _: time.monotonic(), {}, {})

    assert (while_open, output.path.exists()) == (True, False)


def the_output(engine: Engine) -> Path:
    (path,) = (engine.state_dir / "runs/backup").glob("*.log")
    return path


def noted(engine: Engine) -> list[Path]:
    return list((engine.state_dir / "afterwards").glob("*"))


def under_way(engine: Engine) -> dict[str, int]:
    return engine.state["jobs"]["backup"].get("open") or {}


def on_disk(path: Path) -> int:
    """How many bytes of the disk a file takes."""
    return path.stat().st_blocks * 512


def kill_daemon(engine: Engine) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(engine.lines("pid")[0]), signal.SIGKILL)


def wait_for(fact: Callable[[], bool]) -> None:
    while not fact():
        time.sleep(0.01)
