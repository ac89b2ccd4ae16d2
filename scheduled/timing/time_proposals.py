"""What to write instead of a time or a duration that cannot be read (pure).

Each proposal is one that `time_words` reads; what may mean several things gets all of them.
"""

import re
from collections.abc import Iterator
from datetime import date

from scheduled.errors import closest
from scheduled.timing import time_words
from scheduled.timing.time_words import Reference, UnreadableTimeError

_UNITS = ("second", "minute", "hour", "day", "week", "seconds", "minutes", "hours", "days", "weeks")
_VOCABULARY = (
    *("now", "noon", "midnight", "next", "last", "ago", "in", "from", "at", "on", "and"),
    *(*time_words.DAYS, *time_words.WEEKDAYS, *time_words.MONTHS, *_UNITS),
)
_PHRASES = {
    "next week": ("mon", "7d"),
    "last week": ("mon", "7d"),
    "next month": ("30d",),
    "last month": ("30d",),
    "tonight": ("20:00", "midnight"),
    "24:00": ("midnight",),
    "today 24:00": ("midnight",),
}
_LONG_UNITS = r"(?:^|[0-9 ])(?:mo|months?|y|years?)\b"


def for_time(text: str, at: Reference) -> str:
    """Return what may be meant by a time: `did you mean tomorrow 8:00?`; '' if nothing is."""
    try:
        words = time_words.plain(text)
    except UnreadableTimeError:
        return ""
    found = [proposal for proposal in _of_time(words) if _is_read(proposal, at)]
    if found:
        return f"did you mean {' or '.join(dict.fromkeys(found))}?"
    return _explained(words)


def for_duration(text: str) -> str:
    """Return what may be meant by a duration: `did you mean 5 minutes?`; '' if nothing is."""
    try:
        words = time_words.plain(text)
    except UnreadableTimeError:
        return ""
    bare = re.sub(r"^(?:for|in|\+) ?", "", words)
    for proposal in (bare, _respelled(words)):
        try:
            if proposal != words and time_words.duration(proposal):
                return f"did you mean {proposal}?"
        except UnreadableTimeError:
            continue
    return _explained(words)


def _explained(words: str) -> str:
    if re.search(_LONG_UNITS, words):
        return "months and years differ in length; count days"
    return ""


def _is_read(proposal: str, at: Reference) -> bool:
    try:
        return time_words.read(proposal, at) is not None
    except UnreadableTimeError:
        return False


def _of_time(words: str) -> Iterator[str]:
    yield from _PHRASES.get(words, ())
    yield from _of_date(words)
    yield from _of_hour(words)
    if re.fullmatch("[0-9]{12,13}", words):
        yield f"@{words[:-3]}"
    elif re.fullmatch("[0-9]{9,11}", words):
        yield f"@{words}"
    if words.startswith(("this ", "coming ", "past ", "since ", "until ", "till ")):
        yield words.partition(" ")[2]
    yield _respelled(words)


def _of_date(words: str) -> Iterator[str]:
    """Yield dates for `5/6`, which is in May or in June, `21.11.2026`, `2026-12` and `2026/1/5`."""
    found = re.fullmatch(r"([0-9]{1,4})([-/.])([0-9]{1,2})(?:\2([0-9]{2,4})?)?( .+)?", words)
    if found is None:
        return
    first, second, third = int(found[1]), int(found[3]), found[4]
    rest = found[5] or ""
    if len(found[1]) == 4:
        yield from _written(first, second, int(third or 1), rest)
    elif len(found[1]) < 3:
        year = int(third) if third and len(third) == 4 else None
        yield from _written(year, second, first, rest)
        if found[2] == "/":
            yield from _written(year, first, second, rest)


def _written(year: int | None, month: int, day: int, rest: str) -> Iterator[str]:
    try:
        exact = date(year or 2028, month, day)
    except ValueError:
        return
    named = next(name for name, number in time_words.MONTHS.items() if number == month)
    yield f"{exact}{rest}" if year else f"{day} {named}{rest}"


def _of_hour(words: str) -> Iterator[str]:
    """Yield times of day for `8`, `tomorrow 8`, `8.30`, `8h30` and `0830`."""
    bare = re.fullmatch(r"(?:(.+?) )?(?:at )?([01]?[0-9]|2[0-3])(?: ?o'?clock)?", words)
    if bare and not re.search("[0-9]", bare[1] or ""):
        before = f"{bare[1]} " if bare[1] and bare[1] != "at" else ""
        yield f"{before}{int(bare[2])}:00"
        if not before and not words.startswith("at "):
            yield f"{bare[2]}h"
    parted = re.fullmatch(r"(?:(.+) )?([01]?[0-9]|2[0-3])(?:[.h]| ?h )?([0-5][0-9])h?", words)
    if parted and len(parted[0]) > 2:
        before = f"{parted[1]} " if parted[1] else ""
        yield f"{before}{int(parted[2])}:{parted[3]}"


def _respelled(words: str) -> str:
    """Return the words with each that is not known as the closest one that is."""
    return re.sub("[a-z]{3,}", lambda found: _known(found[0]), words)


def _known(word: str) -> str:
    return word if word in _VOCABULARY else closest(word, _VOCABULARY) or word
