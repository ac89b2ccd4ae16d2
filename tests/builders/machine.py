"""A machine that was started when a test says so, and not when the real one was."""

import pytest

from scheduled.state import heartbeat
from scheduled.state.heartbeat import Heartbeat


class Machine:
    """Boots when a test says so; `up` is for how many seconds it has been running."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.boot_id, self.up = "first", 3600.0
        monkeypatch.setattr(heartbeat, "read_clocks", self.beat)

    def beat(self, now: object) -> Heartbeat:
        return Heartbeat(now.timestamp(), self.up, self.up, self.boot_id)  # type: ignore[attr-defined]

    def boots(self, boot_id: str, up: float = 30.0) -> None:
        self.boot_id, self.up = boot_id, up
