"""Runs whose tick was killed, and the files that their keepers leave."""

from pathlib import Path
from typing import Any

from scheduled.system import locks
from tests.builders.beside import UNTIL_GO, wait_for
from tests.builders.engine import Engine
from tests.builders.killed import tick_and_kill

BEGIN = f"echo begun >> out; {UNTIL_GO}"
"""How a command begins that goes on until somebody makes the file `go`."""
RUN = "20261121T120000-abc123"


def outlive(engine: Engine) -> None:
    """Kill the tick of 12:00 while its job runs, then let the job end."""
    tick_and_kill(engine, "12:00", spare_the_job=True)
    (engine.folder / "go").touch()
    wait_for(lambda: not locks.is_running(engine.state_dir, "backup"))


def open_run(engine: Engine) -> Any:
    """What is remembered of the run in progress."""
    return engine.state["jobs"]["backup"].get("open") or {}


def begun(engine: Engine) -> list[dict[str, Any]]:
    """What a tick had on record that died when its run had just started, long ago."""
    exit_path(engine).parent.mkdir(parents=True, exist_ok=True)
    about = {"job": "backup", "run_id": RUN, "boot_id": "of another boot"}
    return [
        {"event": "begin", **about, "slot": "2026-11-21T12:00:00Z", "attempt": 1, "timeout": 60.0}
    ]


def exit_path(engine: Engine) -> Path:
    """Where the keeper of that run writes how it ended."""
    return engine.state_dir / "runs" / "backup" / f"{RUN}.exit"


def left_by(engine: Engine) -> list[str]:
    """What runs have left beside their output."""
    return [
        path.name for path in (engine.state_dir / "runs/backup").iterdir() if path.suffix != ".log"
    ]
