"""A tick on a terminal, its summary, and the block that cron mails."""

import io
import threading
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.views import estimate, runs, tables, terminal
from scheduled.views.failure import failure_block
from scheduled.views.live_lines import LiveLines, PlainLines
from scheduled.views.progress import LastLine, Progress, summary
from tests.builders.emulator import shown
from tests.builders.jobs import at
from tests.builders.looks import end, text

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_running_job_has_a_line_and_none_is_left_at_the_end() -> None:
    stream = io.StringIO()

    with _progress(stream) as progress:
        progress.job_started(job="backup[/rc]", run_id="r1", slot="2026-11-21T11:00:00Z", missed=2)
        during = shown(stream.getvalue()).text()
        progress.job_finished(job="backup[/rc]", run_id="r1", outcome="succeeded")
        after = shown(stream.getvalue()).text()

    origin = "scheduled for 12:00"
    assert during == f"▸ backup[/rc]  0 s, catch-up, covers 2 missed runs, {origin}"
    assert after == ""


def test_a_line_says_when_the_run_ends_and_what_it_printed_last() -> None:
    stream = io.StringIO()

    with _progress(stream, lambda job, run_id: f"last of {job} {run_id}") as progress:
        progress.job_started(job="backup", run_id="r1")
        progress.job_started(job="db", run_id="r2")
        drawn = shown(stream.getvalue()).text().splitlines()

    assert drawn == [
        "▸ backup  0 s of usually 14 min: ends about 13:14, by hand",
        "    last of backup r1",
        "▸ db      0 s, by hand",
        "    last of db r2",
    ]


def test_more_runs_than_lines_are_counted() -> None:
    stream = io.StringIO()

    with _progress(stream, lambda *_: "output", size=(60, 6)) as progress:
        for number in range(9):
            progress.job_started(job=f"job{number}", run_id=str(number))
        drawn = shown(stream.getvalue()).text().splitlines()

    assert len(drawn) == 5
    assert drawn[-1] == "  and 5 more in progress"


def test_a_dumb_terminal_gets_a_line_at_the_start_and_one_at_the_end() -> None:
    stream = io.StringIO()
    screen = PlainLines(stream, {})

    with Progress(screen, at("12:00"), BERLIN, {"backup": [840.0] * 5}) as progress:
        progress.job_started(job="backup", run_id="r1")
        progress.refresh()
        progress.job_failed(
            job="backup", run_id="r1", outcome="failed", error="exit code 3", duration_seconds=61.0
        )

    assert stream.getvalue().splitlines() == [
        "backup: started, by hand, usually 14 min: ends about 13:14",
        "backup: failed: exit code 3, took 1 min",
    ]


@pytest.mark.parametrize(
    ("elapsed", "before", "words"),
    [
        (660, [840.0] * 5, "11 min of usually 14 min: ends about 13:03"),
        (830, [840.0] * 5, "13 min of usually 14 min: ends in about 10 s"),
        (960, [840.0] * 5, "16 min, longer than usual (14 min)"),
        (9000, [840.0] * 5, "2 h 30 min, far longer than usual (14 min)"),
        (660, [100.0, 840.0], "11 min of 14 min last time: ends about 13:03"),
        (960, [840.0], "16 min, longer than last time (14 min)"),
        (60, [86_400.0] * 3, "1 min of usually 1 d: ends about Sun 12:59"),
        (660, [], "11 min"),
    ],
)
def test_the_end_is_told_from_how_long_it_took_before(
    elapsed: float, before: list[float], words: str
) -> None:
    assert estimate.progress(elapsed, before, at("12:00"), BERLIN) == words


def test_the_live_view_starts_no_thread() -> None:
    before = threading.active_count()

    with _progress(io.StringIO()) as progress:
        progress.job_started(job="backup", run_id="r1")
        during = threading.active_count()

    assert during == before


def test_an_end_nobody_saw_the_start_of_is_no_error() -> None:
    with _progress(io.StringIO()) as progress:
        progress.job_failed(run_id="r1", outcome="failed")


def test_the_summary_tells_each_run_and_the_counts() -> None:
    runs = [_row(end("r1", at("11:00"), "failed", error="exit code 3", missed=2))]
    tick = {"due": 2, "ran": 1, "failed": 1, "skipped": 0, "carried": 1, "duration_seconds": 2.5}

    text = terminal.rendered(*summary({"tick": tick, "runs": runs}), width=100, color=False)

    assert "backup" in text
    assert "covers 2 missed runs; exit code 3" in text
    assert text.endswith("1 ran, 1 failed, 1 left for later in 2.50 s\n")


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
    assert [line.split()[1] for line in lines] == ["backup", "other", "backup", "backup"]
    assert "attempt 3" in lines[0]
    assert "retrying" not in lines[0]
    assert "retrying at 2026-11-21 12:30+01:00" in lines[1]


def test_b3_history_announces_a_retry_until_it_is_past() -> None:
    row = _row(end("r1", at("11:00"), "failed", retry_at="2026-11-21T11:30:00Z"))

    announced = [runs.note(row, UTC, at(now)) for now in ("11:29", "11:30")]

    assert announced == ["exit code 1; retrying at 11:30", "exit code 1"]


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


def _progress(
    stream: io.StringIO, *last_line: LastLine, size: tuple[int, int] = (120, 24)
) -> Progress:
    screen = LiveLines(stream, lambda: size, {})
    return Progress(screen, at("12:00"), BERLIN, {"backup": [840.0] * 5}, *last_line)
