"""The last runs in a few characters: signs that need no colour."""

from typing import Any

from scheduled.state import history
from scheduled.state.history import Row
from scheduled.views import signs
from scheduled.views.sparkline import RUNS, legend, sparkline
from tests.builders.jobs import at
from tests.builders.looks import end


def row(seconds: float = 2.0, outcome: str = "succeeded", **more: Any) -> Row:
    made = history.row_of(end("r", at("11:00"), outcome, duration_seconds=seconds, **more))
    assert made is not None
    return made


def test_a_bar_is_as_high_as_ever_if_the_run_took_as_long_as_usual() -> None:
    took = [20.0, 20, 21, 19, 40, 80, 10, 3000, 0.1]

    assert sparkline([row(seconds) for seconds in took]).plain == "▃▃▃▃▅▇▁█▁"


def test_what_takes_less_than_a_second_differs_by_chance() -> None:
    assert sparkline([row(seconds) for seconds in (0.01, 0.9, 0.05)]).plain == "▃▃▃"


def test_each_other_outcome_has_a_sign_of_its_own() -> None:
    rows = [row(outcome=word) for word in ("failed", "interrupted", "skipped", "missed")]

    assert sparkline(rows).plain == "✗!-○"
    assert legend([rows]) == "runs, oldest first: ✗ failed, ! interrupted, - skipped, ○ missed"
    assert legend([[row()]]) == "runs, oldest first: ▃ took as long as usual"
    assert legend([[]]) == ""


def test_only_the_last_runs_are_shown() -> None:
    rows = [row(outcome="failed"), *[row()] * RUNS]

    assert sparkline(rows).plain == "▃" * RUNS
    assert "failed" not in legend([rows])


def test_in_ascii_no_two_outcomes_look_alike() -> None:
    rows = [row(outcome=word) for word in ("failed", "interrupted", "skipped", "missed")]
    line = signs.encodable(sparkline([row(), *rows]).plain, "utf-8", {"LC_ALL": "C"})

    assert line.isascii()
    assert len({*line}) == 5
    assert not {*line[1:]} & {*signs.encodable(signs.BARS, "ascii", {})}
