"""A tick on a terminal, its summary, and the block that cron mails."""

import io
import threading
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.views import runs, tables, terminal
from scheduled.views.failure import failure_block
from scheduled.views.progress import Progress, summary
from tests.builders.jobs import at
from tests.builders.looks import end, text

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_running_job_has_a_line_and_none_is_left_at_the_end() -> None:
    screen = _Screen()

    with Progress(screen.console, UTC) as progress:
        progress.job_started(job="backup[/rc]", run_id="r1", slot="2026-11-21T11:00:00Z", missed=2)
        during = screen.text()
        progress.job_finished(job="backup[/rc]", run_id="r1", outcome="succeeded")
        after = screen.text()[len(during) :]

    assert (
        "backup[/rc], scheduled for 2026-11-21 11:00+00:00 (catch-up, covers 2 missed runs): 0 s"
        in during
    )
    assert "backup" not in after


def test_the_live_view_starts_no_thread() -> None:
    before = threading.active_count()

    with Progress(_Screen().console, UTC) as progress:
        progress.job_started(job="backup", run_id="r1")
        during = threading.active_count()

    assert during == before


def test_an_end_nobody_saw_the_start_of_is_no_error() -> None:
    with Progress(_Screen().console, UTC) as progress:
        progress.job_failed(run_id="r1", outcome="failed")


def test_the_summary_tells_each_run_and_the_counts() -> None:
    runs = [_row(end("r1", at("11:00"), "failed", error="exit code 3", missed=2))]
    tick = {"due": 2, "ran": 1, "failed": 1, "skipped": 0, "carried": 1, "duration_seconds": 2.5}

    text = terminal.rendered(*summary({"tick": tick, "runs": runs}), width=100, color=False)

    assert "backup" in text
    assert "covers 2 missed runs; exit code 3" in text
    assert text.endswith("1 ran, 1 failed, 1 carried in 2.50 s\n")


def test_b3_a_slot_with_quick_retries_has_one_line_and_no_retry_that_is_over() -> None:
    retry: dict[str, Any] = {"outcome": "failed", "retry_at": "2026-11-21T11:00:01Z"}
    runs = [
        _row(end("r1", at("11:00"), **retry)),
        _row(end("r2", at("11:00"), attempt=2, **retry)),
        _row(end("r3", at("11:00"), "failed", attempt=3)),
        _row(end("r4", at("11:00"), job="other", **{**retry, "retry_at": "2026-11-21T11:30:00Z"})),
        _row({**end("r5", at("11:00")), "slot": None}),
        _row({**end("r6", at("11:00")), "slot": None}),
    ]
    tick = {"due": 2, "ran": 4, "failed": 4, "skipped": 0, "carried": 0, "duration_seconds": 2.5}

    text = terminal.rendered(*summary({"tick": tick, "runs": runs}, BERLIN), width=100, color=False)

    _, *lines, _ = text.splitlines()
    assert [line.split()[0] for line in lines] == ["backup", "other", "backup", "backup"]
    assert "attempt 3" in lines[0]
    assert "retrying" not in lines[0]
    assert "retrying at 2026-11-21 12:30+01:00" in lines[1]


def test_b3_history_announces_a_retry_until_it_is_past() -> None:
    row = _row(end("r1", at("11:00"), "failed", retry_at="2026-11-21T11:30:00Z"))

    announced = [runs.note(row, UTC, at(now)) for now in ("11:29", "11:30")]

    assert announced == ["exit code 1; retrying at 2026-11-21 11:30+00:00", "exit code 1"]


def test_the_summary_of_an_idle_tick_says_that_nothing_was_due() -> None:
    tick = {"due": 0, "ran": 0, "failed": 0, "skipped": 0, "carried": 0, "duration_seconds": 0.1}

    text = terminal.rendered(*summary({"tick": tick, "runs": []}), width=100, color=False)

    assert text == "Nothing was due.\n"


def test_a_failure_block_suffices_by_itself() -> None:
    row = _row(end("r1", at("11:00"), "failed", error="exit code 3", attempt=2, missed=4))
    lines = [f"line {number}" for number in range(30)]
    again = at("12:00") + timedelta(hours=1)

    facts = "run r1 on vm, attempt 2, scheduled for 2026-11-21 12:00+01:00, covers 4 missed runs"
    log = Path("/state/runs/backup/r1.log")
    block = failure_block(row, lines, log, again, BERLIN, host="vm")

    assert block.splitlines() == [
        "backup: failed: exit code 3",
        f"  {facts}",
        "  started 2026-11-21 12:00+01:00, took 2.00 s, next run: 2026-11-21 14:00+01:00",
        *(f"  | line {number}" for number in range(20, 30)),
        "  log: /state/runs/backup/r1.log",
    ]


def test_a_failure_block_of_a_run_by_hand_without_output() -> None:
    row = _row(end("r1", at("11:00"), "timed_out", error="timed out after 5 s") | {"slot": None})

    block = failure_block(row, [], None, None, UTC)

    assert block.splitlines() == [
        "backup: timed out after 5 s",
        "  run r1, attempt 1, by hand",
        "  started 2026-11-21 11:00+00:00, took 2.00 s, next run: none planned",
        "  it printed nothing",
    ]


def test_a_failure_block_has_no_control_characters() -> None:
    row = _row(end("r1", at("11:00"), "failed", error="bad\x1b[2J\nSubject: forged"))

    block = failure_block(row, ["\x1b[31mred\x1b[0m\x07"], None, None, UTC)

    assert "\x1b" not in block
    assert "\nSubject" not in block
    assert "  | red" in block


TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "job.py", line 1, in <module>',
    "    work(  1,   2)",
    "\t\x1b[31m^^^^\x1b[0m",
    "ValueError: no",
]
SHOWN = [
    "Traceback (most recent call last):",
    '  File "job.py", line 1, in <module>',
    "    work(  1,   2)",
    "        ^^^^",
    "ValueError: no",
]


def test_b13_a_traceback_keeps_its_indentation_in_every_view() -> None:
    row = _row(end("r1", at("11:00"), "failed", error="exit code 1"))

    block = failure_block(row, TRACEBACK, None, None, UTC).splitlines()
    page = [line.rstrip() for line in text([*map(tables.printed, TRACEBACK)]).splitlines()]

    assert block[3 : 3 + len(SHOWN)] == [f"  | {line}" for line in SHOWN]
    assert page == [f"  {line}" for line in SHOWN]


def _row(event: dict[str, object]) -> Row:
    row = history.row_of(event)
    assert row is not None
    return row


class _Screen:
    def __init__(self) -> None:
        self.console = Console(file=io.StringIO(), force_terminal=True, width=120)

    def text(self) -> str:
        assert isinstance(self.console.file, io.StringIO)
        return self.console.file.getvalue()
