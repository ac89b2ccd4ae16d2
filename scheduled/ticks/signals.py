"""Events: who fires them, who hears them. Synchronous, in one process, in the order fired.

A subscriber that fails never stops the next one. An event fired by a subscriber waits until all
have heard the present one, so everybody hears everything in the same order.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
Subscriber = Callable[..., object]
"""Called with the data of the event as keywords."""

EVERY = "*"
"""Subscribed to this, a subscriber hears every event."""


@dataclass(frozen=True)
class Failure:
    """A subscriber that raised."""

    event: str
    subscriber: str
    error: Exception

    def __str__(self) -> str:
        kind = type(self.error).__name__
        return f"{self.subscriber} failed on the event {self.event}: {kind}: {self.error}"


class Bus:
    """Carries events to those who subscribed to them."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        """Every failure of a subscriber so far, oldest first."""
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._waiting: deque[tuple[str, Data]] = deque()
        self._busy = False

    def subscribe(self, event: str, subscriber: Subscriber) -> None:
        """Have `subscriber(**data)` called for an event.

        For `"*"` it is called as `subscriber(event, **data)`, for every event.
        """
        self._subscribers.setdefault(event, []).append(subscriber)

    def fire(self, event: str, /, **data: Any) -> None:
        """Tell the subscribers, those of this event first; never raises what they raise.

        Returns when they all have heard it. Fired from inside a subscriber it returns at once,
        and the event is heard after the present one.
        """
        self._waiting.append((event, data))
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                self._tell(*self._waiting.popleft())
        finally:
            self._busy = False

    def _tell(self, event: str, data: Data) -> None:
        for subscriber in tuple(self._subscribers.get(event, ())):
            self._call(event, subscriber, (), data)
        for subscriber in tuple(self._subscribers.get(EVERY, ())):
            self._call(event, subscriber, (event,), data)

    def _call(self, event: str, subscriber: Subscriber, names: tuple[str, ...], data: Data) -> None:
        try:
            subscriber(*names, **data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next one still hears
            name = getattr(subscriber, "__qualname__", None) or repr(subscriber)
            self.failures.append(Failure(event, name, error))
