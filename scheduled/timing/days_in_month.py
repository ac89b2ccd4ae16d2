"""Which days of a month an element of a day field is: `15W`, `L-3`, `MON#1` (pure)."""

from collections.abc import Iterator


def day_in(element: str, first: int, last: int) -> int:
    """Return which day of a month an element of a day field is, 0 if it has none.

    `first` is the weekday of its first day, 0 for Sunday; `last` is its last day.
    """
    plain = element.removesuffix("W")
    day = last - int(plain[2:] or 0) if plain.startswith("L") else int(plain)
    if not 1 <= day <= last:
        return 0
    weekday = (first + day - 1) % 7
    if plain == element or 1 <= weekday <= 5:
        return day
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    return day + 1 if day < last else day - 2


def weekdays_in(element: str, first: int, last: int) -> Iterator[int]:
    """Yield which days of a month an element of a weekday field is; see `day_in`."""
    earliest = (int(element[0]) - first) % 7 + 1
    days = range(earliest, last + 1, 7)
    if element.endswith("L"):
        yield days[-1]
    elif "#" in element:
        yield from days[int(element[2]) - 1 : int(element[2])]
    else:
        yield from days
