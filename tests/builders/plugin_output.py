"""A strict reader of what a Nagios plug-in prints, by the monitoring plug-ins' guidelines.

`'label'=value[UOM];[warn];[crit];[min];[max]`, separated by spaces: a label without `=` or a
quote, quoted where it has spaces; numbers of the class [-0-9.]; one of the units of the
guidelines; thresholds as ranges.
"""

import re
from typing import NamedTuple

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_RANGE = rf"@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?"
_ITEM = re.compile(
    rf"(?:'(?P<quoted>[^'=]+)'|(?P<plain>[^ '=|]+))=(?P<value>{_NUMBER}|U)"
    rf"(?P<unit>us|ms|s|%|[KMGT]?B|c)?"
    rf";(?P<warn>{_RANGE})?;(?P<crit>{_RANGE})?;(?P<min>{_NUMBER})?(?:;(?P<max>{_NUMBER})?)?"
)
_LINE = re.compile(r"(?P<name>[A-Z]+) (?P<status>OK|WARNING|CRITICAL|UNKNOWN) - (?P<text>[^|]+)")


class Figure(NamedTuple):
    value: float
    unit: str
    critical: str


class Output(NamedTuple):
    status: str
    text: str
    figures: dict[str, Figure]


def read(printed: str) -> Output:
    """Read the output of a plug-in; anything that the guidelines do not allow raises ValueError."""
    if not printed.endswith("\n") or printed.count("\n") != 1 or not printed[:-1].isprintable():
        raise ValueError(f"not one printable line: {printed!r}")
    text, bar, data = printed[:-1].partition(" | ")
    head = _LINE.fullmatch(text)
    if head is None or (bar and not data):
        raise ValueError(f"no status line: {printed!r}")
    figures: dict[str, Figure] = {}
    position = 0
    while position < len(data):
        item = _ITEM.match(data, position)
        if item is None:
            raise ValueError(f"no performance data: {data[position:]!r}")
        label = item["quoted"] or item["plain"]
        if label in figures:
            raise ValueError(f"twice: {label}")
        figures[label] = Figure(float(item["value"]), item["unit"] or "", item["crit"] or "")
        position = item.end()
        if position < len(data) and data[position] != " ":
            raise ValueError(f"no space after {label}: {data!r}")
        position += 1
    return Output(head["status"], head["text"], figures)
