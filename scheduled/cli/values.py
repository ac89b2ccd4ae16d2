"""Values of options that click reads, with this program's words for what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from scheduled.errors import closest
from scheduled.system.text import one_line

ELSEWHERE: Mapping[str, str] = {
    "aborted": "interrupted",
    "error": "failed",
    "failure": "failed",
    "killed": "interrupted",
    "ok": "succeeded",
    "success": "succeeded",
    "successful": "succeeded",
    "timeout": "timed_out",
}
"""Words of other programs, and what they are called here."""


class Number(click.ParamType):  # type: ignore[type-arg]
    """A number within bounds, both of which are included; a whole one, unless `whole` is false."""

    name = "number"

    def __init__(self, least: int, most: int | None = None, *, whole: bool = True) -> None:
        """Accept numbers from `least` to `most`; None: there is no upper bound."""
        self.least = least
        self.most = most
        self.whole = whole

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """Return what help shows after the option."""
        return "N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number that was typed."""
        try:
            number = int(value) if self.whole else float(value)
        except ValueError:
            number = self.least - 1
        if not self.least <= number <= (number if self.most is None else self.most):
            to = " or more" if self.most is None else f" to {self.most}"
            begin = "" if self.most is None else "from "
            kind = "a whole number" if self.whole else "a number"
            expected = f"expected {kind}, {begin}{self.least}{to}"
            self.fail(f"{one_line(str(value), 60)!r}: {expected}", param, ctx)
        return number


class Choice(click.Choice[str]):
    """One of a few words."""

    def __init__(self, words: Sequence[str]) -> None:
        """Accept these words."""
        super().__init__(words)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """Return what help shows after the option, or for an argument."""
        return "WORD" if isinstance(param, click.Option) else (param.name or "").upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word that was typed."""
        if value not in self.choices:
            self.fail(self._refusal(str(value)), param, ctx)
        return str(value)

    def _refusal(self, value: str) -> str:
        words = f"expected {', '.join(self.choices[:-1])} or {self.choices[-1]}"
        foreign = [word for word, here in ELSEWHERE.items() if here in self.choices]
        found = closest(value, [*self.choices, *foreign])
        meant = f"; did you mean {ELSEWHERE.get(found, found)}?" if found else ""
        return f"{one_line(value, 60)!r}: {words}{meant}"
