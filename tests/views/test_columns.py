"""Columns at any width: nothing is wider than the terminal, and no word is split."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from scheduled.system.text import one_line
from scheduled.views import fitting, terminal
from scheduled.views.columns import LINES, UNBOUNDED, Column, Grid, Indented, Pairs
from tests.builders import soak

names = st.one_of(
    st.from_regex(r"[a-z0-9]{1,9}([._-][a-z0-9]{1,9}){0,14}", fullmatch=True),
    st.from_regex(r"[a-z]{1,100}", fullmatch=True),
)
words = st.one_of(
    st.text(max_size=30),
    st.lists(names, max_size=12).map(" ".join),
    st.sampled_from(
        (
            "",
            " two  words ",
            "\u65e5\u672c\u8a9e\u306e\u540d\u524d" * 9,
            "e\u0301" * 20,
            "\u05e9\u05dc\u05d5\u05dd 12:30 \u05e2\u05d5\u05dc\u05dd",
            "\U0001f600 \u200d x",
            "\x1b[2J\x1b]0;title\x07 \u202eabc",
            "/srv/" + "very/long/path/" * 8,
            "x" * 300,
        )
    ),
)
rows = st.lists(st.tuples(names, st.sampled_from(("", "failed", "12:30")), words), max_size=6)
STEERING = st.characters(categories=("Cc", "Zl", "Zp")) | st.sampled_from(
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041x[;m0]"
)
widths = st.integers(60, 200)
EXAMPLES = soak.count(80, 5000)
COLUMNS = (Column("JOB"), Column("OUTCOME"), Column("LAST", 2), Column("NOTE", wraps=True))


def grid(found: list[tuple[str, str, str]]) -> Grid:
    made = Grid(*COLUMNS)
    for name, outcome, note in found:
        made.add_row(name, Text(outcome, "red"), f"{outcome} last", one_line(note))
    return made


def drawn(part: Grid | Indented | Pairs | Text, width: int, *, color: bool = False) -> list[str]:
    return terminal.rendered(part, width=width, color=color).splitlines()


@given(rows, widths)
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_line_is_wider_than_the_terminal(found: list[tuple[str, str, str]], width: int) -> None:
    assert all(cell_len(line) <= width for line in drawn(grid(found), width))


@given(rows, widths)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_row_has_three_lines_at_most(found: list[tuple[str, str, str]], width: int) -> None:
    for row in found:
        assert len(drawn(grid([row]), width)) <= 1 + LINES


@given(names.filter(lambda name: len(name) <= 60), rows, widths)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_name_that_a_line_has_room_for_stands_whole_on_one(
    name: str, found: list[tuple[str, str, str]], width: int
) -> None:
    lines = drawn(grid([*found, (name, "failed", "why")]), width)

    assert any(line.startswith(name) for line in lines)


@given(st.lists(names, max_size=20).map(" ".join), widths)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_word_that_a_line_has_room_for_stands_whole_on_one(text: str, width: int) -> None:
    lines = drawn(Indented(text), width)

    shown = {word for line in lines for word in line.split()}
    assert {word for word in text.split() if len(word) <= width - 2} <= shown


@given(words, widths)
@settings(max_examples=EXAMPLES, deadline=None)
def test_wrapping_loses_nothing_but_what_is_too_long_for_any_line(text: str, width: int) -> None:
    line = one_line(text)
    found = fitting.wrapped(line, width)

    assert all(cell_len(each) <= width for each in found)
    if not any(fitting.ELLIPSIS in each for each in found):
        assert "".join("".join(found).split()) == "".join(line.split())


@given(rows, st.lists(st.tuples(names, words), max_size=4), st.integers(1, 59))
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_too_narrow_for_anybody_is_no_traceback(
    found: list[tuple[str, str, str]], pairs: list[tuple[str, str]], width: int
) -> None:
    drawn(grid(found), width)
    drawn(Pairs((name, one_line(value)) for name, value in pairs), width)
    drawn(Indented("some words"), width)


@given(rows)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_pipe_gets_a_whole_line_a_row(found: list[tuple[str, str, str]]) -> None:
    lines = drawn(grid(found), UNBOUNDED)

    assert len(lines) == 1 + len(found)
    for (name, outcome, note), line in zip(found, lines[1:], strict=True):
        assert line.startswith(name)
        assert outcome in line
        assert line.endswith(one_line(note).rstrip())


@given(rows, st.sampled_from((60, 80, 120, 200)))
@settings(max_examples=EXAMPLES, deadline=None)
def test_colours_change_nothing_but_colours(found: list[tuple[str, str, str]], width: int) -> None:
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in drawn(grid(found), width, color=True)]

    assert [line.rstrip() for line in plain] == drawn(grid(found), width)


@given(st.text(STEERING, max_size=40))
@settings(max_examples=EXAMPLES, deadline=None)
def test_nothing_of_others_reaches_the_terminal_that_it_would_obey(text: str) -> None:
    (line,) = drawn(Text(one_line(text)), UNBOUNDED)

    assert not {char for char in line if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")}


def test_what_would_steer_the_terminal_is_shown_as_what_it_is() -> None:
    assert one_line("a\x1b[2Jb\x07 \u202ecod") == r"a\x1b[2Jb\x07 \u202ecod"


def test_columns_are_left_out_in_the_order_they_state() -> None:
    made = Grid(Column("JOB"), Column("A", 2), Column("B", 1), Column("NEXT"))
    made.add_row("backup", "a" * 20, "b" * 20, "n" * 16)

    assert [drawn(made, width)[0].split() for width in (80, 60, 40)] == [
        ["JOB", "A", "B", "NEXT"],
        ["JOB", "A", "NEXT"],
        ["JOB", "NEXT"],
    ]


def test_a_column_that_says_nothing_is_left_out_if_it_may_be() -> None:
    made = Grid(Column("JOB"), Column("STATE", if_any=True), Column("NEXT", if_any=False))
    made.add_row("backup", "", "")

    assert drawn(made, UNBOUNDED)[0].split() == ["JOB", "NEXT"]


def test_a_name_that_is_too_long_for_its_column_stands_above_its_row() -> None:
    name = "nightly-backup-of-the-database-of-the-customers"

    assert drawn(grid([(name, "failed", "no space left on the device")]), 60) == [
        "JOB  OUTCOME  LAST         NOTE",
        name,
        "     failed   failed last  no space left on the device",
    ]


def test_a_name_that_is_too_long_for_the_terminal_keeps_both_ends() -> None:
    name = "-".join(["part"] * 19) + "-end"

    (line,) = (line for line in drawn(grid([(name, "", "")]), 60) if line.startswith("part"))

    assert len(line) == 60
    assert line.startswith("part-part")
    assert line.endswith("part-end")


def test_words_from_right_to_left_leave_the_other_columns_in_their_place() -> None:
    hebrew = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"
    pairs = Pairs([("a", f"{hebrew} 12:30 {hebrew}"), ("b", hebrew)])

    of_terminal = terminal.rendered(pairs, width=80, color=False)

    assert of_terminal.count("\u200e") == 2
    assert of_terminal.splitlines()[1] == f"b  {hebrew}\u200e"
    assert "\u200e" not in terminal.rendered(pairs, width=UNBOUNDED, color=False)
