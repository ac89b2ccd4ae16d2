"""Lines that are drawn anew: nothing else on the terminal is touched, nothing is left behind."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduled.views import live_lines
from scheduled.views.fitting import cut
from scheduled.views.live_lines import LiveLines
from tests.builders import soak
from tests.builders.emulator import Emulator, shown

lines = st.lists(st.text("abc ", max_size=12), max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), lines),
        st.tuples(st.just("write"), st.text("xyz\n", max_size=8)),
        st.tuples(st.just("clear"), st.none()),
        st.tuples(st.just("resize"), st.tuples(st.integers(2, 30), st.integers(2, 8))),
    ),
    max_size=20,
)


@given(steps)
@settings(max_examples=soak.count(200, 10_000), deadline=None)
def test_what_stands_on_the_terminal_is_what_was_written_and_the_last_lines(steps: Any) -> None:
    stream, size = io.StringIO(), (30, 8)
    live = LiveLines(stream, lambda: size, {})
    stays, below = "before\n", []
    stream.write(stays)

    for step, about in steps:
        match step:
            case "draw":
                live.draw(about)
                below = [cut(line, size[0] - 1) for line in about[: size[1] - 1]]
            case "write":
                live.write_above(about)
                stays += f"{about}\n"
            case "clear":
                live.clear()
                below = []
            case _:
                size = about

    assert shown(stream.getvalue()).text() == _text(stays + "".join(f"{line}\n" for line in below))


def _text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def test_no_mode_of_the_terminal_is_changed() -> None:
    screen = Emulator()
    stream = io.StringIO()
    live = LiveLines(stream, lambda: (20, 5), {})
    live.draw(["a" * 50, "b"])
    live.write_above("c")
    live.clear()

    screen.write(stream.getvalue())

    assert screen.modes == []
    assert screen.widest < 20


def test_what_others_wrote_while_the_program_was_stopped_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    live = LiveLines(stream, lambda: (40, 5), {})
    live.draw(["backup  1 s"])
    stream.write("[1]+  Stopped\n$ fg\n")
    monkeypatch.setattr(live_lines, "AWAY_SECONDS", -1.0)

    live.draw(["backup  9 s"])

    assert shown(stream.getvalue()).text().splitlines() == [
        *("backup  1 s", "[1]+  Stopped", "$ fg", "backup  9 s"),
    ]


def test_a_terminal_that_is_gone_is_no_error() -> None:
    stream = io.StringIO()
    live = LiveLines(stream, lambda: (40, 5), {})
    live.draw(["backup"])
    stream.close()

    live.draw(["backup  1 s"])
    live.write_above("out")
    live.clear()
