"""Rules that several files of an ecosystem share; cheap to import, every tick does."""

from typing import Any

REGISTRY_PATTERN = "*_REGISTRY.json"
"""The name of a registry."""

ADDRESS_LENGTH = 200
"""Characters. An address stands in headers and in names of files."""


def one_line(value: Any, length: int) -> str:
    """Return a text as one line of at most `length` characters; empty if it is not a text."""
    text = value if isinstance(value, str) else ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:length].rstrip()
