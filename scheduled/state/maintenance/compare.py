"""Two states side by side: the one in the file, and the one the journal leads to. Pure."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from scheduled.errors import cut
from scheduled.state.document import OUR_KEYS, State

_SHOWN = 60
_NOTHING = object()


@dataclass(frozen=True)
class Difference:
    """A place at which they differ; both values as JSON, cut where they are long."""

    place: str
    """`jobs.backup.watermark`."""
    state: str | None
    """None: nothing is there."""
    journal: str | None

    def __str__(self) -> str:
        said = [one if one is not None else "nothing" for one in (self.state, self.journal)]
        return f"{self.place}: the state has {said[0]}, the journal {said[1]}"

    def document(self) -> dict[str, str | None]:
        """As JSON."""
        return asdict(self)


def differences(ours: State, replayed: State) -> list[Difference]:
    """Where they differ in what is ours, by place."""
    return [
        one for key in sorted(OUR_KEYS) for one in _between(key, ours.get(key), replayed.get(key))
    ]


def _between(place: str, one: Any, other: Any) -> Iterator[Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            below = one.get(key, _NOTHING), other.get(key, _NOTHING)
            yield from _between(f"{place}.{key}", *below)
    elif one != other:
        yield Difference(place, _shown(one), _shown(other))


def _shown(value: Any) -> str | None:
    if value is _NOTHING:
        return None
    return cut(json.dumps(value), _SHOWN)
