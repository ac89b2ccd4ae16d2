"""Subscribers: commands and webhooks that are told of events while a tick goes on.

Each works in a process of its own (`notify.sending`), so neither a job nor another subscriber waits
for it. What happens while it is busy is told when it is done. At the end of the tick what is left
is lost: who needs delivery has channels and the outbox.
"""

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from scheduled.config.load import Config
from scheduled.notify import limits, sending, subscription
from scheduled.notify.channel import WITHIN, ChannelContext
from scheduled.notify.message import Message
from scheduled.timing.timezones import zone_info
from scheduled.views.format import counted


class Subscribers:
    """The subscribers of a configuration, told by one process of the scheduler."""

    def __init__(
        self, config: Config, environ: Mapping[str, str], clock: Callable[[], datetime]
    ) -> None:
        self._settings = config.subscribe
        self._tags = {job.id: job.tags for job in config.jobs}
        self._clock = clock
        self._context = ChannelContext(
            config.places.root,
            config.places.central_dir,
            zone_info(config.timezone),
            clock(),
            config.subscribe,
            environ,
            config.places.config_folder,
            config.trust,
        )
        self._causing = environ.get(WITHIN, "").split()
        """Those within whose commands this happens: told of it, they would cause it for ever."""
        self._seed = f"{clock().isoformat()}:{os.getpid()}"
        self._fired = 0
        self._waiting: dict[str, list[Message]] = {name: [] for name in config.subscribe}
        self._wanted = dict.fromkeys(config.subscribe, 0)
        self._told = dict.fromkeys(config.subscribe, 0)
        self._reasons: dict[str, str] = {}
        self._late: set[str] = set()
        self._senders: dict[str, sending.Sender] = {}

    def take(self, event: str, /, **data: Any) -> None:
        """Have those told of an event that want to be; return without waiting for them."""
        self._fired += 1
        ident = f"{self._seed}:{self._fired}"
        about = subscription.notice(event, data, self._tags, ident, self._clock())
        for name, settings in self._settings.items():
            if name not in self._causing and subscription.is_told(about, settings):
                self._wanted[name] += 1
                self._waiting[name].append(subscription.message(about, name, settings))
        self.poll()

    def poll(self) -> None:
        """Take what they have answered, and tell those that are free what has waited for them."""
        if self._senders:
            sending.hear([*self._senders.values()], 0.0)
        self._start()

    def finish(self) -> list[str]:
        """Wait for them, within the limits of channels; return a sentence for each that fails."""
        until = time.monotonic() + limits.CHANNEL_SECONDS
        self._start()
        while (left := until - time.monotonic()) > 0 and self._senders:
            sending.hear([*self._senders.values()], left)
            self._start()
        self.end()
        return [
            f"subscriber {name}: not told of {counted(self._lost(name), 'event')}: {reason}"
            for name, reason in self._failing().items()
        ]

    def end(self) -> None:
        """Stop those that are still at work."""
        for name in [*self._senders]:
            self._senders[name].end()
            self._settle(name)

    def problems(self, before: Mapping[str, str]) -> dict[str, str]:
        """Return all that fail, by name; `before` are those that failed when they were last told.

        One that was told of nothing now keeps its problem.
        """
        idle = [name for name in before if self._wanted.get(name) == 0]
        return {**{name: before[name] for name in idle}, **self._failing()}

    def _start(self) -> None:
        for name, messages in self._waiting.items():
            if name in self._senders and not self._senders[name].is_working:
                self._settle(name)
            if messages and name not in self._senders and name not in self._late:
                # Else it would keep the locks of the jobs that run now.
                sender = sending.Sender(name, messages, self._context, closes=True)
                self._senders[name] = sender
                self._waiting[name] = []

    def _settle(self, name: str) -> None:
        """Note what became of the events that a process was to tell of."""
        sender = self._senders.pop(name)
        self._told[name] += len(sender.delivery.delivered)
        for _, reason in sender.delivery.failed:
            self._reasons[name] = reason
        if sender.is_late:
            self._late.add(name)

    def _lost(self, name: str) -> int:
        return self._wanted[name] - self._told[name]

    def _failing(self) -> dict[str, str]:
        return {
            name: self._reasons.get(name, "the time of the tick was over")
            for name in self._settings
            if self._lost(name)
        }
