"""Text for people: control characters removed or shown, lines cut, differences.

Names, errors and output come from files and programs. A control character among them could
clear the screen or forge a line, and half a surrogate pair cannot be written at all.
"""

import re

from scheduled.errors import cut

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
_SEQUENCE = r"\x1b\[[0-9;?]*[ -/]*[@-~]"
_NOT_IN_A_TEXT = rf"(?:{_SEQUENCE})|[{_CONTROL}]"
_COLOR = r"\x1b\[[0-9;]*m"
_BREAKS = r"[\t-\r\x85\u2028\u2029]+"
_UNSEEN = re.compile(
    rf"[{_CONTROL}\xad\u061c\u180e\u200b\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0001\U000e0020-\U000e007f]"
)
"""What steers a terminal, or is there and not to be seen; without the joiners of some scripts."""
LONGEST = 300


def one_line(value: object, longest: int = LONGEST) -> str:
    """Return `value` on one line, cut with `...` beyond `longest`.

    Colours are removed; what else would steer a terminal is shown as an escape: `\\x1b`.
    """
    text = str(value)
    if not text.isprintable():
        text = re.sub(_BREAKS, " ", re.sub(_COLOR, "", _whole(text)))
        text = _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return cut(text.strip(), longest)


def output_line(line: str, longest: int = LONGEST) -> str:
    """Return a line that a program printed, harmless and on one line; its indentation stays."""
    text = printable(line).expandtabs().rstrip()
    indent = text[: len(text) - len(text.lstrip())]
    return cut(indent + one_line(text, longest), longest)


def excerpt(value: str, longest: int = 60) -> str:
    """Return `value` for a message: cut, and with escapes for what cannot be printed."""
    text = cut(value, longest)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def printable(value: str) -> str:
    """Return `value` without colours and control characters; lines and tabs are kept."""
    return re.sub(_NOT_IN_A_TEXT, "", _whole(value).replace("\r\n", "\n"))


def uncoloured(value: str) -> str:
    """Return `value` without what colours it or moves the cursor; all other characters stay."""
    return re.sub(_SEQUENCE, "", value)


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


def diff(before: bytes, after: bytes, name: str) -> str:
    """Return the lines that change, with - and +. Others are left out: they may hold passwords."""
    import difflib

    old, new = (decoded(text).split("\n") for text in (before, after))
    lines = difflib.unified_diff(old, new, name, name, "now", "then", n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def decoded(text: bytes) -> str:
    """Return `text` decoded; bytes that are not UTF-8 appear as escapes."""
    return text.decode("utf-8", "backslashreplace")
