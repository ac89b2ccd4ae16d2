"""Whose state it is, as the document has it."""

from typing import TypedDict


class OwnerEntry(TypedDict, total=False):
    """The root and the host that the state belongs to."""

    root: str
    host: str
    name: str
    """What people call the host, where its id does not say it."""
