"""What a command is about to change in a text of the user's, as lines with - and +."""

import difflib


def between(before: bytes, after: bytes, name: str) -> str:
    """Only the lines that change: the others may hold passwords."""
    old, new = (readable(text).split("\n") for text in (before, after))
    lines = difflib.unified_diff(old, new, name, name, "now", "then", n=0, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def readable(text: bytes) -> str:
    """`text` for people; what is not UTF-8 as escapes."""
    return text.decode("utf-8", "backslashreplace")
