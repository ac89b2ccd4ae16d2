"""What somebody else wrote, made fit for a terminal.

Names, errors and output come from files and programs. A control character among them could
clear the screen or forge a line, and half a surrogate pair cannot be written at all.
"""

import re

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
_NOT_ON_ONE_LINE = re.compile(rf"[{_CONTROL}\t\n]+")
_NOT_IN_A_TEXT = re.compile(rf"(?:\x1b\[[0-9;?]*[ -/]*[@-~])|[{_CONTROL}]")
LONGEST = 300


def one_line(value: object, longest: int = LONGEST) -> str:
    """`value` on a single line without control characters, cut with `...` beyond `longest`."""
    text = _NOT_ON_ONE_LINE.sub(" ", _whole(str(value))).strip()
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def text(value: str) -> str:
    """`value` with its lines and tabs kept, without colours and control characters."""
    return _NOT_IN_A_TEXT.sub("", _whole(value).replace("\r\n", "\n"))


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")
