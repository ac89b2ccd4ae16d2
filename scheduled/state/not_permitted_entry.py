"""A job without permission to run, in the state's JSON document."""

from typing import TypedDict


class NotPermittedEntry(TypedDict, total=False):
    """Since when a job is refused, and why."""

    at: str
    reason: str
