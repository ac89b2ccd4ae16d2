"""Text in the cells of a terminal: cut, wrapped and padded by what it takes, not by characters.

No word is ever split over two lines. A line ends between words; where a word alone is too long, as
a path is, after one of its separators; and what is still too long is cut, with a sign for it.
"""

import re
from collections.abc import Iterator

from rich.cells import cell_len

ELLIPSIS = "..."
_JOINT = r"-/\\_.,:;=&?@|+"
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003fffd"
"""Chinese and its neighbours, in which a line may end after any character."""
_PIECES = re.compile(rf"[{_WIDE}][{_JOINT}]*|[^{_JOINT}{_WIDE}]*[{_JOINT}]+|[^{_JOINT}{_WIDE}]+")
_WORD = re.compile(
    r"(\s*)(\S*\d{4}-\d\d-\d\d \d\d:\d\d\S*"
    r"|\(?\d[\d.]* (?:d|h|min|s|%|B|[kMGT]i?B)(?!\w)\S*|\S+)"
)
"""A word with the blanks before it; a date and its time, a number and its unit are one word."""
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_TURNED = re.compile(rf"[{_RIGHT_TO_LEFT}](?:(?:(?!  )[^A-Za-z\n\x1b])*[{_RIGHT_TO_LEFT}])?")
_MARK = "\u200e"
"""Left-to-right mark: no cell wide."""


def cut(text: str, width: int) -> str:
    """Return `text`, ended with an ellipsis where it takes more than `width` cells."""
    if cell_len(text) <= width:
        return text
    room = max(0, width - len(ELLIPSIS))
    return f"{_head(text, room).rstrip()}{ELLIPSIS[: max(0, width)]}"


def cut_name(name: str, width: int) -> str:
    """Return `name`, without its middle where it is too wide: long names differ at their ends."""
    if cell_len(name) <= width:
        return name
    room = width - len(ELLIPSIS)
    if room < 4:
        return cut(name, width)
    tail = _head(name[::-1], room // 2)[::-1]
    return f"{_head(name, room - cell_len(tail))}{ELLIPSIS}{tail}"


def padded(text: str, width: int, *, is_right: bool = False) -> str:
    """Return `text` with blanks beside it, so that it takes `width` cells."""
    blanks = " " * (width - (len(text) if text.isascii() else cell_len(text)))
    return blanks + text if is_right else text + blanks


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """Return the lines of `text` in `width` cells; of more than `most`, the last one says so."""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for gap, word in _words(text, width):
        longer = f"{lines[-1]}{gap}{word}"
        if cell_len(longer) <= width:
            lines[-1] = longer
        elif not lines[-1]:
            lines[-1] = word
        else:
            lines.append(word)
    if most is not None and len(lines) > most:
        lines[most - 1 :] = [_ended(lines[most - 1], width)]
    return [cut(line, width) for line in lines]


def _ended(line: str, width: int) -> str:
    """Return a line that says that there is more, after a word if it has several."""
    words = line
    while " " in words and cell_len(words) + 1 + len(ELLIPSIS) > width:
        words = words.rpartition(" ")[0]
    has_room = cell_len(words) + 1 + len(ELLIPSIS) <= width
    return f"{words} {ELLIPSIS}" if has_room else cut(line + ELLIPSIS, width)


def _words(text: str, width: int) -> Iterator[tuple[str, str]]:
    """Yield what may not be split, each with the blanks before it."""
    for gap, word in _WORD.findall(text):
        for number, piece in enumerate(_pieces(word, width)):
            yield "" if number else gap, piece


def _pieces(word: str, width: int) -> Iterator[str]:
    """Yield the parts of a word; a path is parted between its names if these fit."""
    if cell_len(word) <= width:
        yield word
        return
    for name in re.findall(r"[^/]*/+|[^/]+", word):
        yield from [name] if cell_len(name) <= width else _PIECES.findall(name)


def longest_word(text: str) -> int:
    """Return how many cells the longest word takes."""
    return max(map(cell_len, text.split()), default=0)


def isolated(text: str) -> str:
    """Return lines in which words from right to left leave what stands beside them in its place.

    Terminals that turn such words around would turn numbers after them as well.
    """
    return text if text.isascii() else _TURNED.sub(lambda found: found[0] + _MARK, text)


def _head(text: str, width: int) -> str:
    """Return as much of `text` as `width` cells have room for."""
    kept = text[: max(0, width)]  # a character may take no cell, but that is not worth a search
    while kept and cell_len(kept) > width:
        kept = kept[:-1]
    return kept
