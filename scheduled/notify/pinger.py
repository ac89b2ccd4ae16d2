"""The process that sends the pings of a tick: the tick hands them over and goes on.

Those of one check are sent one after the other, those of different checks at the same time. The
process holds no lock, and sends what it was given even if the tick is killed meanwhile.
"""

import contextlib
import json
import os
import signal
import threading
import time
from queue import SimpleQueue

from scheduled.errors import ScheduledError, reason_of
from scheduled.notify import forked, ping
from scheduled.notify.channel import ChannelContext
from scheduled.notify.ping import Ping
from scheduled.quick_classes import NamedTuple
from scheduled.system import descriptors
from scheduled.system.text import one_line

ENDED = "the process that sends pings ended without a word"
_SPARE_SECONDS = 5


class Answer(NamedTuple):
    """What became of a ping."""

    check: str
    """The job it tells of; empty: the tick itself."""
    reason: str
    """Why it failed, or ''."""


class Pinger:
    """The process as the tick sees it. Raises OSError if it cannot be started."""

    def __init__(self, context: ChannelContext) -> None:
        reading, self._orders = os.pipe()
        try:
            self._process = forked.start(lambda pipe: _work(reading, pipe, context))
        except OSError:
            os.close(self._orders)
            raise
        finally:
            os.close(reading)
        os.set_blocking(self._process.pipe, False)
        self._waiting: dict[int, tuple[str, Ping]] = {}
        self._count = 0
        self._text = b""
        self.answers: list[Answer] = []

    def send(self, check: str, order: Ping) -> None:
        """Have a ping sent, after those of the same check. Does not wait for it."""
        self._count += 1
        self._waiting[self._count] = check, order
        line = json.dumps([self._count, check, order]).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._orders, line) :]
        self._read()

    def finish(self) -> list[Answer]:
        """Wait for all answers, within the time limit; return what became of each ping."""
        os.close(self._orders)
        limits = [ping.limit(order.settings) for _, order in self._waiting.values()]
        until = time.monotonic() + max(limits, default=0.0)
        is_open = True
        while self._waiting and is_open and (left := until - time.monotonic()) > 0:
            if descriptors.wait_for([self._process.pipe], left):
                is_open = self._read()
        for check, order in self._waiting.values():
            reason = ping.too_late(order.settings) if is_open else ENDED
            self.answers.append(Answer(check, reason))
        self._process.end()
        return self.answers

    def _read(self) -> bool:
        """Take what it says about pings, a line each; return whether more may come."""
        try:
            chunk = os.read(self._process.pipe, 65536)
        except BlockingIOError:
            return True
        *lines, self._text = (self._text + chunk).split(b"\n")
        for line in lines:
            number, reason = json.loads(line)
            self.answers.append(Answer(self._waiting.pop(number)[0], reason))
        return bool(chunk)


# What follows is the life of the process.

_Queue = SimpleQueue[tuple[int, Ping] | None]


def _work(orders: int, pipe: int, context: ChannelContext) -> None:
    descriptors.close_others({0, 1, 2, orders, pipe})
    queues: dict[str, _Queue] = {}
    threads: list[tuple[threading.Thread, _Queue]] = []
    longest = ping.SECONDS
    with open(orders, encoding="utf-8") as stream:
        for line in stream:
            number, check, (settings, *rest) = json.loads(line)
            longest = max(longest, ping.limit(settings))
            if check not in queues:
                queues[check] = _queue(threads, pipe, context)
            queues[check].put((number, Ping(settings, *rest)))
    # The tick waits for the answers, or is dead; in that case this is the limit.
    signal.alarm(int(longest) + _SPARE_SECONDS)
    for _, queue in threads:
        queue.put(None)
    for thread, _ in threads:
        thread.join()


def _queue(
    threads: list[tuple[threading.Thread, _Queue]], pipe: int, context: ChannelContext
) -> _Queue:
    """Return the queue of a new thread; where there can be no more, that of one which works.

    Raises RuntimeError if there can be none.
    """
    queue: _Queue = SimpleQueue()
    thread = threading.Thread(target=_send_all, args=(queue, pipe, context), daemon=True)
    try:
        thread.start()
    except RuntimeError:
        if not threads:
            raise
        threads.append(threads.pop(0))  # take turns
        return threads[-1][1]
    threads.append((thread, queue))
    return queue


def _send_all(queue: _Queue, pipe: int, context: ChannelContext) -> None:
    """Send the pings of one check, one after the other."""
    while (item := queue.get()) is not None:
        number, order = item
        reason = _send(order, context)
        with contextlib.suppress(BrokenPipeError):  # the tick was killed; the others are sent, too
            os.write(pipe, json.dumps([number, one_line(reason)]).encode() + b"\n")


def _send(order: Ping, context: ChannelContext) -> str:
    try:
        return ping.send(order, context)
    except ScheduledError as error:
        return str(error)
    except OSError as error:
        return reason_of(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - nothing may keep the other pings from being sent
        return type(error).__name__
