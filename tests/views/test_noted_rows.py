"""Rows with notes on terminals of any width: nothing is wider, nothing is cut that fits."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from scheduled.views import noted_rows, terminal
from scheduled.views.columns import UNBOUNDED
from scheduled.views.fitting import ELLIPSIS, wrapped
from scheduled.views.noted_rows import Columns
from scheduled.views.wrapping import Fact, Facts, Paragraph, hanging
from tests.builders import soak

COLUMNS = Columns(("NAME", "STATE", "COUNT"), ("WHAT", "WHY"), name="NAME", shed=("COUNT",))
words = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ("日本語", "שלום עולם", "a b", "x" * 120, "/a/path/of/it", "\x1b[2J", "👩‍👩‍👧", "é")
        ),
        max_size=20,
    ).map(" ".join),
)
rows = st.lists(st.tuples(words, words, words, words, words), min_size=1, max_size=4)


def shown(texts: Sequence[Sequence[str]], width: int) -> list[str]:
    table = noted_rows.table(COLUMNS, texts)
    return terminal.rendered(table, width=width, color=False).splitlines()


@given(rows, st.sampled_from((60, 80, 120, 200)))
@settings(max_examples=soak.count(150, 10_000), deadline=None)
def test_nothing_is_wider_than_the_terminal_and_a_row_has_three_lines_at_most(
    texts: list[tuple[str, ...]], width: int
) -> None:
    _, *lines = shown(texts, width)

    assert len(texts) <= len(lines) <= 3 * len(texts)
    assert max(map(cell_len, lines)) <= width


def test_a_pipe_has_all_of_it_on_a_line() -> None:
    row = ("n" * 100, "state", "7", "what " * 20, "why " * 20)

    _, line = shown([row], UNBOUNDED)

    assert line.split() == " ".join(row).split()


def test_a_note_stands_below_its_row_unless_there_is_room_behind_it() -> None:
    texts = [("backup", "open", "1", "", "no"), ("db", "open", "2", "", "w" * 50)]

    assert shown(texts, 60) == [
        "NAME    STATE  COUNT",
        "backup  open   1      no",
        "db      open   2",
        f"    {'w' * 50}",
    ]


def test_a_cell_that_is_far_too_wide_is_shortened_and_the_others_stay() -> None:
    (_, line) = shown([("backup", "s" * 90, "12", "", "")], 60)

    assert line.startswith("backup")
    assert "sss..." in line


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three four", ["one two", "three four"]),
        ("took (7 h 51 min ago)", ["took (7 h", "51 min", "ago)"]),
        ("2026-11-21 12:00+01:00 is a time", ["2026-11-21", "12:00+01:00", "is a time"]),
        ("/home/me/a-file.log", ["/home/me/", "a-file.log"]),
        ("日本語日本語日本語", ["日本語日本", "語日本語"]),
        ("", [""]),
    ],
)
def test_lines_end_between_words_and_in_a_word_behind_its_punctuation(
    text: str, lines: list[str]
) -> None:
    if text.startswith("2026"):
        assert wrapped(text, 24) == ["2026-11-21 12:00+01:00", "is a time"]
    else:
        assert wrapped(text, 10) == lines


@given(st.text("ab 日e\u0301/-", max_size=60), st.integers(8, 30), st.integers(0, 3))
@settings(max_examples=soak.count(300, 20_000), deadline=None)
def test_nothing_is_lost_by_wrapping_unless_it_says_so(text: str, width: int, most: int) -> None:
    lines = wrapped(text, width, most)

    assert all(cell_len(line) <= width for line in lines)
    if not any(line.endswith(ELLIPSIS) for line in lines):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_of_a_block_keep_their_indent_and_bar_and_lists_hang() -> None:
    block = "backup: failed\n  | some output of it\n- a point of a list\n  plain and long enough"

    assert hanging(block, 14) == "\n".join(
        (
            "backup: failed",
            *("  | some", "  | output of", "  | it"),
            *("- a point of a", "  list"),
            *("  plain and", "  long enough"),
        )
    )


def test_values_hang_beside_their_names_and_paragraphs_below_their_sign() -> None:
    facts = Facts([Fact("name", ["a value that is long", "and another"]), Fact("none", [""])])
    point = Paragraph("what is to be done", 2, first="- ")

    assert terminal.rendered(facts, point, width=20, color=False).splitlines() == [
        "  name  a value that",
        "        is long",
        "        and another",
        "  - what is to be",
        "    done",
    ]


def test_words_that_do_not_fit_beside_a_name_stand_whole_below_it() -> None:
    facts = Facts([Fact("output", ["/a/long/path/to/it.log"]), Fact("name", ["value"])])

    assert terminal.rendered(facts, width=26, color=False).splitlines() == [
        "  output",
        "    /a/long/path/to/it.log",
        "  name    value",
    ]


def test_what_was_cut_out_of_many_lines_is_shown() -> None:
    assert wrapped("word " * 30, 20, 2) == ["word word word word", "word word word ..."]
