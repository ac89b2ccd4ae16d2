"""Signals: events that the parts of a process fire and subscribe to, synchronously and in order.

A subscriber that fails never stops the next one. An event fired by a subscriber waits until all
subscribers got the current one, so that all get all events in the same order.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from scheduled.quick_classes import dataclass

Data = dict[str, Any]
Subscriber = Callable[..., object]
"""Called with the data of the event as keywords."""

EVERY = "*"
"""A subscriber of this gets every event."""


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

    @property
    def is_heard(self) -> bool:
        """Whether anybody has subscribed."""
        return any(self._subscribers.values())

    def subscribe(self, event: str, subscriber: Subscriber) -> None:
        """Call `subscriber(**data)` for each such event from now on.

        For `"*"` it is called as `subscriber(event, **data)`, for every event.
        """
        self._subscribers.setdefault(event, []).append(subscriber)

    def unsubscribe(self, event: str, subscriber: Subscriber) -> None:
        """Call a subscriber no longer for such events."""
        self._subscribers[event].remove(subscriber)

    def fire(self, event: str, /, **data: Any) -> None:
        """Call the subscribers, those of this event first. Never raises what they raise.

        Returns when all were called. If a subscriber fires it, returns at once, and the event
        follows the current one.
        """
        self._waiting.append((event, data))
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                self._call_subscribers(*self._waiting.popleft())
        finally:
            self._busy = False

    def _call_subscribers(self, event: str, data: Data) -> None:
        for subscriber in tuple(self._subscribers.get(event, ())):
            self._call(event, subscriber, (), data)
        for subscriber in tuple(self._subscribers.get(EVERY, ())):
            self._call(event, subscriber, (event,), data)

    def _call(self, event: str, subscriber: Subscriber, names: tuple[str, ...], data: Data) -> None:
        try:
            subscriber(*names, **data)
        except Exception as error:  # noqa: BLE001 - the next subscriber is called all the same
            name = getattr(subscriber, "__qualname__", None) or repr(subscriber)
            self.failures.append(Failure(event, name, error))
