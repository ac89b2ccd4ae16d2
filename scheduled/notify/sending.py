"""Deliveries within limits: each channel works in a process of its own.

Names that are not resolved, servers that say one byte a second and libraries that wait for ever
cannot be interrupted in any other way. A process that takes too long is killed with all it
started. All channels work at the same time, so a tick waits for the slowest alone.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import channel_kinds, forked, limits
from scheduled.notify.channel import Channel, ChannelContext, Delivery
from scheduled.notify.forked import Forked
from scheduled.notify.message import Message
from scheduled.notify.secrets import Secrets
from scheduled.quick_classes import NamedTuple
from scheduled.system import descriptors
from scheduled.system.text import one_line

_SPARE_SECONDS = 5
"""A process whose tick was killed ends so long after the limit of its message."""
_POSTPONE = "postpone"


class _Answer(NamedTuple):
    """What became of a message. JSON."""

    reason: str
    """Why it failed, or ''; _POSTPONE: neither this one nor the others are tried."""
    notes: Sequence[str] = ()
    reached: Sequence[str] = ()
    """Who has got it, if it failed for others."""


def deliver(batches: Mapping[str, Sequence[Message]], context: ChannelContext) -> list[Delivery]:
    """Deliver the messages of each channel, by its name; each channel has one delivery."""
    senders: list[Sender] = []
    try:
        for name, messages in batches.items():
            senders.append(Sender(name, messages, context))
        while hear(senders):
            pass
    finally:
        for sender in senders:
            sender.end()
    return [sender.delivery for sender in senders]


def hear(senders: "Sequence[Sender]", patience: float = limits.CHANNEL_SECONDS) -> bool:
    """Take what senders say, and stop those that are late; return whether one had been at work.

    Wait for it until the first of them is late, and no longer than `patience` seconds.
    """
    working = [sender for sender in senders if sender.is_working]
    if working:
        wait = min(sender.deadline for sender in working) - time.monotonic()
        files = [sender.fileno() for sender in working]
        ready = descriptors.wait_for(files, max(0.0, min(wait, patience)))
        for sender in working:
            sender.read() if sender.fileno() in ready else sender.stop_if_late()
    return bool(working)


class Sender:
    """The process of one channel, as the tick sees it.

    With `closes`, it keeps no descriptor of the tick open, and so none of its locks.
    """

    def __init__(
        self,
        name: str,
        messages: Sequence[Message],
        context: ChannelContext,
        *,
        closes: bool = False,
    ) -> None:
        self.delivery = Delivery()
        self._name = name
        self.is_late = False
        """Whether a message has taken too long: it is left alone until the next tick."""
        self._waiting = [*messages]
        self._text = b""
        self.deadline = time.monotonic() + limits.MESSAGE_SECONDS
        self._process: Forked | None = None
        try:
            self._process = forked.start(
                lambda pipe: _work(name, messages, context, pipe, closes=closes)
            )
        except OSError as error:
            self._fail_rest(f"cannot be started: {reason_of(error)}")

    @property
    def is_working(self) -> bool:
        """Whether there is more to hear from it."""
        return self._process is not None

    def fileno(self) -> int:
        """Return the descriptor at which it is heard."""
        return self._process.pipe if self._process is not None else -1

    def read(self) -> None:
        """Take what it says about messages: a line each."""
        chunk = os.read(self.fileno(), 65536)
        self._text += chunk
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._take(_Answer(*json.loads(line)))
            self.deadline = time.monotonic() + limits.MESSAGE_SECONDS
        if not chunk:
            self.end()
            self._fail_rest("the process that delivers its messages ended without a word")

    def _take(self, answer: _Answer) -> None:
        reason, notes, reached = answer
        if reason == _POSTPONE:
            self._postpone_rest()
            return
        self.delivery.notes += [f"channel {self._name}: {note}" for note in notes]
        message = self._waiting.pop(0)
        if reached:
            self.delivery.reached[message.id] = (*reached,)
        if reason:
            self.delivery.failed.append((message, reason))
        else:
            self.delivery.delivered.append(message)

    def stop_if_late(self) -> None:
        """Kill it if the message it works at has taken too long; the others are postponed."""
        if time.monotonic() < self.deadline:
            return
        self.end()
        reason = f"not done within {limits.MESSAGE_SECONDS:g} s"
        self.delivery.failed += [(message, reason) for message in self._waiting[:1]]
        self._waiting = self._waiting[1:]
        self._postpone_rest()

    def _postpone_rest(self) -> None:
        self.is_late = True
        self.delivery.postponed += self._waiting
        self._waiting = []

    def _fail_rest(self, reason: str) -> None:
        self.delivery.failed += [(message, reason) for message in self._waiting]
        self._waiting = []

    def end(self) -> None:
        """Kill what is left of it."""
        if self._process is not None:
            self._process.end()
            self._process = None


def _work(
    name: str, messages: Sequence[Message], context: ChannelContext, pipe: int, *, closes: bool
) -> None:
    """Do all that the process of a channel does."""
    if closes:
        descriptors.close_others({0, 1, 2, pipe})
    for answer in _answers(name, messages, context):
        os.write(pipe, json.dumps(answer).encode() + b"\n")


def _answers(name: str, messages: Sequence[Message], context: ChannelContext) -> Iterator[_Answer]:
    """Deliver the messages one by one; yield what became of each."""
    started = time.monotonic()
    signal.alarm(int(limits.MESSAGE_SECONDS) + _SPARE_SECONDS)
    settings = context.channels[name]
    hide: Callable[[str], str] = one_line
    try:
        secrets = Secrets(settings, context)
        hide = secrets.hide
        channel = channel_kinds.make(name, settings, secrets, context)
    except (ScheduledError, OSError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        yield from (_Answer(hide(reason)) for _ in messages)
        return
    for message in messages:
        if time.monotonic() - started > limits.CHANNEL_SECONDS - limits.MESSAGE_SECONDS:
            yield _Answer(_POSTPONE)
            return
        signal.alarm(int(limits.MESSAGE_SECONDS) + _SPARE_SECONDS)
        delivery, is_late = _deliver(channel, message)
        reason = delivery.failed[0][1] or "failed" if delivery.failed else ""
        reached = delivery.reached.get(message.id, ())
        yield _Answer(hide(reason), [*map(hide, delivery.notes)], reached)
        for call in delivery.afterwards:
            call()
        if is_late:
            yield _Answer(_POSTPONE)
            return


def _deliver(channel: Channel, message: Message) -> tuple[Delivery, bool]:
    """Deliver one message; return what became of it, and whether it took too long."""
    is_late = False
    try:
        return channel.deliver([message]), False
    except TimeoutError:
        reason, is_late = f"no answer within {limits.MESSAGE_SECONDS:g} s", True
    except ScheduledError as error:
        reason = str(error)
    except OSError as error:
        reason = reason_of(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - a plug-in of a library may raise anything
        reason = f"{type(error).__name__}: {error}"
    return Delivery(failed=[(message, reason)]), is_late
