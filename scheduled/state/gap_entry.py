"""A gap in the state's JSON document."""

from typing import TypedDict

GapEntry = TypedDict(
    "GapEntry",
    {
        "from": str,
        "to": str,
        "cause": str,
        "run": int,
        "missed": int,
        "coalesced": int,
        "capped": bool,
    },
    total=False,
)
"""A time without ticks, or without a job; of the former, what it cost (`state.gaps`)."""
