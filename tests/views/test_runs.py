"""Runs as rows: what is left out where it is narrow, signs, lateness, the gaps between them."""

import re
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.views import run_header, signs, terminal
from scheduled.views.columns import UNBOUNDED
from scheduled.views.runs import table
from tests.builders import soak
from tests.builders.jobs import at
from tests.builders.looks import end

WIDTHS = (60, 80, 120, 200)
NOW = at("12:00")
RUN_ID = "20261121T110000-abcdef"


def test_columns_are_left_out_in_a_stated_order_and_the_job_and_outcome_never() -> None:
    row = run("11:00", "failed", error="no route to the machine that keeps the backups")

    heads = {width: shown(row, width=width)[0].split() for width in (40, 50, 70, 90, 120, 200)}

    scheduled = ["SCHEDULED", "(UTC)"]
    assert heads == {
        40: ["JOB", *scheduled, "OUTCOME"],
        50: ["JOB", *scheduled, "OUTCOME", "TOOK"],
        70: ["JOB", *scheduled, "OUTCOME", "TOOK", "RUN"],
        90: ["JOB", *scheduled, "OUTCOME", "TOOK", "WHEN", "RUN"],
        120: ["JOB", *scheduled, "OUTCOME", "TOOK", "WHEN", "RUN"],
        200: ["JOB", *scheduled, "OUTCOME", "TOOK", "WHEN", "RUN", "NOTE"],
    }
    assert shown(row, width=60)[2] == "    no route to the machine that keeps the backups"


def test_a_pipe_gets_a_line_a_row_with_all_of_it() -> None:
    row = run("11:00", "failed", job="a" * 99, error="x" * 200)

    (_, line) = shown(row, width=UNBOUNDED)

    assert re.fullmatch(rf"✗ a+  .* {RUN_ID}  x+", line)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"outcome": "succeeded"}, "✓ backup  11:00            succeeded"),
        ({"outcome": "failed"}, "✗ backup  11:00            failed"),
        ({"outcome": "timed_out"}, "✗ backup  11:00            timed out"),
        ({"outcome": "interrupted"}, "! backup  11:00            interrupted"),
        ({"slot": None}, "✓ backup  by hand"),
        ({"event": "begin", "outcome": None}, "▸ backup  11:00            running"),
        (
            {"event": "deferred", "reason": "busy", "outcome": None},
            "… backup  11:00            not now",
        ),
        ({"event": "skipped", "run_id": None}, "- backup  11:00            skipped"),
        (
            {"event": "missed", "last": "2026-11-21T11:00:00Z", "count": 3},
            "○ backup  11:00            missed",
        ),
    ],
)
def test_each_outcome_has_a_sign_and_a_word(event: dict[str, Any], words: str) -> None:
    row = history.row_of({**end(RUN_ID, at("11:00")), **event})
    assert row is not None

    assert shown(row)[1].startswith(words)


def test_signs_have_a_form_in_ascii_and_in_the_locale_c() -> None:
    everything = "".join(signs.SIGNS.values())

    for encoding, environ in (("ascii", {}), ("utf-8", {"LC_ALL": "C"}), ("utf-8", {"LANG": "C"})):
        written = signs.encodable(everything, encoding, environ)
        assert written.isascii()
        assert "?" not in written
    for environ in ({}, {"LANG": "en_US.UTF-8"}, {"LANG": "C", "LC_ALL": "C.UTF-8"} | {"LANG": ""}):
        assert signs.encodable(everything, "utf-8", environ) == everything
    assert signs.encodable("✓ größer", "latin-1", {}) == "+ größer"
    assert signs.encodable("✓ 日本", "ascii", {}) == "+ ??"


def test_what_was_late_after_retries_or_covers_others_says_so() -> None:
    late = run("11:00", started_at="2026-11-21T11:07:00Z")
    caught_up = run("10:00", catch_up=True, missed=2, started_at="2026-11-21T11:01:00Z")
    again = run("11:00", attempt=3, started_at="2026-11-21T11:30:00Z")

    notes = [
        shown(row, width=200)[1].partition(RUN_ID)[2].strip() for row in (late, caught_up, again)
    ]

    assert notes == ["7 min late", "covers 2 missed runs; 1 h 1 min late", "attempt 3"]


