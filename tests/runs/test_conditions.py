"""Asking an `only_if`: its time limit, and what it may leave behind."""

import time
from pathlib import Path
from typing import Any

from scheduled.jobs.model import Attempt
from scheduled.runs import preconditions
from scheduled.runs.preconditions import Declined, NotNow
from scheduled.runs.run_context import RunContext
from tests.builders.jobs import at, job


def test_one_that_hangs_is_stopped_with_all_it_started_and_means_not_now(tmp_path: Path) -> None:
    answer = ask(tmp_path, "sleep 300 & echo $! > pid; wait", limit=0.3)

    assert answer == NotNow("only_if", "only_if has not answered within 0.3 s")
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_one_that_answers_leaves_nothing_behind(tmp_path: Path) -> None:
    answer = ask(tmp_path, "sleep 300 & echo $! > pid; exit 0")

    assert answer is None
    assert is_gone(int((tmp_path / "pid").read_text()))


def ask(folder: Path, only_if: str, **more: Any) -> NotNow | Declined | None:
    context = RunContext(folder, folder, folder, folder, "UTC", at("12:00"), {"PATH": "/bin"})
    attempt = Attempt("20261121T120000-abcdef", job(only_if=only_if), at("12:00"))
    return preconditions.check_only_if(attempt, context, **more)


def is_gone(pid: int) -> bool:
    """Whether the process ends soon; a zombie whose parent has not looked has ended."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
