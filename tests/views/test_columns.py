"""Columns for a pipe are those that rich draws where nothing has to be wrapped."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from scheduled.system.text import one_line
from scheduled.views import terminal
from scheduled.views.columns import Grid, Indented
from tests.builders import soak

cells = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ("", " two  words ", "\u7a7a\u767d", "e\u0301", "\U0001f600 \u200d", "x" * 300)
    ),
)
rows = st.lists(st.tuples(cells, cells, cells), max_size=6)


def grid(found: list[tuple[str, str, str]], least: int = 0) -> Grid:
    made = Grid("JOB", "", "NOTE", least={0: least})
    for row in found:
        first, *others = map(one_line, row)
        made.add_row(first, *(Text(value, "red") for value in others))
    return made


@given(rows, st.sampled_from((0, 12)))
@settings(max_examples=soak.count(60, 5000), deadline=None)
def test_the_columns_of_a_pipe_are_those_of_rich(
    found: list[tuple[str, str, str]], least: int
) -> None:
    drawn = grid(found, least).__rich__()
    expected = terminal.rendered(drawn, width=terminal.UNBOUNDED, color=False)

    if all(value.isascii() for row in found for value in row):
        assert grid(found, least).text(terminal.UNBOUNDED) is not None
    assert terminal.rendered(grid(found, least), width=terminal.UNBOUNDED, color=False) == expected


@given(rows)
@settings(max_examples=soak.count(60, 5000), deadline=None)
def test_the_columns_of_a_terminal_are_those_of_rich(found: list[tuple[str, str, str]]) -> None:
    drawn = terminal.rendered(grid(found).__rich__(), width=1200, color=True)
    written = terminal.rendered(grid(found), width=1200, color=True)

    assert shown(written) == shown(drawn)
    assert colors(written) == colors(drawn)


def shown(text: str) -> list[str]:
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]


def colors(text: str) -> list[tuple[str, str]]:
    """What stands in which style, without the blanks around it."""
    found = re.findall(r"\x1b\[([0-9;]*)m([^\x1b]*)\x1b\[0m", text)
    return [(style, words.strip()) for style, words in found if words.strip()]


def test_what_is_too_wide_even_for_a_pipe_is_wrapped() -> None:
    wide = Grid("A", "B")
    wide.add_row(Text("a"), Text("b" * terminal.UNBOUNDED))

    assert wide.text(terminal.UNBOUNDED) is None
    drawn = terminal.rendered(wide, width=terminal.UNBOUNDED, color=False)
    assert drawn.count("b") == terminal.UNBOUNDED


def test_on_a_terminal_rich_wraps_and_colours() -> None:
    narrow = terminal.rendered(grid([("[b]job", "word " * 20, "")]), width=40, color=True)

    assert len(narrow.splitlines()) > 3
    assert "\x1b[31m" in narrow
    assert "[b]job" in narrow


@given(cells)
@settings(max_examples=soak.count(60, 5000), deadline=None)
def test_an_indented_line_is_the_one_of_rich(cell: str) -> None:
    line = Indented(one_line(cell))
    expected = terminal.rendered(line.__rich__(), width=terminal.UNBOUNDED, color=False)

    assert terminal.rendered(line, width=terminal.UNBOUNDED, color=False) == expected
    assert line.text(len(one_line(cell)) + 1) is None
