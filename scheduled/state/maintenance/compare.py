"""The differences between the state in the file and the one the journal leads to. Pure."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from scheduled.errors import cut
from scheduled.quick_classes import dataclass
from scheduled.state.document import OUR_KEYS, State

_PRINTED_LENGTH = 60
_NOTHING = object()


@dataclass(frozen=True)
class Difference:
    """A place where they differ; both values are JSON, shortened if they are long."""

    place: str
    """`jobs.backup.watermark`."""
    state: str | None
    """None if there is nothing."""
    journal: str | None

    def __str__(self) -> str:
        state, journal = self.state or "nothing", self.journal or "nothing"
        return f"{self.place}: the state has {state}, the journal {journal}"

    def document(self) -> dict[str, str | None]:
        """Return the difference as JSON."""
        return asdict(self)


def differences(ours: State, replayed: State) -> list[Difference]:
    """Return where they differ in our own keys, by place."""
    return [
        difference
        for key in sorted(OUR_KEYS)
        for difference in _between(key, ours.get(key), replayed.get(key))
    ]


def _between(place: str, ours: Any, replayed: Any) -> Iterator[Difference]:
    if isinstance(ours, dict) and isinstance(replayed, dict):
        for key in sorted({*ours, *replayed}):
            below = ours.get(key, _NOTHING), replayed.get(key, _NOTHING)
            yield from _between(f"{place}.{key}", *below)
    elif ours != replayed:
        yield Difference(place, _printed(ours), _printed(replayed))


def _printed(value: Any) -> str | None:
    if value is _NOTHING:
        return None
    return cut(json.dumps(value), _PRINTED_LENGTH)