def test_an_offset_stands_once_unless_the_clock_was_changed_between_the_runs() -> None:
    summer, winter = (history.row_of(end(RUN_ID, at(when))) for when in SEASONS)
    assert summer is not None
    assert winter is not None
    berlin = ZoneInfo("Europe/Berlin")

    heading, line = shown(winter, zone=berlin)
    assert "SCHEDULED (+01:00)" in heading
    assert "✓ backup  12:00  " in line
    heading, *lines = shown(winter, summer, zone=berlin)
    assert "SCHEDULED (+01:00)" in heading
    assert "✓ backup  12:00  " in lines[0]
    assert "✓ backup  1 Jul 13:00+02:00  " in lines[1]


SEASONS = ("2026-07-01T11:00:00", "2026-11-21T11:00:00")


def test_a_gap_stands_between_the_runs_before_and_after_it_with_its_cause_and_cost() -> None:
    gap: dict[str, Any] = {
        "from": "2026-11-21T08:00:00Z",
        "to": "2026-11-21T10:30:00Z",
        "cause": "cron silent",
    }
    gap |= {"run": 1, "missed": 2, "coalesced": 2}
    rows = [
        run("11:00"),
        run("10:00", catch_up=True, started_at="2026-11-21T10:30:00Z"),
        run("08:00"),
    ]
    old = {**gap, "from": "2026-11-21T06:00:00Z", "to": "2026-11-21T07:00:00Z"}

    for width in WIDTHS:
        lines = shown(*rows, width=width, outages=[gap, old])
        text = " ".join("\n".join(lines).split())
        assert "cron did not run: 08:00 to 10:30, 2 h 30 min" in text
        assert "3 runs due, 1 caught up, 2 covered by a later run" in text
        signs_ = [line[:2] for line in lines if line[:1] in "✓-"]
        assert signs_ == ["✓ ", "✓ ", "--", "✓ "]


def test_a_long_name_has_a_line_above_its_row_and_pushes_out_nothing_of_others() -> None:
    name = "a-name-of-a-job-that-is-far-longer-than-its-column"

    lines = shown(run("11:00", job=name), run("10:00"), width=60)

    assert lines[1] == f"✓ {name}"
    assert lines[2].split() == ["11:00", "succeeded", "2.00", "s"]
    assert lines[3].startswith("✓ backup")


texts = st.one_of(
    st.text(max_size=90),
    st.lists(
        st.sampled_from(("日本語", "שלום", "word", "a" * 70, "/path/to/it", "\x1b[2J")), max_size=30
    ).map(" ".join),
)


@given(texts, texts, st.sampled_from(WIDTHS), st.sampled_from(("failed", "succeeded", "timed_out")))
@settings(max_examples=soak.count(100, 5000), deadline=None)
def test_no_row_is_wider_than_the_terminal_or_longer_than_three_lines(
    job: str, error: str, width: int, outcome: str
) -> None:
    row = run("11:00", outcome, job=job, error=error, missed=2)

    _, *lines = shown(row, width=width)

    assert 1 <= len(lines) <= 3
    assert max(map(cell_len, lines)) <= width
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(lines))


def run(slot: str, outcome: str = "succeeded", **more: Any) -> Row:
    begin = at(slot) if ":" in slot else at("11:00")
    more = {"error": "", **more}
    if "started_at" in more:
        more.setdefault("finished_at", more["started_at"])
    row = history.row_of(end(RUN_ID, begin, outcome, **more))
    assert row is not None
    return row


def shown(*rows: Row, width: int = 120, zone: Any = UTC, **more: Any) -> list[str]:
    page = table(rows, NOW, zone, **more)
    return terminal.rendered(page, width=width, color=False).splitlines()


def test_the_line_above_an_output_says_where_it_ran_if_not_here() -> None:
    place = {"executor": "nas", "host": "nas1", "user": "backup"}
    row = run("11:00", "failed", error="exit code 3")

    assert ", on nas (backup@nas1), failed" in run_header.header({**row, "where": place}, NOW, UTC)
    assert " on " not in run_header.header(row, NOW, UTC)
